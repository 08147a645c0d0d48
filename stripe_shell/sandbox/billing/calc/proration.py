"""Fractions of a billing period, exact to the second, and amounts for them, rounded to the nearest cent.

Stripe prorates by whole seconds (https://docs.stripe.com/billing/subscriptions/prorations) and rounds each line by
itself to the nearest cent, a tie towards minus infinity. Test mode recordings show: -2.5 becomes -3 and 4.5 becomes 4;
2,590,587 of 2,592,000 seconds of 8500 are credited with -8495; all but one second of a year of 25000 cost 25000.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from .periods import Period


def part_left(period: Period, time: int) -> Fraction:
    """Returns the fraction of a period that remains at `time`, from 0 to 1."""
    if period.length <= 0:
        return Fraction(0)
    left = period.end - min(max(time, period.start), period.end)
    return Fraction(left, period.length)


def half_down(value: Fraction) -> int:
    """Rounds to the nearest integer, halves towards minus infinity."""
    return ceil(value - Fraction(1, 2))


def credit(amount: Fraction | int, part: Fraction) -> int:
    """Returns the credit, as a negative amount, for a fraction of a period that was billed `amount`."""
    return half_down(-Fraction(amount) * part)


def debit(amount: Fraction | int, part: Fraction) -> int:
    """Returns the charge for a fraction of a period that costs `amount`."""
    return half_down(Fraction(amount) * part)
