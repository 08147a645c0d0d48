"""Discounts, taxes and sums of an invoice. Pure: amounts in, amounts out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .money import half_up

Share = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Off:
    """What a discount takes off: `percent` of the sum, or `amount` of it; only from `products` where they are named."""

    id: str
    percent: Fraction | None = None
    amount: int = 0
    products: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax rate: `percentage` on top of the price, or inside it."""

    id: str
    percentage: Fraction
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it goes in: `offs` are its own discounts, before those of the whole invoice."""

    amount: int
    discountable: bool = True
    product: str | None = None
    offs: tuple[Off, ...] = ()
    rates: tuple[Rate, ...] = ()


@dataclass(frozen=True, slots=True)
class Tax:
    """What one rate takes of one line, or of all: `taxable` is what it was counted on."""

    rate: str
    inclusive: bool
    amount: int
    taxable: int

    def as_json(self) -> dict[str, Any]:
        """The tax as lines, invoices and credit notes show it."""
        return {
            "amount": self.amount,
            "tax_behavior": "inclusive" if self.inclusive else "exclusive",
            "tax_rate_details": {"tax_rate": self.rate},
            "taxability_reason": "not_available",
            "taxable_amount": self.taxable,
            "type": "tax_rate_details",
        }


@dataclass(frozen=True, slots=True)
class LineTotal:
    """One line as it comes out: what each discount took, in order, and its taxes."""

    discounts: tuple[Share, ...]
    taxes: tuple[Tax, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What an invoice comes to; `discounts` and `taxes` are summed over the lines."""

    lines: tuple[LineTotal, ...]
    subtotal: int
    subtotal_excluding_tax: int
    total: int
    total_excluding_tax: int
    discounts: tuple[Share, ...]
    taxes: tuple[Tax, ...]


def totals(lines: Sequence[Line], offs: Sequence[Off] = ()) -> Totals:
    """Take the discounts off, first the lines' own, then the invoice's, each from what is left; then count taxes."""
    taken = _taken(lines, offs)
    done = tuple(
        LineTotal(shares, taxes_of(line.amount - _sum(shares), line.rates))
        for line, shares in zip(lines, taken, strict=True)
    )
    taxes = tuple(_merged(tax for line in done for tax in line.taxes))
    subtotal = sum(line.amount for line in lines)
    discounted = sum(_sum(line.discounts) for line in done)
    inclusive = sum(tax.amount for tax in taxes if tax.inclusive)
    exclusive = sum(tax.amount for tax in taxes if not tax.inclusive)
    return Totals(
        lines=done,
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inclusive,
        total=subtotal - discounted + exclusive,
        total_excluding_tax=subtotal - discounted - inclusive,
        discounts=tuple(_summed(share for line in done for share in line.discounts)),
        taxes=taxes,
    )


def taxes_of(net: int, rates: Sequence[Rate]) -> tuple[Tax, ...]:
    """The taxes on an amount: those inside it first, those on top counted on what is left."""
    inside = sum((rate.percentage for rate in rates if rate.inclusive), Fraction(0))
    amounts = {rate.id: half_up(net * rate.percentage / (100 + inside)) for rate in rates if rate.inclusive}
    base = net - sum(amounts.values())
    amounts |= {rate.id: half_up(base * rate.percentage / 100) for rate in rates if not rate.inclusive}
    return tuple(Tax(rate.id, rate.inclusive, amounts[rate.id], base) for rate in rates)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """An amount split by weight: every share rounded down, the last one with a weight takes what remains.

    Of an amount that is no more than the weights together no share is more than its weight: what the last one cannot
    take, the ones before it do.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    rest = total - sum(parts)
    for index in reversed(range(len(weights))):
        room = weights[index] - parts[index] if total <= whole else rest
        if weights[index] and rest:
            parts[index] += min(rest, room)
            rest -= min(rest, room)
    return parts


def off_amount(off: Off, total: int) -> int:
    """What a discount takes off a sum, never more than the sum."""
    if off.percent is None:
        return min(off.amount, total)
    return min(half_up(total * off.percent / 100), total)


def _taken(lines: Sequence[Line], offs: Sequence[Off]) -> list[tuple[Share, ...]]:
    """What each discount takes of each line."""
    left = [line.amount if line.discountable and line.amount > 0 else 0 for line in lines]
    taken: list[list[Share]] = [[] for _ in lines]
    for index, line in enumerate(lines):
        for off in line.offs:
            amount = off_amount(off, left[index])
            left[index] -= amount
            taken[index].append((off.id, amount))
    for off in offs:
        weights = [left[index] if _applies(off, line) else 0 for index, line in enumerate(lines)]
        for index, amount in enumerate(shares(off_amount(off, sum(weights)), weights)):
            left[index] -= amount
            taken[index].append((off.id, amount))
    return [tuple(share) for share in taken]


def _applies(off: Off, line: Line) -> bool:
    return off.products is None or line.product in off.products


def _sum(taken: Iterable[Share]) -> int:
    return sum(amount for _, amount in taken)


def _summed(taken: Iterable[Share]) -> list[Share]:
    found: dict[str, int] = {}
    for name, amount in taken:
        found[name] = found.get(name, 0) + amount
    return list(found.items())


def _merged(taxes: Iterable[Tax]) -> list[Tax]:
    found: dict[tuple[str, bool], Tax] = {}
    for tax in taxes:
        key = tax.rate, tax.inclusive
        old = found.get(key, Tax(tax.rate, tax.inclusive, 0, 0))
        found[key] = Tax(tax.rate, tax.inclusive, old.amount + tax.amount, old.taxable + tax.taxable)
    return list(found.values())
