"""When to send a request again, and after how long: a pure policy, without clock and network.

The rules are those of Stripe's official libraries: two retries, `Stripe-Should-Retry` decides first, then 409, 429
and 5xx, lost connections and time-outs, never a TLS failure. In one point ours is stricter: a write that carries no
idempotency key (v1 `DELETE`) is sent again only when nothing was sent, or when Stripe says that nothing was carried
out (409, 429, `Stripe-Should-Retry: true`). Sent again after a lost answer, it would meet the object it has itself
deleted and report a failure for what was a success.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from stripe_shell.records import record
from stripe_shell.wire import Response


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
    """The seconds that `Retry-After` asks for; 0 when there is none or it is not a number (Stripe sends no dates)."""
    try:
        seconds = float(response.header("Retry-After") or 0)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _reason(seen: Response | Failure) -> str:
    return seen.what if isinstance(seen, Failure) else f"Stripe answered {seen.status}"


@record
class Tries:
    """What repeated sending came to: the last outcome, the number of attempts, and whether an earlier one is in doubt.

    `in_doubt`: an attempt before the last may have been carried out, without our having seen its result.
    """

    last: Response | Failure
    attempts: int
    in_doubt: bool


def send_repeatedly(
    attempt: Callable[[], Response | Failure],
    policy: RetryPolicy,
    *,
    repeatable: bool,
    sleep: Callable[[float], None],
    random: Callable[[], float],
    on_retry: Callable[[Delay], None],
) -> Tries:
    """Call `attempt` until the policy says stop, with the delays it asks for in between."""
    in_doubt = False
    number = 1
    while True:
        seen = attempt()
        verdict = policy.decide(number, seen, repeatable=repeatable, random=random())
        if isinstance(verdict, Stop):
            return Tries(seen, number, in_doubt)
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
