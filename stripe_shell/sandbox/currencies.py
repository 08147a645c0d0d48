"""Currencies: minimum charge amounts, and the errors for unknown codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stripe_shell.spec.currencies import CURRENCIES, decimals

from .errors import StripeError

#: The minimum charge amount in the smallest currency unit; `minimum` gives the default for the others.
MINIMUM: Final[Mapping[str, int]] = {
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
DEFAULT_MINIMUM: Final = 50

_SIGNS: Final[Mapping[str, str]] = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def minimum(currency: str) -> int:
    """Returns the minimum charge amount of a currency, in the smallest currency unit."""
    return MINIMUM.get(currency, DEFAULT_MINIMUM if decimals(currency) == 2 else 1)


def format_amount(amount: int, currency: str) -> str:
    """Formats an amount in the smallest currency unit as in error messages: `$0.50`, `¥50`, `5.00 CHF`."""
    places = decimals(currency)
    number = f"{abs(amount) / 10**places:,.{places}f}"
    sign = "-" if amount < 0 else ""
    return f"{sign}{_SIGNS[currency]}{number}" if currency in _SIGNS else f"{sign}{number} {currency.upper()}"


def checked_currency(value: str, param: str) -> str:
    """Returns the currency code in lower case. Raises StripeError for an unknown one."""
    code = value.lower()
    if code in CURRENCIES:
        return code
    raise StripeError(
        f"Invalid currency: {value}. Stripe currently supports these currencies: {', '.join(CURRENCIES)}",
        param=param,
        validation=True,
    )


def check_currency_keys(options: Mapping[str, object], param: str) -> None:
    """Raises StripeError for a key of `currency_options` that is not a lower-case currency code."""
    for key in options:
        if key != key.lower() and key.lower() in CURRENCIES:
            raise StripeError(
                f"Currencies must be lowercase in `{param}`. Use `{key.lower()}` instead of `{key}`.",
                param=f"{param}[{key}]",
                validation=True,
            )
        if key not in CURRENCIES:
            raise StripeError(
                f"Invalid currency: {key}. Stripe currently supports these currencies: {', '.join(CURRENCIES)}.",
                param=f"{param}[{key}]",
                validation=True,
            )
