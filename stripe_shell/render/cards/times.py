"""Formats times: dates, and the time before or after now."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from stripe_shell.patterns import pattern

_TIME_NAME = pattern(
    r"(?:\w+_)?(?:created|updated|at|on|start|end|date|anchor|deadline|timestamp|until|after|before|due_by|time)"
)
_EARLIEST, _LATEST = 500_000_000, 10_000_000_000  # 1985 and 2286: a number outside is hardly a time
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def is_time(name: str, value: Any) -> bool:
    """Whether a member holds epoch seconds, judged by name and size, since JSON has no type for times."""
    plain_number = isinstance(value, int) and not isinstance(value, bool)
    return plain_number and _EARLIEST < value < _LATEST and _TIME_NAME.fullmatch(name) is not None


def date_text(seconds: int) -> str:
    """Returns `28 Nov 2026`, in UTC."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%b %Y}"


def moment_text(seconds: int) -> str:
    """Returns `28 Nov 2026 15:08`, in UTC; without the time at midnight."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return date_text(seconds) if seconds % _DAY == 0 else f"{date_text(seconds)} {moment:%H:%M}"


def relative(seconds: int, now: int, *, days: int = 7) -> str:
    """Returns `2 min ago`, `in 3 h`, `just now`; beyond `days` `28 Nov`, with the year unless it is the current one."""
    apart = abs(seconds - now)
    if apart >= days * _DAY:
        return short_date(seconds, now)
    if apart < _MINUTE:
        return "just now"
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if apart >= size:
            text = f"{apart // size} {unit}"
            break
    return f"in {text}" if seconds > now else f"{text} ago"


def short_date(seconds: int, now: int) -> str:
    """Returns `28 Nov`, with the year unless it is the current one."""
    return _short_day(seconds // _DAY, now // _DAY)


@lru_cache(maxsize=4_096)
def _short_day(day: int, today: int) -> str:
    """Returns the text of a day; both are counted from the epoch."""
    moment = datetime.fromtimestamp(day * _DAY, UTC)
    same = moment.year == datetime.fromtimestamp(today * _DAY, UTC).year
    return f"{moment.day} {moment:%b}" if same else date_text(day * _DAY)
