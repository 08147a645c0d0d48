"""How fast a connection may send: so many requests a second, however many threads ask."""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Callable


class Pace:
    """At most `rate` requests a second, with room for one second's worth at once. Safe for threads.

    `clock` gives seconds and never goes back; it is injected for tests.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._most = max(1.0, rate)
        self._left = self._most
        self._clock = clock
        self._seen = clock()
        self._lock = allocate_lock()

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Take one turn; sleep until it has come."""
        seconds = self._take()
        if seconds > 0:
            sleep(seconds)

    def _take(self) -> float:
        """The seconds until the turn that is taken now. Turns may be taken ahead, in the order of asking."""
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._seen) * self._rate)
            self._seen = now
            self._left -= 1
            return max(0.0, -self._left / self._rate)
