"""The clock of a test: real time, moved forward by the test, with what falls due in between."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.billing.calc.periods import add_months
from stripe_shell.sandbox.clock import SystemClock

_PART: Final = re.compile(r"(\d+)\s*(second|minute|hour|day|week|month|year)s?", re.ASCII)
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 7 * 86_400}
_MONTHS: Final = {"month": 1, "year": 12}


class OffsetClock:
    """A sandbox's clock that runs ahead of the system's by `offset` seconds, or stands still at `stopped`."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self.offset = 0
        self.stopped: int | None = None

    def now(self) -> int:
        """Returns the time in epoch seconds."""
        return self._system.now() + self.offset if self.stopped is None else self.stopped

    def run_from(self, moment: int) -> None:
        """Makes the clock run on from a time (epoch seconds)."""
        self.offset = moment - self._system.now()
        self.stopped = None


class StripeClock:
    """The time in a test's sandbox. `after_move` is called after each move."""

    def __init__(self, sandbox: Sandbox, clock: OffsetClock, after_move: Callable[[], None]) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._after_move = after_move

    def now(self) -> int:
        """Returns the time in epoch seconds."""
        return self._clock.now()

    def advance(self, by: str | timedelta) -> int:
        """Moves the time forward: by `"1 month"`, `"2 weeks 3 days"` or a `timedelta`; returns it in epoch seconds.

        What falls due on the way (renewals, retries, settlements, ends of trials) happens at its own time and in its
        order. The account's test clocks move as far. Raises ValueError for another text, and for no time at all.
        """
        months, seconds = _duration(by)
        return self._move(add_months(self.now(), months) + seconds, months, seconds)

    def advance_to(self, moment: int | datetime) -> int:
        """Moves the time forward to epoch seconds or a `datetime` (without a zone: UTC); returns it in epoch seconds.

        The account's test clocks move as far. Raises ValueError for a time that is past.
        """
        if isinstance(moment, datetime):
            moment = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        return self._move(moment, 0, moment - self.now())

    def _move(self, target: int, months: int, seconds: int) -> int:
        if target <= self.now():
            raise ValueError("a clock moves forward only")
        self._clock.stopped = self.now()
        self._sandbox.travel.keep_clocks(target - self._clock.stopped)
        try:
            while (due := self._sandbox.next_job(until=target)) is not None:
                self._clock.stopped = max(due, self._clock.stopped)
                self._sandbox.catch_up()
            self._clock.stopped = target
            self._sandbox.travel.move_clocks(months, seconds)
        finally:
            self._clock.run_from(self._clock.stopped)
        self._after_move()
        return target


def _duration(by: str | timedelta) -> tuple[int, int]:
    """Returns the months and the seconds of a duration."""
    if isinstance(by, timedelta):
        return 0, int(by.total_seconds())
    parts = list(_PART.finditer(by))
    if not parts or _PART.sub("", by).strip(" ,+"):
        raise ValueError(f"`{by}` is no duration; write `1 month`, `3 days`, `2 weeks 12 hours`")
    months = sum(int(part[1]) * _MONTHS.get(part[2], 0) for part in parts)
    return months, sum(int(part[1]) * _SECONDS.get(part[2], 0) for part in parts)
