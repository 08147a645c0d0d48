"""Notices that the process was stopped for a while, or the machine asleep: its connections may be gone then."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Clocks that drift apart by so many seconds between two looks tell that the machine slept.
_ASLEEP = 10.0


class Interruptions:
    """Counts interruptions. Safe for threads and for signal handlers, as it takes no lock.

    `clock` returns monotonic seconds, which stand still while the machine sleeps; `wall_clock` returns epoch seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, wall_clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._count = 0
        self._offset = wall_clock() - clock()

    def note(self) -> None:
        """Counts that the process goes on after a stop (SIGCONT)."""
        self._count += 1

    @property
    def count(self) -> int:
        """Returns the interruptions so far."""
        offset = self._wall_clock() - self._clock()
        if abs(offset - self._offset) > _ASLEEP:
            self._offset = offset
            self._count += 1
        return self._count
