"""Amounts of money: exact, in the smallest unit of a currency, read from and written as decimal texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.spec.currencies import CURRENCY_NAMES, close_currency, decimals
from stripe_shell.wire import ExactFloat

_AMOUNT = pattern(r"([+-]?)([0-9]{1,30})(?:[.,]([0-9]{1,30}))?")
#: Currencies without a fraction, whose amounts Stripe takes in hundredths all the same.
_WHOLE_ONLY = frozenset({"isk", "ugx"})


@record
class NoAmount:
    """The reason why a value is not an amount of a currency."""

    reason: str


def parse_amount(value: Any, currency: str) -> int | NoAmount:
    """Returns an amount in the smallest unit: 1250 for `12.50` and `12,50` in usd, 13 for `13` in jpy.

    `value` is a text or a JSON number. Refuses what the currency cannot hold, and separators of thousands.
    """
    code = currency.lower()
    if code not in CURRENCY_NAMES:
        close = close_currency(currency)
        return NoAmount(f"`{currency}` is not a currency" + (f"; did you mean `{close}`?" if close else ""))
    text = value.strip() if isinstance(value, str) else str(value)
    match = _AMOUNT.fullmatch(text) if isinstance(value, str | int | ExactFloat) and value is not True else None
    if match is None:
        return NoAmount(f"`{text[:60]}` is not an amount; write it like `1234.50`, without separators of thousands")
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    places = decimals(code)
    if len(fraction) > places or (fraction and code in _WHOLE_ONLY):
        held = places if code not in _WHOLE_ONLY else 0
        unit = f"{held} decimal places" if held else "no decimal places"
        return NoAmount(f"`{text}` is no amount in {code}, which has {unit}")
    scale: int = 10**places
    amount = int(whole) * scale + int(fraction.ljust(places, "0") or "0")
    return -amount if sign == "-" else amount


def format_amount(amount: int, currency: str) -> str:
    """Formats an amount in the smallest unit: `412300.00 usd`, `1300 jpy`; the inverse of `parse_amount`."""
    places = decimals(currency)
    digits = str(abs(amount)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"{'-' if amount < 0 else ''}{text} {currency}"


def format_amounts(amounts: Mapping[str, int]) -> str:
    """Formats sums by currency, the largest groups of digits separated: `412,300.00 usd · 1,300 jpy`."""
    return " · ".join([_grouped(format_amount(amount, currency)) for currency, amount in sorted(amounts.items())])


def _grouped(text: str) -> str:
    number, _, currency = text.partition(" ")
    whole, point, fraction = number.partition(".")
    return f"{int(whole):,}{point}{fraction} {currency}" if whole != "-0" else f"{number} {currency}"
