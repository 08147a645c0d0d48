"""Formats ages in a few letters: `5 min`, `3 h`, `2 d`, `4 mo`, `2 y`."""

from __future__ import annotations

_UNITS = ((31_557_600, "y"), (2_629_800, "mo"), (86_400, "d"), (3_600, "h"), (60, "min"))


def age(seconds: float) -> str:
    """Returns a span of time in its largest unit; `now` for less than a minute."""
    unit = next(((size, name) for size, name in _UNITS if seconds >= size), None)
    return f"{int(seconds // unit[0])} {unit[1]}" if unit else "now"
