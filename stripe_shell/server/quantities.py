"""Parses durations and rates of the server's options: `100ms`, `2s`, `1.5m`, `100/s`."""

from __future__ import annotations

from stripe_shell.durations import parse_duration, parse_rate
from stripe_shell.errors import UsageError


def seconds(text: str, option: str) -> float:
    """Parses a duration such as `100ms`; returns seconds. Raises UsageError, which names the option."""
    ms = parse_duration(text)
    if ms is None:
        raise UsageError(f"{option} is a time such as 100ms, 2s, 5m or 1h, not `{text}`")
    return ms / 1000


def per_second(text: str, option: str) -> float:
    """Parses a rate such as `100/s` or `30/m`; returns requests per second. Raises UsageError, naming the option."""
    rate = parse_rate(text)
    if not rate:
        raise UsageError(f"{option} is a number of requests such as 100/s or 30/m, not `{text}`")
    return rate
