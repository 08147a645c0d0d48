"""When to send a request again, and after how long: a pure policy, without clock and network.

The rules are those of Stripe's official libraries: two retries, `Stripe-Should-Retry` decides first, then 409, 429
and 5xx, lost connections and time-outs, never a TLS failure. In one point ours is stricter: a write that carries no
idempotency key (v1 `DELETE`) is sent again only when nothing was sent, or when Stripe says that nothing was carried
out (409, 429, `Stripe-Should-Retry: true`). Sent again after a lost answer, it would meet the object it has itself
deleted and report a failure for what was a success.

Besides, a connection has a budget for its retries: where every request fails, three times the load helps nobody.
"""

from __future__ import annotations

import math
from _thread import allocate_lock
from collections.abc import Callable

from stripe_shell.records import record
from stripe_shell.wire import Response

#: The response header by which a transport says that somebody on the way has answered, and not Stripe.
ANSWERED_BY = "Stripe-Shell-Answered-By"


@record
class Failure:
    """An attempt without a readable answer: `what` says it in words.

    `sent`: the request, or some of it, may have reached the other side. `lasting`: another attempt would fail alike.
    """

    what: str
    sent: bool
    lasting: bool = False


@record
class Delay:
    """Send it again after `seconds`, because of `reason`."""

    seconds: float
    reason: str


@record
class Stop:
    """Do not send it again."""


@record
class RetryPolicy:
    """How often and how patiently. All times are seconds; `retry_after_limit` caps what a server may ask for."""

    retries: int = 2
    base: float = 0.5
    longest: float = 5.0
    retry_after_limit: float = 60.0

    def decide(self, attempt: int, seen: Response | Failure, *, repeatable: bool, random: float) -> Delay | Stop:
        """What to do after attempt number `attempt` (from 1) brought `seen`.

        `repeatable`: sending it twice does no harm (a read, or a write with an idempotency key). `random` is drawn
        evenly from [0, 1).
        """
        if attempt > self.retries or not _may_repeat(seen, repeatable):
            return Stop()
        return Delay(self._seconds(attempt, seen, random), _reason(seen))

    def _seconds(self, attempt: int, seen: Response | Failure, random: float) -> float:
        backoff = min(self.base * 2.0 ** (attempt - 1), self.longest) * (0.5 + random / 2)
        wanted = _retry_after(seen) if isinstance(seen, Response) else 0.0
        return max(self.base, backoff, min(wanted, self.retry_after_limit))


def _may_repeat(seen: Response | Failure, repeatable: bool) -> bool:
    if isinstance(seen, Failure):
        return not seen.lasting and (repeatable or not seen.sent)
    advice = _advice(seen)
    if advice in ("true", "false"):
        return advice == "true"
    return seen.status in (409, 429) or (seen.status >= 500 and repeatable)


def _retry_after(response: Response) -> float:
    """The seconds that `Retry-After` asks for, as a number or as a date; 0 when it says nothing of use."""
    wanted = (response.header("Retry-After") or "").strip()
    try:
        seconds = float(wanted or 0)
    except ValueError:
        seconds = _seconds_until(wanted, response.header("Date") or "")
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _seconds_until(date: str, now: str) -> float:
    """From one date of HTTP to another, by the server's own clock; 0 when either is none."""
    from email.utils import parsedate_to_datetime

    try:
        return (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _reason(seen: Response | Failure) -> str:
    return seen.what if isinstance(seen, Failure) else f"{answered_by(seen)} answered {seen.status}"


def answered_by(response: Response) -> str:
    """Who has answered: Stripe, or what stands between it and us."""
    return response.header(ANSWERED_BY) or "Stripe"


class RetryBudget:
    """How many retries a connection has left. Each takes one; ten answers at the first attempt give one back.

    Retries after a 429 are free: the server itself says when it wants to be asked again. Safe for threads.
    """

    def __init__(self, most: float = 50.0) -> None:
        self._most = self._left = most
        self._lock = allocate_lock()

    def take(self, seen: Response | Failure) -> bool:
        """Whether there is a retry left after `seen`; it is taken."""
        if isinstance(seen, Response) and seen.status == 429:
            return True
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def give_back(self) -> None:
        """A request was answered at the first attempt."""
        with self._lock:
            self._left = min(self._most, self._left + 0.1)


@record
class Tries:
    """What repeated sending came to: the last outcome, the number of attempts, and whether an earlier one is in doubt.

    `in_doubt`: an attempt before the last may have been carried out, without our having seen its result. `spent`: there
    would have been another attempt, if the budget of the connection had not been used up.
    """

    last: Response | Failure
    attempts: int
    in_doubt: bool
    spent: bool = False


def send_repeatedly(
    attempt: Callable[[], Response | Failure],
    policy: RetryPolicy,
    *,
    repeatable: bool,
    sleep: Callable[[float], None],
    random: Callable[[], float],
    on_retry: Callable[[Delay], None],
    budget: RetryBudget,
) -> Tries:
    """Call `attempt` until the policy or the budget says stop, with the delays that the policy asks for in between."""
    in_doubt = False
    number = 1
    while True:
        seen = attempt()
        verdict = policy.decide(number, seen, repeatable=repeatable, random=random())
        if isinstance(verdict, Stop):
            if number == 1 and isinstance(seen, Response):
                budget.give_back()
            return Tries(seen, number, in_doubt)
        if not budget.take(seen):
            return Tries(seen, number, in_doubt, spent=True)
        in_doubt = in_doubt or may_have_acted(seen)
        number += 1
        on_retry(verdict)
        sleep(verdict.seconds)


def may_have_acted(seen: Response | Failure) -> bool:
    """Whether a write may have been carried out although `seen` does not show its result."""
    if isinstance(seen, Failure):
        return seen.sent
    return seen.status >= 500 and not _says_retry(seen)


def says_not_executed(response: Response) -> bool:
    """Whether this answer means that *this* attempt was turned away before anything was carried out."""
    return response.status in (401, 403, 409, 429) or (response.status >= 500 and _says_retry(response))


def _says_retry(response: Response) -> bool:
    return _advice(response) == "true"


def _advice(response: Response) -> str:
    return (response.header("Stripe-Should-Retry") or "").strip().lower()
