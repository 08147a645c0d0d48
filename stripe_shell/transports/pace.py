"""Limits the request rate of a connection across threads."""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Callable

from stripe_shell.token_bucket import TokenBucket


class Throttle:
    """A rate limit of `rate` requests per second, with a burst of one second's worth. Thread-safe.

    `clock` returns monotonic seconds; tests inject it.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._bucket = TokenBucket(rate, clock())
        self._clock = clock
        self._lock = allocate_lock()

    def wait(self, sleep: Callable[[float], None]) -> None:
        """Reserves the next turn, and sleeps until it is due. Turns are in the order of the calls."""
        with self._lock:
            seconds = self._bucket.reserve(self._clock())
        if seconds > 0:
            sleep(seconds)
