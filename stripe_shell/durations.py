"""Durations (`500ms`, `10s`, `1.5m`, `1h`) and rates (`100/s`, `600/m`, `25000/h`): parses and formats them."""

from __future__ import annotations

from collections.abc import Container

from stripe_shell.patterns import pattern

#: Milliseconds in each unit of a duration.
MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
#: Seconds in each unit of a rate.
_SECONDS = {"s": 1, "m": 60, "h": 3_600}

_DURATION = pattern(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_RATE = pattern(r"(\d+(?:\.\d+)?)/(s|m|h)")


def parse_duration(text: str, units: Container[str] = MILLISECONDS) -> float | None:
    """Returns the milliseconds of a duration such as `1.5s`, None for other texts; `units` are the valid ones."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * MILLISECONDS[match[2]] if match and match[2] in units else None


def parse_rate(text: str) -> float | None:
    """Returns the rate per second of a text such as `30/m`, None for other texts."""
    match = _RATE.fullmatch(text)
    return float(match[1]) / _SECONDS[match[2]] if match else None


def format_duration(ms: int) -> str:
    """Formats milliseconds as `500ms`, `10s`, `2m`, `1h`: in the largest unit without a fraction."""
    unit = next(unit for unit in reversed(MILLISECONDS) if ms % MILLISECONDS[unit] == 0)
    return f"{ms // MILLISECONDS[unit]}{unit}"
