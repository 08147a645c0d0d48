"""The patience of a run: a request that was not executed is sent again under its key for minutes, not three times."""

from __future__ import annotations

import random as randomness
import time
from collections.abc import Callable
from typing import Any, Literal, Protocol, runtime_checkable

from stripe_shell.batch.interruptions import Interruptions
from stripe_shell.batch.outage import Outage
from stripe_shell.batch.pressure import Pressure
from stripe_shell.diagnostics import Diagnostic, Span
from stripe_shell.engine.links import Link, Links
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.errors import NotSent, OutcomeUnknown, RunStopped, TransportError
from stripe_shell.records import field, record, replace
from stripe_shell.transports.retry import may_have_acted, retry_after, says_not_executed
from stripe_shell.wire import Request, Response, Transport

#: The reason to send a request again: nobody answers, or Stripe asks to wait.
Reason = Literal["outage", "busy"]

_FIRST_DELAY = 0.5
_LONGEST_DELAY = 4.0
_LONGEST_RETRY_AFTER = 60.0
#: Codes of 409 that say that another request holds what this one needs.
_IN_USE = frozenset({"idempotency_key_in_use", "lock_timeout"})
#: Codes of 403 that are about the account of one request, not about the key.
_ABOUT_ACCOUNT = frozenset({"account_invalid"})


@record
class PatienceSettings:
    """The settings of a run's patience, in seconds; `say` is called with messages for the person.

    `pressure` is told of every request. After one of `interruptions` connections are opened anew, and the patience
    begins again. `clock` returns monotonic seconds, `random` numbers from [0, 1).
    """

    seconds: float
    stop: StopRequest
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = randomness.random
    pressure: Pressure = field(default_factory=Pressure)
    interruptions: Interruptions = field(default_factory=Interruptions)


@runtime_checkable
class Reconnecting(Protocol):
    """A transport that can open its connections anew."""

    def reconnect(self) -> None:
        """Closes idle connections, so that the next request opens another one."""
        ...


class PatientLinks:
    """The connections of a run; implements `engine.links.Links`. Each connection has one outage for all threads."""

    def __init__(self, links: Links, settings: PatienceSettings) -> None:
        self._links = links
        self._settings = settings
        self._transports: dict[str, PatientTransport] = {}
        self._patient: dict[str, tuple[Link, Link]] = {}

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        """Returns the link with a patient transport, or the diagnostic if there is no such connection."""
        link = self._links.find(name, span)
        if not isinstance(link, Link):
            return link
        own, patient = self._patient.get(link.name, (None, link))
        if own is link:
            return patient
        if link.name not in self._transports:
            self._transports[link.name] = PatientTransport(link.name, link.transport, self._settings)
        patient = replace(link, transport=self._transports[link.name])
        self._patient[link.name] = (link, patient)
        return patient

    def placeholder(self, name: str | None) -> bool:
        """Whether the name is a placeholder for the default connection."""
        return self._links.placeholder(name)


class PatientTransport:
    """A transport that sends a request again until it is executed or refused, or until the patience ends.

    Stops the run at once if the key is refused. Thread-safe.
    """

    def __init__(self, name: str, inner: Transport, settings: PatienceSettings) -> None:
        self._inner = inner
        self._settings = settings
        self._stop = settings.stop
        self._outage = Outage(
            name,
            settings.seconds,
            say=settings.say,
            pressure=settings.pressure,
            clock=settings.clock,
        )
        self._interrupted = settings.interruptions.count

    def send(self, request: Request) -> Response:
        """Sends the request as `wire.Transport`, with patience."""
        if self._stop.immediate:
            raise RunStopped(f"Not sent: the run was stopped ({self._stop.reason}).")
        attempts = _Attempts(replace(request, retries=0))
        until = self._settings.clock() + self._settings.seconds
        delay, stopped = 0.0, False
        while True:
            waited = attempts.number == 0 or self._wait(attempts, delay)
            if not waited or not self._outage.enter(lambda: self._stops(attempts)):
                stopped = True
                break
            if self._reconnect():
                until = self._settings.clock() + self._settings.seconds
            seen = self._make(attempts)
            reason = attempts.reason_to_repeat(seen)
            if reason == "outage":
                self._outage.fail(_describe(seen))
            else:
                self._outage.succeed()
            delay = self._delay(attempts.number, seen)
            if reason is None or self._settings.clock() + delay > until:
                break
        self._outage.give_up()
        return self._conclude(attempts, stopped=stopped)

    def _make(self, attempts: _Attempts) -> Response | TransportError:
        """Makes an attempt, and notes what it says of the speed of the run."""
        began = self._settings.clock()
        seen = attempts.make(self._inner)
        seconds = self._settings.clock() - began
        if isinstance(seen, Response):
            self._settings.pressure.note_request(seconds, seen.elapsed / 1000)
            if seen.status == 429:
                self._settings.pressure.note_refusal()
        return seen

    def _reconnect(self) -> bool:
        """Closes connections that may be gone, after an interruption; returns whether there was one."""
        count = self._settings.interruptions.count
        interrupted, self._interrupted = count != self._interrupted, count
        if interrupted and isinstance(self._inner, Reconnecting):
            self._inner.reconnect()
        return interrupted

    def _wait(self, attempts: _Attempts, delay: float) -> bool:
        """Waits before another attempt; returns False if the run stops meanwhile."""
        return not self._stop.wait(delay, immediate=attempts.doubtful)

    def _stops(self, attempts: _Attempts) -> bool:
        """Whether no attempt shall follow. A write in doubt is cleared up even if the run is to stop."""
        return self._stop.immediate or (self._stop.requested and not attempts.doubtful)

    def _delay(self, number: int, seen: Response | TransportError) -> float:
        backoff = min(_FIRST_DELAY * 2.0 ** (number - 1), _LONGEST_DELAY) * (0.5 + self._settings.random() / 2)
        wanted = retry_after(seen) if isinstance(seen, Response) else 0.0
        return max(backoff, min(wanted, _LONGEST_RETRY_AFTER))

    def _conclude(self, attempts: _Attempts, *, stopped: bool) -> Response:
        """Returns the last response. Raises TransportError if there is none, or if an earlier attempt is in doubt."""
        last = attempts.last
        if isinstance(last, Response) and _refuses_key(last):
            self._stop.request(f"Stripe refuses the key ({last.status})", immediate=True)
        if stopped and not attempts.doubtful:
            raise RunStopped(f"Not sent: the run was stopped ({self._stop.reason}).")
        doubtful = attempts.in_doubt and attempts.request.writes
        if isinstance(last, Response):
            if doubtful and says_not_executed(last):
                raise OutcomeUnknown(attempts.describe(f"answered {last.status}"), attempts=attempts.number)
            return last
        if doubtful and not isinstance(last, OutcomeUnknown):
            raise OutcomeUnknown(attempts.describe(str(last)), attempts=attempts.number) from last
        raise last


class _Attempts:
    """The attempts to send one request. `in_doubt`: one before the last may have been executed."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.number = 0
        self.in_doubt = False
        self.last: Response | TransportError = NotSent("Not sent: the run was stopped.")

    @property
    def doubtful(self) -> bool:
        """Whether a write may have been executed, and the response to it is not known."""
        return self.request.writes and (self.in_doubt or _may_have_acted(self.last))

    def make(self, transport: Transport) -> Response | TransportError:
        """Sends the request once; returns the response or the error."""
        if self.number:
            self.in_doubt = self.in_doubt or _may_have_acted(self.last)
        self.number += 1
        try:
            self.last = transport.send(self.request)
        except TransportError as error:
            self.last = error
        return self.last

    def reason_to_repeat(self, seen: Response | TransportError) -> Reason | None:
        """Returns why the request shall be sent again; None if it must not or need not."""
        repeatable = not self.request.writes or self.request.idempotency_key is not None
        if isinstance(seen, TransportError):
            return None if seen.lasting or not (repeatable or isinstance(seen, NotSent)) else "outage"
        advised = (seen.header("Stripe-Should-Retry") or "").strip().lower() == "true"
        if seen.status in {502, 503, 504} and (repeatable or advised):
            return "outage"
        waits = seen.status == 429 or (seen.status == 409 and _code(seen) in _IN_USE)
        return "busy" if waits or (advised and seen.status >= 400) else None

    def describe(self, what: str) -> str:
        """Returns the message for a write whose outcome is unknown."""
        key = self.request.idempotency_key
        return (
            f"Outcome unknown: {self.request.method} {self.request.path}: {what}, after an attempt whose answer was "
            f"lost ({self.number} attempts). Sent again with the same idempotency key, {key}, it takes effect once."
        )


def _may_have_acted(seen: Response | TransportError) -> bool:
    return may_have_acted(seen) if isinstance(seen, Response) else isinstance(seen, OutcomeUnknown)


def _refuses_key(response: Response) -> bool:
    return response.status == 401 or (response.status == 403 and _code(response) not in _ABOUT_ACCOUNT)


def _code(response: Response) -> str:
    try:
        body: Any = response.json()
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code") or "") if isinstance(error, dict) else ""


def _describe(seen: Response | TransportError) -> str:
    if isinstance(seen, Response):
        return f"{seen.status}"
    return str(seen).partition(": ")[2].partition(" (")[0] or str(seen)
