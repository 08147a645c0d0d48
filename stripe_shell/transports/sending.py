"""Sends a request with retries, and builds the exception when no readable response came.

Shared by all HTTP transports. A single attempt is `Exchange.attempt` of `stripe.py`.
"""

from __future__ import annotations

import random as randomness
import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from stripe_shell import __version__
from stripe_shell.errors import NoAnswer, NotSent, OutcomeUnknown, TransportError
from stripe_shell.pace import Pace
from stripe_shell.records import field, record, replace
from stripe_shell.transports.retry import (
    AttemptFailure,
    RetryBudget,
    RetryDelay,
    RetryPolicy,
    SendResult,
    answered_by,
    says_not_executed,
    send_repeatedly,
)
from stripe_shell.wire import Request, Response

USER_AGENT = f"stripe-shell/{__version__}"
FORM = "application/x-www-form-urlencoded"

#: A callback for every attempt: the request (its `path` is the complete URL, its headers contain the credential), the
#: response or None, and a description of the failure.
Observe = Callable[[Request, Response | None, str], None]

#: A function that makes one attempt and returns the response, whatever its status, or a failure.
SendAttempt = Callable[[], Response | AttemptFailure]

#: The maximum nesting of the response to a write; Stripe's have about twenty levels with everything expanded.
_DEPTH = 100

#: A path in which no segment is empty, `.` or `..`.
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


@record
class Sender:
    """Sends requests with the retries, delays and rate of a connection.

    `sleep`, `random` ([0, 1)) and `clock` (monotonic seconds) are injected for tests. `on_retry` is called before every
    delay.
    """

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    pace: Pace | None = None
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = randomness.random
    clock: Callable[[], float] = time.monotonic
    on_retry: Callable[[RetryDelay], None] = lambda delay: None
    budget: RetryBudget = field(default_factory=RetryBudget)

    def send(self, request: Request, host: str, attempt: SendAttempt) -> Response:
        """Returns the last response, whatever its status.

        Raises NotSent if nothing was sent, OutcomeUnknown if a write got no readable response, NoAnswer if a read got
        none. `host` is named in the message.
        """
        started = self.clock()
        repeatable = not request.writes or request.idempotency_key is not None
        tries = self.repeat(lambda: _judged(request, attempt), repeatable=repeatable, request=request)
        if isinstance(tries.last, Response) and not (
            request.writes and tries.in_doubt and says_not_executed(tries.last)
        ):
            return tries.last
        raise transport_error(request, host, tries, self.clock() - started)

    def repeat(self, attempt: SendAttempt, *, repeatable: bool, request: Request | None = None) -> SendResult:
        """Calls `attempt` as often as policy and budget allow, at the rate of the connection.

        `request` may set the number of retries, and its operation may have a rate of its own.
        """
        operation = request.operation if request is not None else ""
        retries = request.retries if request is not None else None

        def in_pace() -> Response | AttemptFailure:
            if self.pace is None:
                return attempt()
            turn = self.pace.wait(self.sleep, operation)
            seen = attempt()
            if isinstance(seen, Response):
                self.pace.heed(seen, operation, turn)
            return seen

        return send_repeatedly(
            in_pace,
            self.policy if retries is None else replace(self.policy, retries=retries),
            repeatable=repeatable,
            sleep=self.sleep,
            random=self.random,
            on_retry=self.on_retry,
            budget=self.budget,
        )


# --- what is sent -----------------------------------------------------------------------------------------------


def check_path(path: str) -> None:
    """Raises NotSent for a path that would address another object than intended.

    HTTP libraries resolve `.` and `..`, and servers may skip an empty segment: `POST /v1/customers/.` would *create* a
    customer instead of updating one.
    """
    if _PLAIN_PATH.fullmatch(path):
        return
    for segment in path.split("/")[1:]:
        if unquote(segment) in ("", ".", ".."):
            raise NotSent(f"Not sent: `{path}` has an id that is empty, `.` or `..`.")


def host_of(address: str) -> str:
    """Returns host and port of `address`, for messages. Raises NotSent if it is not a URL."""
    try:
        return urlsplit(address).netloc
    except ValueError as error:
        raise NotSent(f"Not sent: the address of this connection cannot be used ({error}).") from None


def merge_headers(*layers: Mapping[str, str]) -> dict[str, str]:
    """Merges headers ignoring case; later layers override earlier ones, and an empty value removes a header.

    Raises NotSent for a value that is not valid in a header.
    """
    merged = {name.lower(): (name, value) for layer in layers for name, value in layer.items()}
    return {name: _check_header(name, value) for name, value in merged.values() if value or name == "Idempotency-Key"}


def common_headers(request: Request) -> dict[str, str]:
    """Returns the headers that are sent with every request."""
    kind = "application/json" if request.path.startswith("/v2/") else FORM
    return {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Content-Type": kind}


def _check_header(name: str, value: str) -> str:
    if _HEADER_VALUE.fullmatch(value) is None:
        raise NotSent(f"Not sent: the header {name} must be printable ASCII without blanks at its ends.")
    return value


# --- what came of it --------------------------------------------------------------------------------------------


def _judged(request: Request, attempt: SendAttempt) -> Response | AttemptFailure:
    """Makes an attempt and judges it. For any exception but NotSent, a write counts as sent."""
    try:
        return refuse_unusual(request, attempt())
    except NotSent as error:
        return AttemptFailure(str(error).removeprefix("Not sent: "), sent=False, lasting=True)
    except Exception as error:
        if not request.writes:
            raise
        return AttemptFailure(f"the answer cannot be read ({type(error).__name__})", sent=True)


def refuse_unusual(request: Request, seen: Response | AttemptFailure) -> Response | AttemptFailure:
    """Returns `seen`, or a failure for what no API sends: 1xx, redirects, 408, a 2xx to a write that is not JSON."""
    if isinstance(seen, AttemptFailure):
        return seen
    if seen.status < 200:
        return AttemptFailure(f"answered {seen.status}, which is no final answer", sent=True)
    if 300 <= seen.status < 400:
        target = _target_of(seen.header("Location") or "") or "elsewhere on the same host"
        what = f"answered {seen.status} and points to {target}, which is not followed: the key would go there"
        return AttemptFailure(what, sent=True, lasting=True)
    if seen.status == 408:  # An intermediary may have timed out after the server received the request.
        return AttemptFailure(f"answered 408 ({answered_by(seen)} gave up waiting)", sent=True)
    if request.writes and seen.ok and not _is_json(seen):
        return AttemptFailure(f"answered {seen.status} with a body that is not JSON", sent=True, lasting=True)
    return seen


def _target_of(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return "an address that is none"


def _is_json(seen: Response) -> bool:
    """Whether the body is JSON, nested at most `_DEPTH` levels."""
    try:
        level = [seen.parse_ahead()]
    except ValueError:
        return False
    if seen.body.count(b"{") + seen.body.count(b"[") <= _DEPTH:
        return True
    for _ in range(_DEPTH):
        branches = [node for node in level if isinstance(node, dict | list)]
        if not branches:
            return True
        level = [inner for node in branches for inner in (node.values() if isinstance(node, dict) else node)]
    return False


def transport_error(request: Request, host: str, tries: SendResult, elapsed: float) -> TransportError:
    """Returns the exception for a request without a readable response, with attempts, key and next step."""
    last = tries.last
    what = (
        last.what
        if isinstance(last, AttemptFailure)
        else f"answered {last.status}, after an attempt whose answer was lost"
    )
    sent = isinstance(last, Response) or last.sent or tries.in_doubt
    call = f"{request.method} {request.path}"
    spent = "; no more, as this connection has used up its retries" if tries.spent else ""
    cost = f"{tries.attempts} attempt{'s' if tries.attempts > 1 else ''} in {elapsed:.1f} s{spent}"
    tried, lasting = tries.attempts, isinstance(last, AttemptFailure) and last.lasting
    if not sent:
        message = f"Not sent: {call} to {host}: {what} ({cost}). Nothing was changed."
        return NotSent(message, attempts=tried, lasting=lasting)
    if not request.writes:
        message = f"No answer: {call} to {host}: {what} ({cost}). It was a read."
        return NoAnswer(message, attempts=tried, lasting=lasting)
    message = f"Outcome unknown: {call} to {host}: {what} ({cost}). {_advice(request.idempotency_key)}"
    return OutcomeUnknown(message, attempts=tried, lasting=lasting)


def _advice(idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return "It has no idempotency key: look whether it took effect before you send it again."
    return f"Sent again with the same idempotency key, {idempotency_key}, it takes effect once."
