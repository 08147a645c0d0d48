"""Clocks: the system's clock, and one for tests that is advanced by hand."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now(self) -> int:
        """Returns the time in epoch seconds."""
        ...


class SystemClock:
    """The system's clock."""

    def now(self) -> int:
        """Returns the time in epoch seconds."""
        return int(time.time())


class FixedClock:
    """A clock that returns `seconds` until it is advanced."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def now(self) -> int:
        """Returns the set time in epoch seconds."""
        return self.seconds

    def advance(self, seconds: int) -> None:
        """Advances the clock by a number of seconds."""
        self.seconds += seconds
