"""What time it is: the system's clock, and one that stands still for tests."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now(self) -> int:
        """The time in epoch seconds."""
        ...


class SystemClock:
    """The time of the machine."""

    def now(self) -> int:
        """The time in epoch seconds."""
        return int(time.time())


class FixedClock:
    """A clock that stands at `seconds` until it is moved."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def now(self) -> int:
        """Where it stands, in epoch seconds."""
        return self.seconds

    def advance(self, seconds: int) -> None:
        """Move it on by so many seconds."""
        self.seconds += seconds
