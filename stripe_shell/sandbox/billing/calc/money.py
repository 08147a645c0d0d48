"""Amounts of prices for a quantity, and amounts as text. Amounts are integers in the smallest currency unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any

from stripe_shell.records import record
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
    if price.get("billing_scheme") == "tiered":
        return sum((part.amount for part in tier_parts(price, quantity, tiers)), Fraction(0))
    return _transformed(Fraction(quantity), price.get("transform_quantity")) * (unit_amount(price) or 0)


@record
class TierPart:
    """A charge of a tier: for `units` at the price `unit`, or its flat fee, which has no units and no `unit`.

    `number` counts the tiers from 1; `amount` is exact, in the smallest currency unit.
    """

    number: int
    units: Fraction
    unit: Fraction | None
    amount: Fraction


def tier_parts(
    price: Mapping[str, Any], quantity: int | Fraction, tiers: Sequence[Mapping[str, Any]]
) -> list[TierPart]:
    """Returns the parts of a tiered price for a quantity, in the order of the lines of an invoice.

    Each tier has its units, then its flat fee, which is left out without a flat amount (a recorded invoice of Gitpod).
    """
    units = _transformed(Fraction(quantity), price.get("transform_quantity"))
    split = _volume if price.get("tiers_mode") == "volume" else _graduated
    return [part for number, inside in split(units, tiers) for part in _parts_of(number, inside, tiers[number - 1])]


def _parts_of(number: int, units: Fraction, tier: Mapping[str, Any]) -> list[TierPart]:
    unit, flat = _tier(tier, "unit_amount"), _tier(tier, "flat_amount")
    parts = []
    if unit is not None or flat is None:
        parts.append(TierPart(number, units, unit or Fraction(0), units * (unit or 0)))
    if flat is not None:
        parts.append(TierPart(number, Fraction(0), None, flat))
    return parts


def _transformed(quantity: Fraction, transform: Mapping[str, Any] | None) -> Fraction:
    if not transform:
        return quantity
    value = quantity / int(transform["divide_by"])
    return Fraction(ceil(value) if transform.get("round") == "up" else floor(value))


def _volume(units: Fraction, tiers: Sequence[Mapping[str, Any]]) -> list[tuple[int, Fraction]]:
    """Returns the number of the tier that contains the whole quantity, with all units."""
    for number, tier in enumerate(tiers, start=1):
        if _limit(tier) is None or units <= (_limit(tier) or 0):
            return [(number, units)]
    return []


def _graduated(units: Fraction, tiers: Sequence[Mapping[str, Any]]) -> list[tuple[int, Fraction]]:
    """Returns the number of each tier that contains units, with these units; the first one for no units."""
    found, below = [], Fraction(0)
    for number, tier in enumerate(tiers, start=1):
        limit = _limit(tier)
        top = units if limit is None else min(units, Fraction(limit))
        if top > below or (units == 0 and below == 0):
            found.append((number, top - below))
        below = max(below, top)
        if limit is None or units <= limit:
            break
    return found


def _limit(tier: Mapping[str, Any]) -> int | None:
    limit = tier.get("up_to")
    return None if limit in (None, "inf") else int(limit)


def _tier(tier: Mapping[str, Any], name: str) -> Fraction | None:
    value = tier.get(f"{name}_decimal")
    if value is None:
        value = tier.get(name)
    return Fraction(str(value)) if value is not None else None


def _plain(value: Fraction, digits: int) -> str:
    scale = digits
    while (value * 10**scale).denominator != 1 and scale < 15:
        scale += 1
    whole = half_up(value * 10**scale)
    head, tail = divmod(whole, 10**scale)
    return f"{head:,}.{tail:0{scale}d}" if scale else f"{head:,}"
