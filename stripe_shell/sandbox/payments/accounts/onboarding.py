"""Onboarding without a browser: gives what is due on a connected account, with the documented test values.

Stripe-hosted and embedded onboarding ask the account's holder for it; here `answers` says what the holder would type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from stripe_shell.sandbox.objects.context import Json

from .countries import facts_of

#: What the verification of the answers brings about.
Verification = Literal["verified", "pending", "unverified"]
VERIFICATIONS: Final[tuple[Verification, ...]] = ("verified", "pending", "unverified")

#: The year of birth that brings it about (https://docs.stripe.com/connect/testing).
_YEARS: Final[Mapping[Verification, int]] = {"verified": 1902, "pending": 1901, "unverified": 1990}

_VALUES: Final[Mapping[str, Any]] = {
    "business_profile.mcc": "5734",
    "business_profile.product_description": "Test products",
    "business_profile.support_phone": "+15555550100",
    "business_profile.url": "https://accessible.stripe.com",
    "business_type": "individual",
    "settings.payments.statement_descriptor": "TEST ACCOUNT",
}

_MEMBERS: Final[Mapping[str, Any]] = {
    "additional_document": {"front": "file_identity_document_success"},
    "city": "San Francisco",
    "day": 1,
    "document": {"front": "file_identity_document_success"},
    "email": "jenny.rosen@example.com",
    "executive": True,
    "first_name": "Jenny",
    "first_name_kana": "ジェニー",
    "first_name_kanji": "ジェニー",
    "id_number": "000000000",
    "last_name": "Rosen",
    "last_name_kana": "ローゼン",
    "last_name_kanji": "ローゼン",
    "line1": "address_full_match",
    "month": 1,
    "name": "Test Company",
    "name_kana": "テスト",
    "name_kanji": "テスト",
    "phone": "+15555550100",
    "ssn_last_4": "0000",
    "tax_id": "000000000",
    "title": "CEO",
    "town": "神宮前",
}
_STATES: Final[Mapping[str, str]] = {"AU": "NSW", "BR": "SP", "CA": "ON", "JP": "東京都", "MX": "CMX", "US": "CA"}
_POSTAL_CODES: Final[Mapping[str, str]] = {"US": "94111", "JP": "1500001", "GB": "WC2N 5DU", "CA": "K1A 0B1"}


def answers(account: Json, due: Iterable[str], verification: Verification, *, now: int) -> tuple[Json, dict[str, Json]]:
    """Returns the parameters that give what is due: those of the account, and those of each person by id."""
    params: Json = {}
    persons: dict[str, Json] = {}
    for name in due:
        head, _, rest = name.partition(".")
        if head == "external_account":
            params["external_account"] = _bank(account)
        elif head == "tos_acceptance":
            params["tos_acceptance"] = {"date": now, "ip": "127.0.0.1"}
        elif head.startswith("person_"):
            _place(persons.setdefault(head, {}), rest, _value(account, rest, verification))
        elif head in ("directors", "executives", "owners"):
            _place(params, f"company.{head}_provided", True)
        elif head == "representative":
            representative = persons.setdefault(head, {"relationship": {"representative": True}})
            _place(representative, rest, _value(account, rest, verification))
        else:
            _place(params, name, _VALUES.get(name) or _value(account, name, verification))
    return params, persons


def _value(account: Json, name: str, verification: Verification) -> Any:
    member = name.rpartition(".")[2]
    if member == "state":
        return _STATES.get(account["country"], "XX")
    if member == "postal_code":
        return _POSTAL_CODES.get(account["country"], "10115")
    if member == "year":
        return _YEARS[verification]
    return True if member.endswith("_provided") else _MEMBERS[member]


def _bank(account: Json) -> Json:
    """Returns the data of the test bank account that pays out (US), or one like it in the account's country."""
    currency = account["default_currency"] or facts_of(account["country"]).currency
    number = "DE89370400440532013000" if currency == "eur" else "000123456789"
    return {"object": "bank_account", "country": account["country"], "currency": currency, "account_number": number}


def _place(params: Json, name: str, value: Any) -> None:
    """Mutates `params`: sets the member at a dotted path."""
    *path, last = name.split(".")
    for part in path:
        params = params.setdefault(part, {})
    params[last] = value
