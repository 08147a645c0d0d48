"""Tracks the requests of a run at the prompt, and formats the waiting line."""

from __future__ import annotations

import time
from _thread import allocate_lock, get_ident
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stripe_shell.errors import NotSent
from stripe_shell.records import record

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome
    from stripe_shell.engine.run.block_exchange import RunObserver
    from stripe_shell.engine.run.rows import CollectedPages
    from stripe_shell.transports.retry import RetryDelay

#: The delay before the waiting line appears, in seconds.
PATIENCE = 0.5

#: The frames of the spinner, one for each tenth of a second.
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

#: The hint at the end of the waiting line, longest first; the first that fits is shown.
WAYS_OUT = ("   Ctrl-C stops waiting", "   Ctrl-C stops")


@record
class _Retry:
    """A delay before another attempt, and when it began."""

    delay: RetryDelay
    since: float


class RunProgress:
    """The requests, pages and blocks of one run. Thread-safe.

    `clock` returns monotonic seconds. `work` names what is done while no request of a block is under way.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = allocate_lock()
        self._since = clock()
        self._waiting_since = self._since
        self._under_way: dict[int, Outcome] = {}
        self._retries: dict[int, _Retry] = {}
        self._listed: tuple[Outcome, CollectedPages] | None = None
        self._stopped = False
        self.answered = 0
        self.work = ""

    def observer(self) -> RunObserver:
        """Returns the callbacks for an engine."""
        from stripe_shell.engine.run.block_exchange import RunObserver

        return RunObserver(self._sending, self._received, self._page)

    @property
    def under_way(self) -> list[Outcome]:
        """Returns the outcomes whose requests were sent and not answered yet."""
        return list(self._under_way.values())

    @property
    def listed(self) -> tuple[Outcome, CollectedPages] | None:
        """Returns the list whose pages are being fetched: its outcome and pages so far; None if there is none."""
        return self._listed

    @property
    def stopped(self) -> bool:
        """Whether no further request is to be sent."""
        return self._stopped

    def stop(self) -> list[Outcome]:
        """Prevents further requests; returns the outcomes whose requests are under way."""
        with self._lock:
            self._stopped = True
            return self.under_way

    def delayed(self, delay: RetryDelay) -> None:
        """Records the delay before a retry by the calling thread."""
        with self._lock:
            self._retries[get_ident()] = _Retry(delay, self._clock())

    # --- callbacks of the engine ------------------------------------------------------------------------------

    def _sending(self, outcome: Outcome) -> None:
        """Records a request. Raises NotSent after `stop`."""
        with self._lock:
            if self._stopped:
                raise NotSent("Not sent: you stopped waiting before.")
            self._under_way[get_ident()] = outcome
            self._waiting_since = self._clock()

    def _received(self, _: Outcome) -> None:
        with self._lock:
            self._retries.pop(get_ident(), None)
            if self._under_way.pop(get_ident(), None) is not None:
                self.answered += 1
                self._listed = None

    def _page(self, outcome: Outcome, pages: CollectedPages) -> bool:
        with self._lock:
            if self._stopped:
                return False
            self._retries.pop(get_ident(), None)
            self._listed = (outcome, pages)
            return True

    # --- the waiting line ------------------------------------------------------------------------------

    def line(self, *, many: bool = False) -> str:
        """Returns the waiting line, empty in the first half second. `many` counts the blocks of a run of several."""
        now = self._clock()
        since = self._since if many or self.answered else self._waiting_since
        if now - since < PATIENCE:
            return ""
        sign = SPINNER[int(now * 10) % len(SPINNER)]
        return f"{sign} {' · '.join(self._facts(now, many=many or self.answered > 0))}"

    def _facts(self, now: float, *, many: bool) -> Iterator[str]:
        with self._lock:
            listed, under_way = self._listed, self.under_way
            retries, answered = list(self._retries.values()), self.answered
        if listed is not None:
            pages = listed[1]
            yield f"page {pages.pages:,} · {pages.rows:,} rows"
            yield f"{pages.rows / max(now - self._waiting_since, 0.1):,.0f}/s"
        elif many:
            yield f"{answered:,} {'block' if answered == 1 else 'blocks'} done"
            yield f"{answered / max(now - self._since, 0.1):,.0f}/s"
        if (under_way or self.work) and listed is None:
            request = under_way[0].request if under_way else None
            yield f"{request.method} {request.path}" if request else under_way[0].name if under_way else self.work
            if not many:
                yield f"{max(1, int(now - self._waiting_since))} s"
        if retries:
            yield _retry_words(retries[0], now)


def _retry_words(retry: _Retry, now: float) -> str:
    """Returns `try 2 of 3 (429, again in 2 s)`; omits the delay once it is over."""
    delay = retry.delay
    left = retry.since + delay.seconds - now
    cause = delay.reason.removeprefix("Stripe answered ")
    again = f", again in {left:.0f} s" if left >= 0.5 else ""
    return f"try {delay.attempt} of {delay.attempts} ({cause}{again})"
