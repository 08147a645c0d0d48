"""Parts of a period, exact to the second; what is not whole is rounded towards minus infinity."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from .periods import Period


def part_left(period: Period, time: int) -> Fraction:
    """Which part of a period is still to come at a time, from 0 to 1."""
    if period.length <= 0:
        return Fraction(0)
    left = period.end - min(max(time, period.start), period.end)
    return Fraction(left, period.length)


def credit(amount: Fraction | int, part: Fraction) -> int:
    """What is given back of an amount for a part of its period: never more than owed, as Stripe rounds it down."""
    return floor(-amount * part)


def debit(amount: Fraction | int, part: Fraction) -> int:
    """What is charged of an amount for a part of its period."""
    return floor(amount * part)
