"""Measures what limits the speed of a run: its pace, the latency, Stripe, or the network."""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Callable
from typing import Literal

Limit = Literal["pace", "latency", "Stripe", "network"]

#: Stripe counts as the limit for so many seconds after it refused a request as too many.
_REFUSED_FOR = 5.0
#: The weight of the latest request in the averages.
_WEIGHT = 0.1


class Pressure:
    """Measures the requests of a run. Thread-safe; `clock` returns monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = allocate_lock()
        self._paced = self._answered = 0.0
        self._outages = 0
        self._refused: float | None = None

    def note_request(self, seconds: float, latency: float) -> None:
        """Notes a request that took so many seconds, `latency` of them for its answer, the others for its turn."""
        with self._lock:
            self._paced += _WEIGHT * (max(seconds - latency, 0.0) - self._paced)
            self._answered += _WEIGHT * (latency - self._answered)

    def note_refusal(self) -> None:
        """Notes that Stripe asked to wait."""
        self._refused = self._clock()

    def note_outage(self, change: int) -> None:
        """Notes the beginning (1) or the end (-1) of an outage of a connection."""
        with self._lock:
            self._outages += change

    @property
    def limit(self) -> Limit:
        """Returns what limits the speed now."""
        if self._outages:
            return "network"
        if self._refused is not None and self._clock() - self._refused < _REFUSED_FOR:
            return "Stripe"
        return "pace" if self._paced > self._answered else "latency"
