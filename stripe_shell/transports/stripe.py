"""Stripe over HTTPS: one `requests.Session`, credentials, time-outs, and what goes wrong on the way in plain words.

`Exchange` makes one attempt and knows nothing of Stripe; `StripeTransport` addresses, signs and sends.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from stripe_shell.errors import NotSent
from stripe_shell.records import replace
from stripe_shell.secrets import Credential
from stripe_shell.transports.departure import Departure, watched
from stripe_shell.transports.retry import Failure
from stripe_shell.transports.sending import Observe, Sender, check_path, host_of, merge_headers, usual_headers
from stripe_shell.wire import Request, Response

#: Where Stripe lives, by `Request.host`.
STRIPE_HOSTS: Mapping[str, str] = {
    "api": "https://api.stripe.com",
    "files": "https://files.stripe.com",
    "meter-events": "https://meter-events.stripe.com",
}

#: No headers at all.
NOTHING: Mapping[str, str] = MappingProxyType({})

_CHUNK = 64 * 1024
_POOL = 64  # connections kept open: more than any sensible number of jobs

_TLS = (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)
#: What is raised while connecting and at no other time.
_CONNECTING = (
    requests.ConnectTimeout,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an attempt may take, in seconds, and how large an answer may be, in bytes after decompression."""

    connect: float = 15.0
    answer: float = 80.0
    body: int = 8 * 1024 * 1024

    def within(self, timeout_ms: int | None) -> Limits:
        """These limits, with the time-out of one request in place of the usual one."""
        if timeout_ms is None:
            return self
        seconds = max(timeout_ms, 1) / 1000
        return Limits(min(self.connect, seconds), seconds, self.body)


class WatchedAdapter(HTTPAdapter):
    """An adapter with room for many connections at a time, whose `departure` says how far a request has come."""

    def __init__(self) -> None:
        self.departure = Departure()
        super().__init__(pool_connections=8, pool_maxsize=_POOL)

    def get_connection_with_tls_context(self, *given: Any, **options: Any) -> urllib3.HTTPConnectionPool:
        """As in `HTTPAdapter`; from here on the request of this thread is watched."""
        self.departure.begun = False
        pool: urllib3.HTTPConnectionPool = super().get_connection_with_tls_context(*given, **options)  # type: ignore[assignment]
        pool.ConnectionCls = watched(pool.ConnectionCls, self.departure)
        return pool


def new_session() -> requests.Session:
    """A session whose requests are watched; it takes proxies and CA bundle from the environment."""
    session = requests.Session()
    session.mount("https://", WatchedAdapter())
    session.mount("http://", WatchedAdapter())
    return session


class Exchange:
    """One attempt at a time over one session. Safe to use from several threads.

    The session's adapter is used directly, because a session would follow redirects with the credential in hand,
    keep cookies, and put a password from `~/.netrc` in place of the credential.
    """

    def __init__(self, session: requests.Session, clock: Callable[[], float], observe: Observe | None = None) -> None:
        self._session = session
        self._clock = clock
        self._observe = observe
        self._surroundings: dict[str, dict[str, Any]] = {}

    def attempt(self, wire: Request, limits: Limits) -> Response | Failure:
        """Send it once; the answer whatever its status, or what went wrong. Does not follow redirects.

        `wire.path` is the whole address without the query; `wire.headers` are sent as they are and no others.
        """
        seen = self._try(wire, limits)
        if self._observe is not None:
            answer, problem = (None, seen.what) if isinstance(seen, Failure) else (seen, "")
            self._observe(wire, answer, problem)
        return seen

    def _try(self, wire: Request, limits: Limits) -> Response | Failure:
        """What failed before the first byte left was not sent, whatever was raised; all else may have been.

        An adapter that is no `WatchedAdapter`, or that is mocked, has no socket to watch: `classify` then decides.
        """
        started = self._clock()
        try:
            data = wire.body or None
            prepared = requests.Request(wire.method, wire.target, headers=dict(wire.headers), data=data).prepare()
            adapter, surroundings = self._session.get_adapter(wire.path), self._environment(wire.path)
        except Exception as error:  # noqa: BLE001 (whatever it is, nothing has been sent)
            return classify(error, limits, begun=False)
        departure = adapter.departure if isinstance(adapter, WatchedAdapter) else Departure()
        departure.begun = None
        try:
            with closing(adapter.send(prepared, timeout=(limits.connect, limits.answer), **surroundings)) as answer:
                on_socket, departure.begun = departure.begun is not None, True
                return self._receive(answer, started, limits, on_socket=on_socket)
        except Exception as error:  # noqa: BLE001 (whatever it is, the request may have been sent)
            return classify(error, limits, departure.begun)

    def _receive(
        self, answer: requests.Response, started: float, limits: Limits, *, on_socket: bool
    ) -> Response | Failure:
        """The whole answer, or how it broke. Only what came `on_socket` has lengths; a mock may leave them out."""
        content = self._read(answer, started, limits)
        if isinstance(content, Failure):
            return content
        if not content and _lacks_length(answer) and (answer.status_code == 200 or on_socket):
            return Failure(f"the answer ({answer.status_code}) broke off", sent=True)
        elapsed = (self._clock() - started) * 1000
        return Response(answer.status_code, dict(answer.headers), content, elapsed)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def _environment(self, url: str) -> dict[str, Any]:
        """Proxies, CA bundle and client certificate for the host of `url`, looked up once per host.

        Plain HTTP is for this machine only and never takes a proxy: it would carry the key in the clear.
        """
        base = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if base not in self._surroundings:
            settings = self._session.merge_environment_settings(base, {}, True, None, None)
            proxies = {} if base.startswith("http://") else settings["proxies"]
            self._surroundings[base] = {**settings, "proxies": proxies}
        return self._surroundings[base]

    def _read(self, answer: requests.Response, started: float, limits: Limits) -> bytes | Failure:
        """The whole body, unless it grows past the limit or trickles past the time-out."""
        chunks: list[bytes] = []
        size = 0
        for chunk in answer.iter_content(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > limits.body:
                return Failure(f"the answer ({answer.status_code}) is larger than {limits.body:,} bytes", True, True)
            if self._clock() - started > limits.connect + limits.answer:
                return Failure(f"the answer was not complete within {limits.answer:g} s", sent=True)
        return b"".join(chunks)


def _lacks_length(answer: requests.Response) -> bool:
    """Whether an answer without a body does not say that it has none: then its headers broke off."""
    length, coding = (answer.headers.get(name, "") for name in ("Content-Length", "Transfer-Encoding"))
    framed = length.strip().isdecimal() or coding.strip().lower().endswith("chunked")
    return not framed and (answer.status_code == 200 or answer.status_code >= 400)


class StripeTransport:
    """A `wire.Transport` to Stripe, or to what speaks like it.

    `bases` gives the address for every `Request.host`. `version` and `account` are the connection's own and are sent
    where a request does not say otherwise, and so are `headers`. Time-outs are per attempt.
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
        self._credential = credential
        self._bases = {host: base.rstrip("/") for host, base in bases.items()}
        own = {"Stripe-Version": version or "", "Stripe-Account": account or ""}
        self._defaults = merge_headers(own, headers)
        self._limits = limits or Limits()
        self._sender = sender or Sender()
        self._exchange = Exchange(session_factory(), self._sender.clock, observe)

    def send(self, request: Request) -> Response:
        """Send it, and again where that is safe and promising; the last answer, whatever its status.

        Raises NotSent when nothing was sent; when no readable answer came, OutcomeUnknown for a write and
        NoAnswer for a read.
        """
        wire = replace(request, path=self._address(request), headers=self._headers(request), idempotency_key=None)
        limits = self._limits.within(request.timeout_ms)
        return self._sender.send(request, host_of(wire.path), lambda: self._exchange.attempt(wire, limits))

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._exchange.close()

    def _address(self, request: Request) -> str:
        base = self._bases.get(request.host)
        if base is None:
            raise NotSent(f"Not sent: this connection has no address for the host `{request.host}`.")
        check_path(request.path)
        return base + request.path

    def _headers(self, request: Request) -> dict[str, str]:
        """The headers of `request` over those of the connection; the credential comes last and cannot be replaced."""
        key = {} if request.idempotency_key is None else {"Idempotency-Key": request.idempotency_key}
        credential = {"Authorization": f"Bearer {self._credential.reveal()}"}
        headers = merge_headers(usual_headers(request), self._defaults, request.headers, key, credential)
        return _in_context(headers) if self._credential.reveal().startswith("sk_org") else headers


def _in_context(headers: Mapping[str, str]) -> dict[str, str]:
    """The key of an organisation names the account in a header of its own."""
    context = {"Stripe-Context" if name.lower() == "stripe-account" else name: value for name, value in headers.items()}
    return merge_headers(context)


def classify(error: Exception, limits: Limits, begun: bool | None = None) -> Failure:
    """What was raised while a request was sent, in plain words.

    `begun` decides whether it counts as sent. Where nobody watched the socket (None), only what cannot be raised later
    than while connecting counts as not sent.
    """
    causes = tuple(_causes(error))
    if begun is None:
        begun = not _is_before_sending(error, causes)
    return _broken(error, causes, limits) if begun else _unsent(error, causes, limits)


def _is_before_sending(error: Exception, causes: tuple[BaseException, ...]) -> bool:
    """Whether it is an error of connecting by its type alone."""
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        return True  # requests raises it bare when the CA bundle that the environment names is not there
    return _among(causes, *_CONNECTING, ssl.SSLCertVerificationError) is not None


def _unsent(error: Exception, causes: tuple[BaseException, ...], limits: Limits) -> Failure:
    """Nothing has left: how the address or the connection failed."""
    if isinstance(error, ValueError) or not isinstance(error, OSError | urllib3.exceptions.HTTPError):
        return Failure("the address or a header cannot be used", sent=False, lasting=True)
    if not isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
        return Failure(str(error), sent=False, lasting=True)
    if _among(causes, urllib3.exceptions.NameResolutionError):
        return Failure("the host name is not known (DNS)", sent=False)
    if _among(causes, requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return Failure(f"the proxy cannot be used{_reason(_among(causes, OSError))}", sent=False)
    if _among(causes, urllib3.exceptions.NewConnectionError):
        return Failure(f"no connection{_reason(_innermost(causes))}", sent=False)
    if _among(causes, requests.Timeout, urllib3.exceptions.TimeoutError):
        return Failure(f"no connection within {limits.connect:g} s", sent=False)
    if _among(causes, ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
        return Failure("the connection was lost before TLS was agreed on", sent=False)
    if _among(causes, *_TLS):
        return _tls_failure(_among(causes, ssl.SSLError), sent=False)
    return Failure(f"no connection{_reason(_innermost(causes))}", sent=False)


def _broken(error: Exception, causes: tuple[BaseException, ...], limits: Limits) -> Failure:
    """The request has left: what became of its answer."""
    if not _among(causes, ssl.SSLEOFError, ssl.SSLZeroReturnError) and _among(causes, *_TLS):
        return _tls_failure(_among(causes, ssl.SSLError), sent=True)
    if _among(causes, requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        return Failure(f"no answer within {limits.answer:g} s", sent=True)
    if _among(causes, urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError):
        return Failure("the answer cannot be decompressed", sent=True)
    if _among(causes, http.client.IncompleteRead):
        return Failure("the answer broke off", sent=True)
    if _among(causes, ConnectionError) is None and _among(causes, http.client.HTTPException, ValueError):
        return Failure("the answer is not HTTP", sent=True)
    if not isinstance(error, OSError | urllib3.exceptions.HTTPError):
        return Failure(f"the answer cannot be read ({type(error).__name__})", sent=True)
    return Failure(f"the connection was lost{_reason(_innermost(causes))}", sent=True)


def _tls_failure(error: BaseException | None, *, sent: bool) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(f"its TLS certificate is not trusted ({error.verify_message})", sent, lasting=True)
    reason = error.reason if isinstance(error, ssl.SSLError) and isinstance(error.reason, str) else ""
    words = f" ({reason.lower().replace('_', ' ')})" if reason else ""
    return Failure(f"TLS failed{words}", sent, lasting=True)


def _among(causes: tuple[BaseException, ...], *types: type[BaseException]) -> BaseException | None:
    return next((cause for cause in causes if isinstance(cause, types)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from or wraps, outermost first, each once."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__]


def _innermost(causes: tuple[BaseException, ...]) -> BaseException | None:
    """The operating system's own word for it, if there is one."""
    return next((cause for cause in causes if isinstance(cause, OSError) and cause.strerror), None)


def _reason(error: BaseException | None) -> str:
    text = getattr(error, "strerror", None)
    return f" ({text.lower()})" if isinstance(text, str) and text else ""
