"""Facts of the countries that accounts are in: currency, payout schedule and the required information.

The lists of the United States, Germany, the United Kingdom, Australia and Japan, without a business type, are those of
recorded accounts (Express, `card_payments` and `transfers`, 2025-03-31.basil). Those of other countries, and of
companies, follow https://docs.stripe.com/connect/required-verification-information; the smaller states of the EU are
taken to be like Germany.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from stripe_shell.records import record

_CURRENCIES: Final[Mapping[str, str]] = {
    "aed": "AE",
    "aud": "AU",
    "bgn": "BG",
    "brl": "BR",
    "cad": "CA",
    "chf": "CH LI",
    "czk": "CZ",
    "dkk": "DK",
    "eur": "AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK",
    "gbp": "GB GI",
    "ghs": "GH",
    "hkd": "HK",
    "huf": "HU",
    "idr": "ID",
    "inr": "IN",
    "jpy": "JP",
    "kes": "KE",
    "mxn": "MX",
    "myr": "MY",
    "ngn": "NG",
    "nok": "NO",
    "nzd": "NZ",
    "pln": "PL",
    "ron": "RO",
    "sek": "SE",
    "sgd": "SG",
    "thb": "TH",
    "usd": "US",
    "zar": "ZA",
}

_DOB: Final = ("dob.day", "dob.month", "dob.year")
_NAME: Final = ("first_name", "last_name")
_KANA: Final = ("first_name_kana", "first_name_kanji", "last_name_kana", "last_name_kanji")
_ADDRESS: Final = ("address.city", "address.line1", "address.postal_code")
_STATE: Final = (*_ADDRESS, "address.state")
_JAPANESE: Final = tuple(
    f"address_{script}.{part}"
    for script in ("kana", "kanji")
    for part in ("city", "line1", "postal_code", "state", "town")
)


@record
class CountryFacts:
    """A country's currency, payout schedule and required information.

    `person` are the members of a person that are required, `address` those of a company's address, `unknown_person`
    those of the representative before the business type is known (None: all of `person`). `id_number` is the member
    that is required later, once the account is active. `roles` are the groups of persons of a company.
    """

    currency: str
    person: tuple[str, ...]
    address: tuple[str, ...] = _ADDRESS
    unknown_person: tuple[str, ...] | None = None
    company: tuple[str, ...] = ("name", "phone", "tax_id")
    roles: tuple[str, ...] = ("directors", "executives", "owners")
    business_profile: tuple[str, ...] = ("mcc", "url")
    descriptor: bool = False
    id_number: str = ""
    delay_days: int = 7
    weekly_anchor: str = ""


def _person(address: tuple[str, ...], *more: str, name: tuple[str, ...] = _NAME) -> tuple[str, ...]:
    return tuple(sorted((*address, *_DOB, "email", *name, "phone", *more)))


_FACTS: Final[Mapping[str, CountryFacts]] = {
    "AU": CountryFacts("aud", _person(_STATE), _STATE, roles=("directors", "owners"), delay_days=2),
    "BR": CountryFacts("brl", _person(_STATE, "id_number"), _STATE, delay_days=30),
    "CA": CountryFacts("cad", _person(_STATE), _STATE, roles=("directors", "owners")),
    "HK": CountryFacts(
        "hkd", _person(("address.city", "address.line1"), "id_number"), ("address.city", "address.line1")
    ),
    "JP": CountryFacts(
        "jpy",
        _person(_JAPANESE, name=_KANA),
        _JAPANESE,
        company=("name", "name_kana", "name_kanji", "phone", "tax_id"),
        roles=("directors", "owners"),
        business_profile=("mcc", "product_description", "url"),
        delay_days=4,
        weekly_anchor="friday",
    ),
    "MX": CountryFacts("mxn", _person(_STATE, "id_number"), _STATE),
    "SG": CountryFacts(
        "sgd", _person(("address.line1", "address.postal_code"), "id_number"), ("address.line1", "address.postal_code")
    ),
    "US": CountryFacts(
        "usd",
        _person(_STATE, "ssn_last_4"),
        _STATE,
        unknown_person=tuple(sorted((*_DOB, "email", *_NAME))),
        roles=("owners",),
        descriptor=True,
        id_number="id_number",
        delay_days=2,
    ),
}


def facts_of(country: str) -> CountryFacts:
    """Returns the facts of a country (two capital letters); those without their own list are like Germany."""
    return _FACTS.get(country) or CountryFacts(currency_of(country), _person(_ADDRESS))


def currency_of(country: str) -> str:
    """Returns the default currency of accounts in a country; `usd` where Stripe has no accounts of its own."""
    return _by_country().get(country, "usd")


def is_known(country: str) -> bool:
    """Whether Stripe has accounts in a country."""
    return country in _by_country()


@cache
def _by_country() -> Mapping[str, str]:
    return {country: currency for currency, countries in _CURRENCIES.items() for country in countries.split()}
