"""Reversals of tax transactions: what is left to reverse of each line, and how a flat amount is shared out.

A line is a `TaxedAmount`: `amount` as in the line (with the tax where it is inclusive), and `tax`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from stripe_shell.records import record

from ..calc.money import half_up

#: The key of the shipping cost among the lines.
SHIPPING: Final = "shipping_cost"

_Object = Mapping[str, Any]


@record
class TaxedAmount:
    """An amount of one line and the tax on it, both in the smallest currency unit."""

    amount: int
    tax: int
    inclusive: bool

    @property
    def total(self) -> int:
        """The amount that the customer paid, with the tax."""
        return self.amount if self.inclusive else self.amount + self.tax

    def plus(self, amount: int, tax: int) -> TaxedAmount:
        """Returns the part with more of both."""
        return TaxedAmount(self.amount + amount, self.tax + tax, self.inclusive)

    def portion(self, total: int) -> TaxedAmount:
        """Returns the portion of the part whose total is `total`, its tax in proportion."""
        tax = half_up(Fraction(total * self.tax, self.total))
        return TaxedAmount(total if self.inclusive else total - tax, tax, self.inclusive)


def parts_of(transaction: _Object) -> dict[str, TaxedAmount]:
    """Returns the amounts of a transaction by the ids of its lines; those of the shipping under SHIPPING."""
    found = {line["id"]: _part(line) for line in transaction["line_items"]["data"]}
    if transaction["shipping_cost"]:
        found[SHIPPING] = _part(transaction["shipping_cost"])
    return found


def left_of(transaction: _Object, reversals: Iterable[_Object]) -> dict[str, TaxedAmount]:
    """Returns what is left of each line after these reversals, whose amounts are negative."""
    left = parts_of(transaction)
    for reversal in reversals:
        for line in reversal["line_items"]["data"]:
            key = line["reversal"]["original_line_item"]
            left[key] = left[key].plus(line["amount"], line["amount_tax"])
        shipping = reversal["shipping_cost"]
        if shipping:
            left[SHIPPING] = left[SHIPPING].plus(shipping["amount"], shipping["amount_tax"])
    return left


def share(total: int, left: Mapping[str, TaxedAmount]) -> dict[str, TaxedAmount]:
    """Returns the part of each line in a total with tax: in proportion to what is left of it, and right to the unit.

    Units that rounding down leaves over go to the lines with the largest fractions.
    """
    whole = sum(part.total for part in left.values())
    exact = {key: Fraction(total * part.total, whole) for key, part in left.items() if part.total}
    shares = {key: int(value) for key, value in exact.items()}
    over = total - sum(shares.values())
    for key in sorted(exact, key=lambda key: shares[key] - exact[key])[:over]:
        shares[key] += 1
    return {key: left[key].portion(amount) for key, amount in shares.items() if amount}


def _part(line: _Object) -> TaxedAmount:
    return TaxedAmount(line["amount"], line["amount_tax"], line["tax_behavior"] == "inclusive")
