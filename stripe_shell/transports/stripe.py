"""Sends requests to Stripe over HTTPS: one `requests.Session`, credentials, time-outs, and errors in plain words.

`HttpClient` makes one attempt at any URL; `StripeTransport` adds Stripe's hosts, headers and retries.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from stripe_shell.errors import NotSent
from stripe_shell.pace import Pace
from stripe_shell.records import record, replace
from stripe_shell.secrets import Credential
from stripe_shell.transports.adapter import WatchedAdapter, prepare
from stripe_shell.transports.deadline import Deadline
from stripe_shell.transports.departure import Departure
from stripe_shell.transports.retry import AttemptFailure
from stripe_shell.transports.sending import Observe, Sender, check_path, common_headers, host_of, merge_headers
from stripe_shell.wire import Request, Response

#: Stripe's API hosts, by `Request.host`.
STRIPE_HOSTS: Mapping[str, str] = {
    "api": "https://api.stripe.com",
    "files": "https://files.stripe.com",
    "meter-events": "https://meter-events.stripe.com",
}

#: An empty mapping of headers.
NOTHING: Mapping[str, str] = MappingProxyType({})

_CHUNK = 64 * 1024

_TLS = (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)
#: The exceptions that only occur while connecting.
_CONNECTING = (
    requests.ConnectTimeout,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
)


@record
class Limits:
    """The limits of an attempt: time-outs in seconds, response size in bytes after decompression.

    `connect` and `answer` are those of connecting and of each wait for a part of the answer; the attempt as a whole has
    `total`, by default both together.
    """

    connect: float = 15.0
    answer: float = 80.0
    body: int = 8 * 1024 * 1024
    whole: float | None = None

    @property
    def total(self) -> float:
        """The time limit of the whole attempt, in seconds."""
        return self.connect + self.answer if self.whole is None else self.whole

    def within(self, timeout_ms: int | None) -> Limits:
        """Returns a copy with the time-out of one request, in milliseconds, instead of the default."""
        if timeout_ms is None:
            return self
        seconds = max(timeout_ms, 1) / 1000
        return Limits(min(self.connect, seconds), seconds, self.body, seconds)


def new_session() -> requests.Session:
    """Returns a session whose requests are watched; it takes proxies and CA bundle from the environment."""
    session = requests.Session()
    session.mount("https://", WatchedAdapter())
    session.mount("http://", WatchedAdapter())
    return session


class HttpClient:
    """Makes single attempts over one session. Thread-safe.

    Uses the session's adapter directly, because a session would follow redirects with the credential, keep cookies, and
    replace the credential by a password from `~/.netrc`.
    """

    def __init__(self, session: requests.Session, clock: Callable[[], float], observe: Observe | None = None) -> None:
        self._session = session
        self._clock = clock
        self._observe = observe
        self._surroundings: dict[str, dict[str, Any]] = {}

    def attempt(self, wire: Request, limits: Limits) -> Response | AttemptFailure:
        """Sends the request once; returns the response, whatever its status, or a failure. Does not follow redirects.

        `wire.path` is the complete URL without the query; `wire.headers` are sent unchanged, without additions.
        """
        seen = self._try(wire, limits)
        if self._observe is not None:
            answer, problem = (None, seen.what) if isinstance(seen, AttemptFailure) else (seen, "")
            self._observe(wire, answer, problem)
        return seen

    def _try(self, wire: Request, limits: Limits) -> Response | AttemptFailure:
        """Makes the attempt and classifies exceptions: as not sent before the first byte was sent, as sent after it.

        An adapter other than `WatchedAdapter`, or a mocked one, has no socket to watch: `classify` then decides by
        type.
        """
        started = self._clock()
        try:
            prepared = prepare(wire)
            adapter, surroundings = self._session.get_adapter(wire.path), self._environment(wire.path)
        except Exception as error:  # noqa: BLE001 (whatever it is, nothing has been sent)
            return classify(error, limits, begun=False)
        departure = adapter.departure if isinstance(adapter, WatchedAdapter) else Departure()
        departure.begun = None
        timeout = (limits.connect, limits.answer)
        with Deadline(limits.total) as deadline:
            departure.deadline = deadline
            try:
                with closing(adapter.send(prepared, timeout=timeout, **surroundings)) as answer:
                    on_socket, departure.begun = departure.begun is not None, True
                    seen = self._receive(answer, started, limits, on_socket=on_socket)
            except Exception as error:  # noqa: BLE001 (whatever it is, the request may have been sent)
                seen = classify(error, limits, departure.begun)
        if deadline.over:  # `http.client` may have taken the broken answer for a complete one
            what = "no answer" if departure.begun else "no connection"
            return AttemptFailure(f"{what} within {limits.total:g} s", sent=departure.begun is not False)
        return seen

    def _receive(
        self, answer: requests.Response, started: float, limits: Limits, *, on_socket: bool
    ) -> Response | AttemptFailure:
        """Returns the complete response or a failure; checks lengths only `on_socket`, as mocks may omit them."""
        content = self._read(answer, started, limits)
        if isinstance(content, AttemptFailure):
            return content
        if not content and _lacks_length(answer) and (answer.status_code == 200 or on_socket):
            return AttemptFailure(f"the answer ({answer.status_code}) broke off", sent=True)
        elapsed = (self._clock() - started) * 1000
        return Response(answer.status_code, dict(answer.headers), content, elapsed)

    def close(self) -> None:
        """Closes the connections of the pool."""
        self._session.close()

    def _environment(self, url: str) -> dict[str, Any]:
        """Returns proxies, CA bundle and client certificate for the host of `url`, cached per host.

        Plain HTTP is allowed for loopback only and never uses a proxy, which would see the key in clear text.
        """
        base = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if base not in self._surroundings:
            settings = self._session.merge_environment_settings(base, {}, True, None, None)
            proxies = {} if base.startswith("http://") else settings["proxies"]
            self._surroundings[base] = {**settings, "proxies": proxies}
        return self._surroundings[base]

    def _read(self, answer: requests.Response, started: float, limits: Limits) -> bytes | AttemptFailure:
        """Returns the complete body, or a failure if it exceeds the size limit or the time-out."""
        chunks: list[bytes] = []
        size = 0
        for chunk in answer.iter_content(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > limits.body:
                return AttemptFailure(
                    f"the answer ({answer.status_code}) is larger than {limits.body:,} bytes", True, True
                )
            if self._clock() - started > limits.total:
                return AttemptFailure(f"the answer was not complete within {limits.total:g} s", sent=True)
        return b"".join(chunks)


def _lacks_length(answer: requests.Response) -> bool:
    """Whether a response without a body also lacks a length, so that its headers were truncated."""
    length, coding = (answer.headers.get(name, "") for name in ("Content-Length", "Transfer-Encoding"))
    framed = length.strip().isdecimal() or coding.strip().lower().endswith("chunked")
    return not framed and (answer.status_code == 200 or answer.status_code >= 400)


class StripeTransport:
    """A `wire.Transport` to Stripe or a compatible server.

    `bases` maps every `Request.host` to an address. `version`, `account` and `headers` are the connection's defaults,
    sent unless a request overrides them. Time-outs are per attempt.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        bases: Mapping[str, str] = STRIPE_HOSTS,
        version: str | None = None,
        account: str | None = None,
        headers: Mapping[str, str] = NOTHING,
        limits: Limits | None = None,
        sender: Sender | None = None,
        session_factory: Callable[[], requests.Session] = new_session,
        observe: Observe | None = None,
    ) -> None:
        self._authorization = {"Authorization": f"Bearer {credential.reveal()}"}
        self._is_organization = credential.reveal().startswith("sk_org")
        self._bases = {host: base.rstrip("/") for host, base in bases.items()}
        own = {"Stripe-Version": version or "", "Stripe-Account": account or ""}
        self._defaults = merge_headers(own, headers)
        self._limits = limits or Limits()
        self._sender = sender or Sender()
        self._exchange = HttpClient(session_factory(), self._sender.clock, observe)

    def send(self, request: Request) -> Response:
        """Sends the request with safe retries; returns the last response, whatever its status.

        Raises NotSent if nothing was sent, OutcomeUnknown if a write got no readable response, NoAnswer if a read got
        none.
        """
        wire = replace(request, path=self._address(request), headers=self._headers(request), idempotency_key=None)
        limits = self._limits.within(request.timeout_ms)
        return self._sender.send(request, host_of(wire.path), lambda: self._exchange.attempt(wire, limits))

    @property
    def pace(self) -> Pace | None:
        """Returns the pace of the connection; None if it has no limit."""
        return self._sender.pace

    def close(self) -> None:
        """Closes the connections of the pool."""
        self._exchange.close()

    def _address(self, request: Request) -> str:
        base = self._bases.get(request.host)
        if base is None:
            raise NotSent(f"Not sent: this connection has no address for the host `{request.host}`.")
        check_path(request.path)
        return base + request.path

    def _headers(self, request: Request) -> dict[str, str]:
        """Returns the headers of `request` merged over the connection's; the credential cannot be overridden."""
        key = {} if request.idempotency_key is None else {"Idempotency-Key": request.idempotency_key}
        headers = merge_headers(common_headers(request), self._defaults, request.headers, key, self._authorization)
        return _in_context(headers) if self._is_organization else headers


def _in_context(headers: Mapping[str, str]) -> dict[str, str]:
    """Moves the account to the `Stripe-Context` header, which organization keys require."""
    context = {"Stripe-Context" if name.lower() == "stripe-account" else name: value for name, value in headers.items()}
    return merge_headers(context)


def classify(error: Exception, limits: Limits, begun: bool | None = None) -> AttemptFailure:
    """Returns an exception raised while sending as a failure in plain words.

    `begun` decides whether the request counts as sent. If the socket was not watched (None), only exceptions that occur
    while connecting count as not sent.
    """
    causes = tuple(_causes(error))
    if begun is None:
        begun = not _is_before_sending(error, causes)
    return _broken(error, causes, limits) if begun else _unsent(error, causes, limits)


def _is_before_sending(error: Exception, causes: tuple[BaseException, ...]) -> bool:
    """Whether the type of the exception alone shows that connecting failed."""
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        return True  # requests raises a bare OSError if the CA bundle of the environment is missing
    return _among(causes, *_CONNECTING, ssl.SSLCertVerificationError) is not None


def _unsent(error: Exception, causes: tuple[BaseException, ...], limits: Limits) -> AttemptFailure:
    """Returns the failure of a request that was not sent: how the URL or the connection failed."""
    if isinstance(error, ValueError) or not isinstance(error, OSError | urllib3.exceptions.HTTPError):
        return AttemptFailure("the address or a header cannot be used", sent=False, lasting=True)
    if not isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
        return AttemptFailure(str(error), sent=False, lasting=True)
    if _among(causes, urllib3.exceptions.NameResolutionError):
        return AttemptFailure("the host name is not known (DNS)", sent=False)
    if _among(causes, requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return AttemptFailure(f"the proxy cannot be used{_reason(_among(causes, OSError))}", sent=False)
    if _among(causes, urllib3.exceptions.NewConnectionError):
        return AttemptFailure(f"no connection{_reason(_innermost(causes))}", sent=False)
    if _among(causes, requests.Timeout, urllib3.exceptions.TimeoutError):
        return AttemptFailure(f"no connection within {limits.connect:g} s", sent=False)
    if _among(causes, ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
        return AttemptFailure("the connection was lost before TLS was agreed on", sent=False)
    if _among(causes, *_TLS):
        return _tls_failure(_among(causes, ssl.SSLError), sent=False)
    return AttemptFailure(f"no connection{_reason(_innermost(causes))}", sent=False)


def _broken(error: Exception, causes: tuple[BaseException, ...], limits: Limits) -> AttemptFailure:
    """Returns the failure of a request that was sent: how its response failed."""
    if not _among(causes, ssl.SSLEOFError, ssl.SSLZeroReturnError) and _among(causes, *_TLS):
        return _tls_failure(_among(causes, ssl.SSLError), sent=True)
    if _among(causes, requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        return AttemptFailure(f"no answer within {limits.answer:g} s", sent=True)
    if _among(causes, urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError):
        return AttemptFailure("the answer cannot be decompressed", sent=True)
    if _among(causes, http.client.IncompleteRead):
        return AttemptFailure("the answer broke off", sent=True)
    if _among(causes, ConnectionError) is None and _among(causes, http.client.HTTPException, ValueError):
        return AttemptFailure("the answer is not HTTP", sent=True)
    if not isinstance(error, OSError | urllib3.exceptions.HTTPError):
        return AttemptFailure(f"the answer cannot be read ({type(error).__name__})", sent=True)
    return AttemptFailure(f"the connection was lost{_reason(_innermost(causes))}", sent=True)


def _tls_failure(error: BaseException | None, *, sent: bool) -> AttemptFailure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return AttemptFailure(f"its TLS certificate is not trusted ({error.verify_message})", sent, lasting=True)
    reason = error.reason if isinstance(error, ssl.SSLError) and isinstance(error.reason, str) else ""
    words = f" ({reason.lower().replace('_', ' ')})" if reason else ""
    return AttemptFailure(f"TLS failed{words}", sent, lasting=True)


def _among(causes: tuple[BaseException, ...], *types: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, types)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yields the exception and those it was raised from or wraps, outermost first, each once."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__]


def _innermost(causes: tuple[BaseException, ...]) -> BaseException | None:
    """Returns the operating system's exception, if there is one."""
    return next((cause for cause in causes if isinstance(cause, OSError) and cause.strerror), None)


def _reason(error: BaseException | None) -> str:
    text = getattr(error, "strerror", None)
    return f" ({text.lower()})" if isinstance(text, str) and text else ""
