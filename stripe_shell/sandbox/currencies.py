"""Currencies: the least and largest charge, the steps of amounts, and the errors for unknown codes.

Source: https://docs.stripe.com/currencies (minimum and maximum charges, special cases). The texts for UGX are recorded
(woocommerce-gateway-stripe#2723); for three-decimal currencies the rule is documented and the text assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stripe_shell.spec.currencies import CURRENCIES, decimals

from .errors import StripeError, invalid

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


#: The largest charge in the smallest unit: eight digits, in some currencies more (docs.stripe.com/currencies).
MAXIMUM: Final[Mapping[str, int]] = {"idr": 999_999_999_999, "cop": 9_999_999_999, "huf": 9_999_999_999}
DEFAULT_MAXIMUM: Final = 99_999_999

#: Currencies that are charged in whole units though amounts have two decimals.
WHOLE_UNITS: Final = frozenset(("ugx", "isk"))


#: Currencies that are paid out in whole units alone.
_WHOLE_PAYOUTS: Final = frozenset(("huf", "twd"))


def maximum(currency: str) -> int:
    """Returns the largest charge of a currency, in the smallest currency unit."""
    return MAXIMUM.get(currency, DEFAULT_MAXIMUM)


def check_step(amount: int, currency: str, param: str | None = "amount") -> None:
    """Raises StripeError for an amount that cannot be paid exactly: not whole UGX or ISK, a third decimal of KWD."""
    if currency in WHOLE_UNITS and amount % 100:
        raise invalid(
            f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged amounts must "
            "be evenly divisible by 100. Please see https://stripe.com/docs/currencies#special-cases for more details.",
            param=param,
        )
    if decimals(currency) == 3 and amount % 10:
        raise invalid(
            f"Invalid amount. The last digit of amounts in {currency.upper()} must be 0: charged amounts must be "
            "evenly divisible by 10. Please see https://stripe.com/docs/currencies#three-decimal for more details.",
            param=param,
        )


def check_payout(amount: int, currency: str) -> None:
    """Raises StripeError for an amount that cannot be paid out: forints and Taiwan dollars go in whole ones.

    Source: https://docs.stripe.com/currencies#special-cases; the text is assumed.
    """
    check_step(amount, currency)
    if currency in _WHOLE_PAYOUTS and amount % 100:
        raise invalid(
            f"Invalid amount. Payouts in {currency.upper()} must be evenly divisible by 100. Please see "
            "https://stripe.com/docs/currencies#special-cases for more details.",
            param="amount",
        )


def unpayable(amount: int, currency: str) -> int:
    """Returns the part of an amount that lies between two steps, which no payment can have."""
    return amount % (100 if currency in WHOLE_UNITS else 10 if decimals(currency) == 3 else 1)


def check_charge(amount: int, currency: str, param: str | None = "amount") -> None:
    """Raises StripeError for an amount that no payment can have: below the minimum, too large, or between two steps."""
    least, most = minimum(currency), maximum(currency)
    if amount < least:
        raise invalid(f"Amount must be at least {_amount_text(least, currency)}", param=param, code="amount_too_small")
    if amount > most:
        raise invalid(
            f"Amount must be no more than {_amount_text(most, currency)}", param=param, code="amount_too_large"
        )
    check_step(amount, currency, param)


def _amount_text(amount: int, currency: str) -> str:
    return f"{format_amount(amount, currency).removesuffix(f' {currency.upper()}')} {currency}"


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
