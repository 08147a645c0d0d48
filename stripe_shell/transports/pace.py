"""Limits the request rate of a connection across threads, without bursts, as a whole and for each operation."""

from __future__ import annotations

import time
from _thread import allocate_lock
from collections.abc import Callable

from stripe_shell.records import record
from stripe_shell.wire import Response

#: Requests are this much further apart than the rate demands, as they do not all take the same time to arrive.
_MARGIN = 1.02
#: After a refusal the rate is halved, down to this share, and recovers by `_RECOVERY` of the full rate per success.
_LEAST = 1 / 32
_RECOVERY = 1 / 50


@record(frozen=False)
class _Lane:
    """The turns of all requests, or of one operation: full rate, present share of it, and when the next turn is due."""

    rate: float
    share: float = 1.0
    due: float = 0.0

    def take(self, now: float) -> None:
        self.due = now + _MARGIN / (self.rate * self.share)


class Pace:
    """A rate limit in requests per second; in no second there are more. Thread-safe.

    `rate` holds for all requests, `operation_rate` for those of one operation; None is no limit. `clock` returns
    monotonic seconds. A pause saves nothing up.
    """

    def __init__(
        self, rate: float | None, operation_rate: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._all = _Lane(rate) if rate else None
        self._operation_rate = operation_rate
        self._operations: dict[str, _Lane] = {}
        self._clock = clock
        self._lock = allocate_lock()

    def wait(self, sleep: Callable[[float], None], operation: str = "") -> None:
        """Waits for a turn of the operation (empty: of none in particular), and takes it."""
        while True:
            with self._lock:
                now = self._clock()
                lanes = self._lanes(operation)
                due = max((lane.due for lane in lanes), default=now)
                if due <= now:
                    for lane in lanes:
                        lane.take(now)
                    return
            sleep(due - now)

    def heed(self, response: Response, operation: str = "") -> None:
        """Slows down after a 429, by its `Stripe-Rate-Limited-Reason`, and recovers with each success."""
        with self._lock:
            if response.status == 429:
                for lane in self._refused(response, operation):
                    lane.share = max(lane.share / 2, _LEAST)
            elif response.ok:
                for lane in self._lanes(operation):
                    lane.share = min(1.0, lane.share + _RECOVERY)

    def _refused(self, response: Response, operation: str) -> list[_Lane]:
        """Returns what a 429 is about; none if it is about one object, for which only its own request waits."""
        reason = response.header("Stripe-Rate-Limited-Reason") or ""
        if reason == "resource-specific" or b'"lock_timeout"' in response.body:
            return []
        if reason.startswith("endpoint"):
            return [lane for lane in self._lanes(operation) if lane is not self._all]
        return [self._all] if self._all is not None else []

    def _lanes(self, operation: str) -> list[_Lane]:
        lanes = [self._all] if self._all is not None else []
        if operation and self._operation_rate:
            if operation not in self._operations:
                self._operations[operation] = _Lane(self._operation_rate)
            lanes.append(self._operations[operation])
        return lanes
