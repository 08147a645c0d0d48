"""Fractions of a billing period, exact to the second, and amounts for them, rounded towards minus infinity.

Stripe prorates by whole seconds (https://docs.stripe.com/billing/subscriptions/prorations) and rounds each line
down by itself: a credit of 2.5 becomes -3, a charge of 4.5 becomes 4 (observed in test mode recordings).
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from .periods import Period


def part_left(period: Period, time: int) -> Fraction:
    """Returns the fraction of a period that remains at `time`, from 0 to 1."""
    if period.length <= 0:
        return Fraction(0)
    left = period.end - min(max(time, period.start), period.end)
    return Fraction(left, period.length)


def credit(amount: Fraction | int, part: Fraction) -> int:
    """Returns the credit, as a negative amount, for a fraction of a period that was billed `amount`."""
    return floor(-amount * part)


def debit(amount: Fraction | int, part: Fraction) -> int:
    """Returns the charge for a fraction of a period that costs `amount`."""
    return floor(amount * part)
