"""Amounts of money: finds the members that are amounts, and their currencies; formats them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.patterns import pattern
from stripe_shell.spec.currencies import decimals

_AMOUNT_NAME = pattern(
    r"(?:\w+_)?amount(?:_(?!decimal)\w+)?|(?:sub)?total(?:_(?:excluding|including)_tax)?|(?:\w+_)?balance|fee|net"
)
#: Members whose own members are named by currencies.
BY_CURRENCY = frozenset({"currency_options", "invoice_credit_balance"})


def money_text(amount: int, currency: str) -> str:
    """Returns an amount in the smallest unit as `20.00 USD`, `1,234 JPY`, `5.125 KWD`."""
    places = decimals(currency.lower())
    whole, rest = divmod(abs(amount), 10**places)
    fraction = f".{rest:0{places}}" if places else ""
    return f"{'-' if amount < 0 else ''}{whole:,}{fraction} {currency.upper()}"


def decimal_money(amount: str, currency: str) -> str:
    """Returns a decimal amount of the smallest unit (`0.5`) as `0.005 USD`."""
    from decimal import Decimal, InvalidOperation

    try:
        number = Decimal(amount).scaleb(-decimals(currency.lower()))
    except InvalidOperation:
        return f"{amount} {currency.upper()}"
    return f"{number:f} {currency.upper()}"


def is_amount(name: str, value: Any) -> bool:
    """Whether a member holds an amount, judged by its name, since JSON has no type for money."""
    return isinstance(value, int) and not isinstance(value, bool) and _AMOUNT_NAME.fullmatch(name) is not None


def currency_of(obj: Any, name: str, outer: str | None) -> str | None:
    """Returns the currency of the amount `name` of an object: its own, else the object's, else that around it."""
    if not isinstance(obj, Mapping):
        return outer
    own = obj.get(f"{name.rpartition('_')[0]}_currency") or obj.get("currency")
    return own if isinstance(own, str) and own else outer
