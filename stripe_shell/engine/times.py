"""Points in time as a script writes them: epoch seconds, `now+14d`, ISO 8601, and any of them with a shift."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stripe_shell.patterns import pattern
from stripe_shell.records import record

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

_SHIFTED = pattern(r"(.+?)([+-])([0-9]{1,12})(mo|[smhdwy])", re.DOTALL)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_EPOCH = pattern(r"[+-]?[0-9]+(_[0-9]+)*")
#: The longest number that is parsed: Python rejects much longer ones.
_LONGEST_NUMBER = 100
_ISO = pattern(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.IGNORECASE)


@record
class RunClock:
    """The time of a run in epoch seconds, and the time zone of dates that name none; empty if they must name one."""

    now: int = 0
    zone: str = ""


@record
class BadTime:
    """The reason why a text is not a point in time, and what to write instead."""

    reason: str


#: The clock of comparisons without times.
NO_CLOCK = RunClock()


def is_relative_time(text: str) -> bool:
    """Whether the text is `now`, `now+14d` or the like."""
    shifted = _SHIFTED.fullmatch(text)
    return (shifted[1] if shifted else text) == "now"


def is_shifted(text: str) -> bool:
    """Whether the text ends in a shift such as `+14d`."""
    return _SHIFTED.fullmatch(text) is not None


def is_zone(name: str) -> bool:
    """Whether the name is that of a time zone, such as `Europe/Berlin`."""
    return _zone(name) is not None


def parse_time(text: str, clock: RunClock) -> int | BadTime:
    """Parses epoch seconds, `now` or ISO 8601, with a shift such as `+14d` (`s m h d w mo y`), to epoch seconds."""
    shifted = _SHIFTED.fullmatch(text)
    if shifted is None:
        return _moment(text, clock)
    base, sign, count, unit = shifted.groups()
    moment = _moment(base, clock)
    if isinstance(moment, BadTime):
        return moment
    amount = int(count) if sign == "+" else -int(count)
    if unit in _SECONDS:
        return moment + amount * _SECONDS[unit]
    try:
        return add_months(moment, amount * (12 if unit == "y" else 1))
    except (ValueError, OverflowError, OSError):
        return BadTime("years have four digits, and this one is far away")


def add_months(moment: int, months: int) -> int:
    """Returns the same day and time `months` later (UTC), or that month's last day if it has no such day."""
    import calendar
    from datetime import UTC, datetime

    start = datetime.fromtimestamp(moment, UTC)
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month0 + 1)[1])
    return int(start.replace(year=year, month=month0 + 1, day=day).timestamp())


def format_rfc3339(moment: int) -> str:
    """Formats epoch seconds as RFC 3339, as API v2 writes times."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str, clock: RunClock) -> int | BadTime:
    if len(text) <= _LONGEST_NUMBER and _EPOCH.fullmatch(text):
        return int(text.replace("_", ""))
    if text == "now":
        return clock.now
    if _ISO.fullmatch(text):
        return _parse_iso(text, clock.zone)
    return BadTime("write epoch seconds, `now+14d`, or a date such as `2026-01-31T00:00:00Z`")


def _parse_iso(text: str, zone: str) -> int | BadTime:
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return BadTime("there is no such date or time of day")
    if moment.tzinfo is None:
        found = _zone(zone) if zone else None
        if found is None:
            end = "T00:00:00Z" if len(text) == len("2026-01-31") else "Z"
            return BadTime(f"a date needs its time zone: write `{text}{end}` for UTC")
        moment = moment.replace(tzinfo=found)
        if not _exists(moment):
            return BadTime(f"the clocks of {zone} skip this time of day")
    return int(moment.timestamp())


def _exists(moment: datetime) -> bool:
    """Whether a local time occurs: in spring the clocks skip an hour."""
    from datetime import UTC

    return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)


def _zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
