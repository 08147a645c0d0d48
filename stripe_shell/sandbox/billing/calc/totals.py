"""Discounts, taxes and totals of an invoice. Pure functions on amounts in the smallest currency unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from stripe_shell.records import record

from .money import half_up

Share = tuple[str, int]


@record
class Deduction:
    """A discount: `percent` of the discountable sum, or a fixed `amount` of it; `products` limits it to these."""

    id: str
    percent: Fraction | None = None
    amount: int = 0
    products: frozenset[str] | None = None


@record
class AppliedTaxRate:
    """A tax rate: `percentage` is added to the price, or included in it."""

    id: str
    percentage: Fraction
    inclusive: bool = False


@record
class PricedLine:
    """The input for one invoice line: `deductions` are its own discounts, applied before those of the invoice."""

    amount: int
    discountable: bool = True
    product: str | None = None
    deductions: tuple[Deduction, ...] = ()
    rates: tuple[AppliedTaxRate, ...] = ()


@record
class TaxAmount:
    """The tax of one rate on a line, or summed over all lines; `taxable` is the amount that it applies to."""

    rate: str
    inclusive: bool
    amount: int
    taxable: int

    def as_json(self) -> dict[str, Any]:
        """Returns the tax as lines, invoices and credit notes show it."""
        return {
            "amount": self.amount,
            "tax_behavior": "inclusive" if self.inclusive else "exclusive",
            "tax_rate_details": {"tax_rate": self.rate},
            "taxability_reason": "not_available",
            "taxable_amount": self.taxable,
            "type": "tax_rate_details",
        }


@record
class LineTotal:
    """The result for one invoice line: the amount of each discount, in order of application, and the taxes."""

    discounts: tuple[Share, ...]
    taxes: tuple[TaxAmount, ...]


@record
class Totals:
    """The totals of an invoice; `discounts` and `taxes` are summed over the lines."""

    lines: tuple[LineTotal, ...]
    subtotal: int
    subtotal_excluding_tax: int
    total: int
    total_excluding_tax: int
    discounts: tuple[Share, ...]
    taxes: tuple[TaxAmount, ...]


def totals(lines: Sequence[PricedLine], deductions: Sequence[Deduction] = ()) -> Totals:
    """Returns the totals of lines: applies the lines' own discounts, then the invoice's, then computes the taxes.

    Each discount applies to what the previous one left. Source: https://docs.stripe.com/billing/subscriptions/coupons
    The subtotal has the lines' own discounts incorporated, those of the invoice not (Stripe's API reference).
    """
    taken = _deducted_by_line(lines, deductions)
    done = tuple(
        LineTotal(shares, taxes_of(line.amount - _sum_shares(shares), line.rates))
        for line, shares in zip(lines, taken, strict=True)
    )
    taxes = tuple(_merge_taxes(tax for line in done for tax in line.taxes))
    own = sum(_sum_shares(line.discounts[: len(given.deductions)]) for given, line in zip(lines, done, strict=True))
    subtotal = sum(line.amount for line in lines) - own
    discounted = sum(_sum_shares(line.discounts) for line in done) - own
    inclusive = sum(tax.amount for tax in taxes if tax.inclusive)
    exclusive = sum(tax.amount for tax in taxes if not tax.inclusive)
    return Totals(
        lines=done,
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal - inclusive,
        total=subtotal - discounted + exclusive,
        total_excluding_tax=subtotal - discounted - inclusive,
        discounts=tuple(_sum_deductions(share for line in done for share in line.discounts)),
        taxes=taxes,
    )


def taxes_of(net: int, rates: Sequence[AppliedTaxRate]) -> tuple[TaxAmount, ...]:
    """Returns the taxes on a discounted amount: inclusive rates first, exclusive ones on the amount without them.

    Source: https://docs.stripe.com/billing/taxes/tax-rates
    """
    inside = sum((rate.percentage for rate in rates if rate.inclusive), Fraction(0))
    amounts = {rate.id: half_up(net * rate.percentage / (100 + inside)) for rate in rates if rate.inclusive}
    base = net - sum(amounts.values())
    amounts |= {rate.id: half_up(base * rate.percentage / 100) for rate in rates if not rate.inclusive}
    return tuple(TaxAmount(rate.id, rate.inclusive, amounts[rate.id], base) for rate in rates)


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Splits an amount by weight: rounds each share down and gives the remainder to the last one with a weight.

    Stripe splits an amount off over the lines this way: 500 over 1000 and 2000 gives 166 and 334 (observed in test mode
    recordings). Of an amount up to the sum of the weights no share exceeds its weight: what the last one cannot take
    goes to the ones before it.
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


def deducted_amount(deduction: Deduction, total: int) -> int:
    """Returns what a discount takes off a sum, at most the sum; percentages are rounded half up."""
    if deduction.percent is None:
        return min(deduction.amount, total)
    return min(half_up(total * deduction.percent / 100), total)


def _deducted_by_line(lines: Sequence[PricedLine], deductions: Sequence[Deduction]) -> list[tuple[Share, ...]]:
    """Returns for each line what each discount takes off it; lines below zero or not discountable keep their amount."""
    left = [line.amount if line.discountable and line.amount > 0 else 0 for line in lines]
    taken: list[list[Share]] = [[] for _ in lines]
    for index, line in enumerate(lines):
        for off in line.deductions:
            amount = deducted_amount(off, left[index])
            left[index] -= amount
            taken[index].append((off.id, amount))
    for off in deductions:
        weights = [left[index] if _applies_to_line(off, line) else 0 for index, line in enumerate(lines)]
        for index, amount in enumerate(shares(deducted_amount(off, sum(weights)), weights)):
            left[index] -= amount
            taken[index].append((off.id, amount))
    return [tuple(share) for share in taken]


def _applies_to_line(deduction: Deduction, line: PricedLine) -> bool:
    return deduction.products is None or line.product in deduction.products


def _sum_shares(taken: Iterable[Share]) -> int:
    return sum(amount for _, amount in taken)


def _sum_deductions(taken: Iterable[Share]) -> list[Share]:
    sums: dict[str, int] = {}
    for name, amount in taken:
        sums[name] = sums.get(name, 0) + amount
    return list(sums.items())


def _merge_taxes(taxes: Iterable[TaxAmount]) -> list[TaxAmount]:
    sums: dict[tuple[str, bool], TaxAmount] = {}
    for tax in taxes:
        key = tax.rate, tax.inclusive
        old = sums.get(key, TaxAmount(tax.rate, tax.inclusive, 0, 0))
        sums[key] = TaxAmount(tax.rate, tax.inclusive, old.amount + tax.amount, old.taxable + tax.taxable)
    return list(sums.values())
