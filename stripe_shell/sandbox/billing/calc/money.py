"""Amounts of prices for a quantity, and amounts as text. Amounts are integers in the smallest currency unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from stripe_shell.sandbox.currencies import format_amount
from stripe_shell.spec.currencies import decimals


def half_up(value: Fraction) -> int:
    """Rounds to the nearest integer, halves up."""
    return floor(value + Fraction(1, 2))


def money_text(amount: int | Fraction, currency: str) -> str:
    """Formats an amount as Stripe does in descriptions: `$10.00`, `¥500`; fractions of a cent keep their digits."""
    value = Fraction(amount)
    if value.denominator == 1:
        return format_amount(int(value), currency)
    places = decimals(currency)
    zero = format_amount(0, currency)
    number = f"{0:.{places}f}"
    return zero.replace(number, _plain(value / 10**places, places))


def interval_text(recurring: Mapping[str, Any]) -> str:
    """Formats the interval of a recurring price: `month`, `3 months`."""
    count = recurring.get("interval_count") or 1
    return str(recurring["interval"]) if count == 1 else f"{count} {recurring['interval']}s"


def unit_amount(price: Mapping[str, Any]) -> Fraction | None:
    """Returns the price of one unit in the smallest currency unit, possibly a fraction; None for tiered prices."""
    text = price.get("unit_amount_decimal")
    if text is None:
        text = price.get("unit_amount")
    return None if text is None else Fraction(str(text))


def amount_of(price: Mapping[str, Any], quantity: int | Fraction, tiers: Sequence[Mapping[str, Any]] = ()) -> Fraction:
    """Returns the price of a quantity in the smallest currency unit, before rounding."""
    units = _transformed(Fraction(quantity), price.get("transform_quantity"))
    if price.get("billing_scheme") == "tiered":
        return _volume(units, tiers) if price.get("tiers_mode") == "volume" else _graduated(units, tiers)
    return units * (unit_amount(price) or 0)


def _transformed(quantity: Fraction, transform: Mapping[str, Any] | None) -> Fraction:
    if not transform:
        return quantity
    value = quantity / int(transform["divide_by"])
    return Fraction(ceil(value) if transform.get("round") == "up" else floor(value))


def _volume(units: Fraction, tiers: Sequence[Mapping[str, Any]]) -> Fraction:
    """Prices every unit at the tier that contains the whole quantity."""
    for tier in tiers:
        if _limit(tier) is None or units <= (_limit(tier) or 0):
            return units * _tier(tier, "unit_amount") + _tier(tier, "flat_amount")
    return Fraction(0)


def _graduated(units: Fraction, tiers: Sequence[Mapping[str, Any]]) -> Fraction:
    """Prices each unit at the tier that contains this unit."""
    total, below = Fraction(0), Fraction(0)
    for tier in tiers:
        limit = _limit(tier)
        top = units if limit is None else min(units, Fraction(limit))
        if top > below or (units == 0 and below == 0):
            total += (top - below) * _tier(tier, "unit_amount") + _tier(tier, "flat_amount")
        below = max(below, top)
        if limit is None or units <= limit:
            break
    return total


def _limit(tier: Mapping[str, Any]) -> int | None:
    limit = tier.get("up_to")
    return None if limit in (None, "inf") else int(limit)


def _tier(tier: Mapping[str, Any], name: str) -> Fraction:
    value = tier.get(f"{name}_decimal")
    if value is None:
        value = tier.get(name)
    return Fraction(str(value)) if value is not None else Fraction(0)


def _plain(value: Fraction, digits: int) -> str:
    scale = digits
    while (value * 10**scale).denominator != 1 and scale < 15:
        scale += 1
    whole = half_up(value * 10**scale)
    head, tail = divmod(whole, 10**scale)
    return f"{head:,}.{tail:0{scale}d}" if scale else f"{head:,}"
