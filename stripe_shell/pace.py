"""Limits the request rate of a connection across threads, without bursts, as a whole and for each operation."""

from __future__ import annotations

import math
import time
from _thread import LockType, allocate_lock
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from stripe_shell.records import field, record
from stripe_shell.wire import Response

#: Requests are this much further apart than the rate demands, as they do not all take the same time to arrive.
_MARGIN = 1.025
#: Turns that are at most so late, in seconds, are made up for by shorter intervals, down to this share of the usual
#: one, as long as those of one second stay so much further apart than they may be.
_CATCH_UP = 0.5
_NARROWEST = 0.8
_SECOND = 1.012
#: A request that was under way for longer than usual is taken to have arrived at most so late, in seconds.
_LATEST = 0.02
#: After a refusal the rate is halved, down to this share, and recovers by `_RECOVERY` of the full rate per success.
_LEAST = 1 / 32
_RECOVERY = 1 / 25
#: No more rows than this run at once, unless someone asks for them.
MOST_JOBS = 32
#: Rows that wait for their turn come on top of those whose request is under way.
_ROOM = 1.5
#: The weight of the latest response in the average latency.
_WEIGHT = 0.2


class _Queue:
    """A lock that is given to waiting threads in the order in which they came."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._held = False
        self._waiting: deque[LockType] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if not self._held:
                self._held = True
                return
            mine = allocate_lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            mine.acquire()
        except BaseException:  # Ctrl-C while waiting
            self._leave(mine)
            raise

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False

    def _leave(self, mine: LockType) -> None:
        """Gives up a place in the queue, or the lock if it was given meanwhile."""
        with self._lock:
            waits = mine in self._waiting
            if waits:
                self._waiting.remove(mine)
        if not waits:
            self.__exit__()


@record(frozen=False)
class _Lane:
    """The turns of all requests, or of one operation: full rate, present share of it, and when the next one may be.

    `planned` is when it would be due if none had been late. `turns` are the latest ones, as many as there may be in a
    second. `slowed` is when the share was last halved. `queue` is held by the request whose turn is next.
    """

    rate: float | None
    share: float = 1.0
    earliest: float = 0.0
    planned: float = 0.0
    turns: deque[float] = field(default_factory=deque)
    slowed: float = -math.inf
    queue: _Queue = field(default_factory=_Queue)

    @property
    def due(self) -> float:
        """Returns when the next turn is due."""
        if self.rate is None or len(self.turns) < self._in_a_second:
            return self.earliest
        return max(self.earliest, self.turns[0] + _SECOND * self._in_a_second / self.rate)

    @property
    def _in_a_second(self) -> int:
        return max(1, int(self.rate or 0))

    def take(self, now: float) -> None:
        """Takes the turn that is due."""
        if self.rate is None:
            return
        interval = _MARGIN / (self.rate * self.share)
        self.planned = (self.planned if now - self.planned <= _CATCH_UP else now) + interval
        self.earliest = max(self.planned, now + interval * _NARROWEST)
        self.turns.append(now)
        if len(self.turns) > self._in_a_second:
            self.turns.popleft()

    def move(self, turn: float, sent: float) -> None:
        """Notes that a request was sent later than it took its turn."""
        if sent > turn:
            with suppress(ValueError):
                self.turns[self.turns.index(turn)] = sent

    def slow_down(self, now: float, turn: float | None) -> None:
        """Halves the rate, unless the refused request took its turn before that was done last."""
        if turn is None or turn > self.slowed:
            self.share, self.slowed = max(self.share / 2, _LEAST), now


class Pace:
    """A rate limit in requests per second; in no second there are more. Thread-safe.

    `rate` holds for all requests, `operation_rate` for those of one operation; None is no limit. `clock` returns
    monotonic seconds. A pause saves nothing up.
    """

    def __init__(
        self, rate: float | None, operation_rate: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._all = _Lane(rate)
        self._operation_rate = operation_rate
        self._operations: dict[str, _Lane] = {}
        self._jobs = _Lane(None)
        self._latency = 0.0
        self._clock = clock
        self._lock = allocate_lock()

    def wait(self, sleep: Callable[[float], None], operation: str = "") -> float:
        """Waits for a turn of the operation (empty: of none in particular), and takes it; returns when that was."""
        with self._lanes(operation)[-1].queue:
            while True:
                now, delay = self.take(operation)
                if delay <= 0:
                    return now
                sleep(delay)

    def take(self, operation: str = "") -> tuple[float, float]:
        """Takes a turn of the operation if one is due; returns the time, and the seconds until one is due, else 0."""
        lanes = self._lanes(operation)
        with self._lock:
            now = self._clock()
            delay = max([lane.due for lane in lanes]) - now
            if delay <= 0:
                for lane in lanes:
                    lane.take(now)
            return now, max(delay, 0.0)

    def heed(self, response: Response, operation: str = "", turn: float | None = None) -> None:
        """Slows down after a 429, by its `Stripe-Rate-Limited-Reason`, and recovers with each success.

        `turn` is when the request took its turn: of several that are refused together only the first counts. A request
        that was under way for longer than usual may have arrived late, and takes its place in that second.
        """
        lanes, seconds = self._lanes(operation), response.elapsed / 1000
        with self._lock:
            self._latency += (seconds - self._latency) * (_WEIGHT if self._latency else 1)
            if turn is not None:
                late = min(max(seconds - self._latency, 0.0), _LATEST)
                for lane in lanes:
                    lane.move(turn, self._clock() - seconds + late)
            if response.status == 429:
                refused = self._refused(response, lanes)
                if refused is not None:
                    refused.slow_down(self._clock(), turn)
            elif response.ok:
                for lane in (self._jobs, *lanes):
                    lane.share = min(1.0, lane.share + _RECOVERY)

    def jobs(self, most: int | None) -> int:
        """Returns how many rows shall run at once: `most`, fewer after refusals for too many at once.

        None is rate times latency, with room for rows that wait for their turn, and at most 32; one without a rate.
        """
        with self._lock:
            if most is None:
                busy = (self._all.rate or 0) * self._latency
                most = min(MOST_JOBS, math.ceil(_ROOM * busy) + 2) if self._all.rate else 1
            return max(1, int(most * self._jobs.share))

    def _refused(self, response: Response, lanes: list[_Lane]) -> _Lane | None:
        """Returns what a 429 is about; None if it is about one object, for which only its own request waits."""
        reason = response.header("Stripe-Rate-Limited-Reason") or ""
        if reason == "resource-specific" or b'"lock_timeout"' in response.body:
            return None
        if reason.endswith("concurrency"):
            return self._jobs
        return lanes[-1] if reason.startswith("endpoint") else self._all

    def _lanes(self, operation: str) -> list[_Lane]:
        """Returns the lane of all requests, and that of the operation if it has one."""
        if not operation or not self._operation_rate:
            return [self._all]
        with self._lock:
            if operation not in self._operations:
                self._operations[operation] = _Lane(self._operation_rate)
            return [self._all, self._operations[operation]]
