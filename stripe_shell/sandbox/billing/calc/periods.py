"""Billing periods: calendar arithmetic in UTC, always counted from the billing cycle anchor.

Stripe adds months to the anchor, not to the previous boundary: an anchor on Jan 31 gives Feb 28, then Mar 31.
Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from stripe_shell.records import record

DAY: Final = 86_400
HOUR: Final = 3_600

_DAYS: Final = {"day": 1, "week": 7}
_MONTHS: Final = {"month": 1, "year": 12}


@record
class Period:
    """A time span in epoch seconds; `end` is exclusive."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """The length in seconds."""
        return self.end - self.start

    def as_json(self) -> dict[str, int]:
        """Returns the period as invoice lines show it."""
        return {"end": self.end, "start": self.start}


@record
class Cycle:
    """A billing cycle: `count` times `interval` (day, week, month, year), counted from `anchor` in epoch seconds.

    `day` is the requested day of the month if it is later than the anchor's own; 31 means the last day of each month.
    """

    anchor: int
    interval: str
    count: int = 1
    day: int | None = None

    def boundary(self, number: int) -> int:
        """Returns the start of period `number`: 0 starts at the anchor, -1 is the period before it."""
        if self.interval in _DAYS:
            return self.anchor + number * self.count * _DAYS[self.interval] * DAY
        return add_months(self.anchor, number * self.count * _MONTHS[self.interval], self.day)

    def period_at(self, time: int) -> Period:
        """Returns the whole period that contains `time`."""
        number = self._guess(time)
        while self.boundary(number) > time:
            number -= 1
        while self.boundary(number + 1) <= time:
            number += 1
        return Period(self.boundary(number), self.boundary(number + 1))

    def next_after(self, time: int) -> int:
        """Returns the first boundary after `time`."""
        return self.period_at(time).end

    def _guess(self, time: int) -> int:
        if self.interval in _DAYS:
            return (time - self.anchor) // (self.count * _DAYS[self.interval] * DAY)
        start, end = _utc(self.anchor), _utc(time)
        months = (end.year - start.year) * 12 + end.month - start.month
        return months // (self.count * _MONTHS[self.interval])


def add_months(time: int, months: int, day: int | None = None) -> int:
    """Returns the time `months` calendar months later; a day that the month lacks becomes its last day."""
    moment = _utc(time)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    wanted = day or moment.day
    return int(moment.replace(year=year, month=month + 1, day=_day_in(year, month + 1, wanted)).timestamp())


def add_interval(time: int, interval: str, count: int = 1) -> int:
    """Returns the time `count` intervals later."""
    return Cycle(time, interval, count).boundary(1)


def anchor_of(config: Mapping[str, Any], now: int, interval: str) -> int:
    """Returns the first time from `now` on that matches a `billing_cycle_anchor_config`, in epoch seconds.

    Parts that are absent are those of `now`. Raises ValueError if no time matches.
    Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
    """
    moment = _utc(now)
    clock = {name: config[name] for name in ("hour", "minute", "second") if config.get(name) is not None}
    day = int(config["day_of_month"])
    month = config.get("month") or (moment.month if interval == "year" else None)
    step = 1 if month is None else 12
    year, first = moment.year, (month or moment.month)
    for turn in range(3):
        whole, index = divmod(year * 12 + first - 1 + turn * step, 12)
        found = moment.replace(year=whole, month=index + 1, day=_day_in(whole, index + 1, day), **clock)
        if int(found.timestamp()) >= now:
            return int(found.timestamp())
    raise ValueError(f"no time fits {dict(config)}")


def date_text(time: int) -> str:
    """Formats a day as Stripe does in line descriptions: `05 Mar 2027`."""
    moment = _utc(time)
    return f"{moment.day:02d} {_MONTH_NAMES[moment.month - 1]} {moment.year}"


_MONTH_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _utc(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)


def _day_in(year: int, month: int, day: int) -> int:
    return min(day, monthrange(year, month)[1])
