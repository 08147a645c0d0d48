"""How fast a connection may send: so many requests a second, however many threads ask."""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Callable

from stripe_shell.token_bucket import TokenBucket


class Pace:
    """At most `rate` requests a second, with room for one second's worth at once. Safe for threads.

    `clock` gives seconds and never goes back; it is injected for tests.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket = TokenBucket(rate, clock())
        self._clock = clock
        self._lock = allocate_lock()

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Take one turn; sleep until it has come. Turns are taken ahead, in the order of asking."""
        with self._lock:
            seconds = self._bucket.reserve(self._clock())
        if seconds > 0:
            sleep(seconds)
