"""What the options of the server say: `100ms`, `2s`, `1.5m`, `100/s`, each as a number."""

from __future__ import annotations

import re
from typing import Final

from stripe_shell.errors import UsageError

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)/(s|m|h)")


def seconds(text: str, option: str) -> float:
    """A duration such as `100ms` in seconds. Raises UsageError, which names the option."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise UsageError(f"{option} is a time such as 100ms, 2s, 5m or 1h, not `{text}`")
    return float(found[1]) * _UNITS[found[2]]


def per_second(text: str, option: str) -> float:
    """A rate such as `100/s` or `30/m` in requests per second. Raises UsageError, which names the option."""
    found = _RATE.fullmatch(text)
    if found is None or float(found[1]) == 0:
        raise UsageError(f"{option} is a number of requests such as 100/s or 30/m, not `{text}`")
    return float(found[1]) / _UNITS[found[2]]
