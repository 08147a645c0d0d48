"""The retry policy: whether and when to send a request again, independent of clock and network.

The rules are those of Stripe's official libraries: two retries; `Stripe-Should-Retry` decides first; then 409, 429 and
5xx, lost connections and time-outs are retried, TLS failures never. One rule is stricter: a write without an
idempotency key (v1 `DELETE`) is retried only if nothing was sent, or if Stripe says that nothing was executed (409,
429, `Stripe-Should-Retry: true`). A retry after a lost response would not find the object that the first attempt
deleted, and report a success as a failure.

A connection also has a retry budget, so that an outage does not triple its load.
"""

from __future__ import annotations

import math
from _thread import allocate_lock
from collections.abc import Callable

from stripe_shell.records import field, record
from stripe_shell.wire import Response

#: The response header by which a transport marks a response that did not come from Stripe.
ANSWERED_BY = "Stripe-Shell-Answered-By"


@record
class AttemptFailure:
    """An attempt without a readable response; `what` describes it.

    `sent`: at least part of the request may have reached the server. `lasting`: another attempt would fail the same
    way.
    """

    what: str
    sent: bool
    lasting: bool = False


@record
class RetryDelay:
    """The decision to retry after `seconds`, because of `reason`; it will be attempt `attempt` of `attempts`."""

    seconds: float
    reason: str
    attempt: int = field(default=2, compare=False)
    attempts: int = field(default=2, compare=False)


@record
class StopRetrying:
    """The decision not to retry."""


@record
class RetryPolicy:
    """Number of retries and delays. All times are in seconds; `retry_after_limit` caps a server's `Retry-After`."""

    retries: int = 2
    base: float = 0.5
    longest: float = 5.0
    retry_after_limit: float = 60.0

    def decide(
        self, attempt: int, seen: Response | AttemptFailure, *, repeatable: bool, random: float
    ) -> RetryDelay | StopRetrying:
        """Decides what follows after attempt number `attempt` (from 1) with the result `seen`.

        `repeatable`: sending the request twice is harmless (a read, or a write with an idempotency key). `random` is
        uniformly distributed over [0, 1).
        """
        if attempt > self.retries or not _may_repeat(seen, repeatable):
            return StopRetrying()
        return RetryDelay(self._seconds(attempt, seen, random), _reason(seen), attempt + 1, self.retries + 1)

    def _seconds(self, attempt: int, seen: Response | AttemptFailure, random: float) -> float:
        backoff = min(self.base * 2.0 ** (attempt - 1), self.longest) * (0.5 + random / 2)
        wanted = retry_after(seen) if isinstance(seen, Response) else 0.0
        return max(self.base, backoff, min(wanted, self.retry_after_limit))


def _may_repeat(seen: Response | AttemptFailure, repeatable: bool) -> bool:
    if isinstance(seen, AttemptFailure):
        return not seen.lasting and (repeatable or not seen.sent)
    advice = _advice(seen)
    if advice in ("true", "false"):
        return advice == "true"
    return seen.status in (409, 429) or (seen.status >= 500 and repeatable)


def retry_after(response: Response) -> float:
    """Returns the seconds of `Retry-After`, given as a number or a date; 0 if missing or invalid."""
    wanted = (response.header("Retry-After") or "").strip()
    try:
        seconds = float(wanted or 0)
    except ValueError:
        seconds = _seconds_until(wanted, response.header("Date") or "")
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _seconds_until(date: str, now: str) -> float:
    """Returns the seconds between two HTTP dates of the same server; 0 if either is invalid."""
    from email.utils import parsedate_to_datetime

    try:
        return (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _reason(seen: Response | AttemptFailure) -> str:
    return seen.what if isinstance(seen, AttemptFailure) else f"{answered_by(seen)} answered {seen.status}"


def answered_by(response: Response) -> str:
    """Returns the name of the origin of a response: Stripe, or an intermediary."""
    return response.header(ANSWERED_BY) or "Stripe"


class RetryBudget:
    """The retry budget of a connection. Each retry takes one; ten successes at the first attempt give one back.

    Retries after a 429 are free, as the server itself says when to retry. Thread-safe.
    """

    def __init__(self, most: float = 50.0) -> None:
        self._most = self._left = most
        self._lock = allocate_lock()

    def take(self, seen: Response | AttemptFailure) -> bool:
        """Takes a retry for the result `seen`; returns whether the budget allowed it."""
        if isinstance(seen, Response) and seen.status == 429:
            return True
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def give_back(self) -> None:
        """Credits a response at the first attempt."""
        with self._lock:
            self._left = min(self._most, self._left + 0.1)


@record
class SendResult:
    """The result of repeated sending: last result, number of attempts, and whether an earlier attempt is in doubt.

    `in_doubt`: an attempt before the last may have been executed, and its result is unknown. `spent`: the retry budget
    prevented another attempt.
    """

    last: Response | AttemptFailure
    attempts: int
    in_doubt: bool
    spent: bool = False


def send_repeatedly(
    attempt: Callable[[], Response | AttemptFailure],
    policy: RetryPolicy,
    *,
    repeatable: bool,
    sleep: Callable[[float], None],
    random: Callable[[], float],
    on_retry: Callable[[RetryDelay], None],
    budget: RetryBudget,
) -> SendResult:
    """Calls `attempt` until the policy or the budget stops it, sleeping for the delays of the policy in between."""
    in_doubt = False
    number = 1
    while True:
        seen = attempt()
        verdict = policy.decide(number, seen, repeatable=repeatable, random=random())
        if isinstance(verdict, StopRetrying):
            if number == 1 and isinstance(seen, Response):
                budget.give_back()
            return SendResult(seen, number, in_doubt)
        if not budget.take(seen):
            return SendResult(seen, number, in_doubt, spent=True)
        in_doubt = in_doubt or may_have_acted(seen)
        number += 1
        on_retry(verdict)
        sleep(verdict.seconds)


def may_have_acted(seen: Response | AttemptFailure) -> bool:
    """Whether a write may have been executed although `seen` does not show its result."""
    if isinstance(seen, AttemptFailure):
        return seen.sent
    return seen.status >= 500 and not _says_retry(seen)


def says_not_executed(response: Response) -> bool:
    """Whether the response says that *this* attempt was rejected before anything was executed."""
    return response.status in (401, 403, 409, 429) or (response.status >= 500 and _says_retry(response))


def _says_retry(response: Response) -> bool:
    return _advice(response) == "true"


def _advice(response: Response) -> str:
    return (response.header("Stripe-Should-Retry") or "").strip().lower()
