"""Stripe over HTTPS: one `requests.Session`, credentials, time-outs, retries, and errors that say what happened.

`Exchange` makes one attempt and knows nothing of Stripe; `StripeTransport` addresses, signs, repeats and judges.
"""

from __future__ import annotations

import random as randomness
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from stripe_shell import __version__
from stripe_shell.errors import NoAnswer, NotSent, OutcomeUnknown, TransportError
from stripe_shell.secrets import Credential
from stripe_shell.transports.retry import Delay, Failure, RetryPolicy, Tries, says_not_executed, send_repeatedly
from stripe_shell.wire import Request, Response, parse_json

#: Where Stripe lives, by `Request.host`.
STRIPE_HOSTS: Mapping[str, str] = {
    "api": "https://api.stripe.com",
    "files": "https://files.stripe.com",
    "meter-events": "https://meter-events.stripe.com",
}

USER_AGENT = f"stripe-shell/{__version__}"
FORM = "application/x-www-form-urlencoded"

_CHUNK = 64 * 1024
_POOL = 64  # connections kept open: more than any sensible number of jobs

# Reasons of OpenSSL that only a handshake can have: the request was not sent yet.
_HANDSHAKE = re.compile("VERSION|PROTOCOL|HANDSHAKE|CERTIFICATE|CIPHER|HTTP_REQUEST|PROXY_REQUEST|NAME|UNKNOWN_CA")
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an attempt may take, in seconds, and how large an answer may be, in bytes after decompression."""

    connect: float = 15.0
    answer: float = 80.0
    body: int = 64 * 1024 * 1024

    def within(self, timeout_ms: int | None) -> Limits:
        """These limits, with the time-out of one request in place of the usual one."""
        if timeout_ms is None:
            return self
        seconds = max(timeout_ms, 1) / 1000
        return Limits(min(self.connect, seconds), seconds, self.body)


def new_session() -> requests.Session:
    """A session with room for many connections at a time; it takes proxies and CA bundle from the environment."""
    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_connections=8, pool_maxsize=_POOL))
    session.mount("http://", HTTPAdapter(pool_connections=8, pool_maxsize=_POOL))
    return session


class Exchange:
    """One attempt at a time over one session. Safe to use from several threads.

    The session's adapter is used directly, because a session would follow redirects with the credential in hand,
    keep cookies, and put a password from `~/.netrc` in place of the credential.
    """

    def __init__(self, session: requests.Session, clock: Callable[[], float]) -> None:
        self._session = session
        self._clock = clock
        self._surroundings: dict[str, dict[str, Any]] = {}

    def attempt(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, limits: Limits
    ) -> Response | Failure:
        """Send it once; the answer whatever its status, or what went wrong. Does not follow redirects."""
        started = self._clock()
        try:
            prepared = requests.Request(method, url, headers=dict(headers), data=body or None).prepare()
            with closing(self._send(prepared, url, limits)) as answer:
                content = self._read(answer, started, limits)
                if isinstance(content, Failure):
                    return content
                if not content and answer.status_code == 200 and not _has_length(answer):
                    return Failure("the answer broke off", sent=True)  # before the headers were complete
                elapsed = (self._clock() - started) * 1000
                return Response(answer.status_code, dict(answer.headers), content, elapsed)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return classify(error, limits)
        except OSError as error:  # requests raises it bare when the CA bundle that the environment names is not there
            return Failure(str(error), sent=False, lasting=True)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._session.close()

    def _send(self, prepared: requests.PreparedRequest, url: str, limits: Limits) -> requests.Response:
        adapter = self._session.get_adapter(url)
        return adapter.send(prepared, timeout=(limits.connect, limits.answer), **self._environment(url))

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


def _has_length(answer: requests.Response) -> bool:
    return "Content-Length" in answer.headers or "Transfer-Encoding" in answer.headers


class StripeTransport:
    """A `wire.Transport` to Stripe, or to what speaks like it.

    `bases` gives the address for every `Request.host`. `version` and `account` are the connection's own and are sent
    where a request does not say otherwise. `on_retry` is told before every wait. Time-outs are per attempt.
    `sleep`, `random` ([0, 1)) and `clock` (seconds, monotonic) are injected for tests.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        bases: Mapping[str, str] = STRIPE_HOSTS,
        version: str | None = None,
        account: str | None = None,
        limits: Limits | None = None,
        policy: RetryPolicy | None = None,
        session_factory: Callable[[], requests.Session] = new_session,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = randomness.random,
        clock: Callable[[], float] = time.monotonic,
        on_retry: Callable[[Delay], None] = lambda delay: None,
    ) -> None:
        self._credential = credential
        self._bases = {host: base.rstrip("/") for host, base in bases.items()}
        self._defaults = _connection_headers(credential, version, account)
        self._limits = limits or Limits()
        self._policy = policy or RetryPolicy()
        self._exchange = Exchange(session_factory(), clock)
        self._sleep, self._random, self._clock, self._on_retry = sleep, random, clock, on_retry

    def send(self, request: Request) -> Response:
        """Send it, and again where that is safe and promising; the last answer, whatever its status.

        Raises NotSent when nothing was sent; when no readable answer came, OutcomeUnknown for a write and
        NoAnswer for a read.
        """
        url = self._address(request)
        headers = self._headers(request)
        limits = self._limits.within(request.timeout_ms)
        started = self._clock()

        def attempt() -> Response | Failure:
            return _judge(request, self._exchange.attempt(request.method, url, headers, request.body, limits))

        tries = send_repeatedly(
            attempt,
            self._policy,
            repeatable=not request.writes or request.idempotency_key is not None,
            sleep=self._sleep,
            random=self._random,
            on_retry=self._on_retry,
        )
        if isinstance(tries.last, Response) and not (
            request.writes and tries.in_doubt and says_not_executed(tries.last)
        ):
            return tries.last
        raise transport_error(request, urlsplit(url).netloc, tries, self._clock() - started)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._exchange.close()

    def _address(self, request: Request) -> str:
        base = self._bases.get(request.host)
        if base is None:
            raise NotSent(f"Not sent: this connection has no address for the host `{request.host}`.")
        check_path(request.path)
        return base + request.target

    def _headers(self, request: Request) -> dict[str, str]:
        """The headers of `request` over those of the connection; the credential comes last and cannot be replaced."""
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        headers |= {"Content-Type": "application/json" if request.path.startswith("/v2/") else FORM}
        wanted = _by_lower_name(self._defaults) | _by_lower_name(request.headers)
        if request.idempotency_key is not None:
            wanted |= {"idempotency-key": ("Idempotency-Key", request.idempotency_key)}
        merged = _by_lower_name(headers) | wanted
        merged["authorization"] = ("Authorization", f"Bearer {self._credential.reveal()}")
        return {name: _checked(name, value) for name, value in merged.values()}


def _connection_headers(credential: Credential, version: str | None, account: str | None) -> dict[str, str]:
    # The key of an organisation names the account in a header of its own.
    account_header = "Stripe-Context" if credential.reveal().startswith("sk_org") else "Stripe-Account"
    headers = {"Stripe-Version": version, account_header: account}
    return {name: value for name, value in headers.items() if value}


def _by_lower_name(headers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name.lower(): (name, value) for name, value in headers.items()}


def _checked(name: str, value: str) -> str:
    if _HEADER_VALUE.fullmatch(value) is None:
        raise NotSent(f"Not sent: the header {name} must be printable ASCII without blanks at its ends.")
    return value


def check_path(path: str) -> None:
    """Refuse a path that would reach another object than it names. Raises NotSent.

    HTTP libraries resolve `.` and `..` and servers may skip an empty segment: `POST /v1/customers/.` would *create* a
    customer where an update was meant.
    """
    for segment in path.split("/")[1:]:
        if unquote(segment) in ("", ".", ".."):
            raise NotSent(f"Not sent: `{path}` has an id that is empty, `.` or `..`.")


def _judge(request: Request, seen: Response | Failure) -> Response | Failure:
    """`seen`, unless it is an answer that no API gives: a redirect, or a 2xx to a write that is not JSON."""
    if isinstance(seen, Failure):
        return seen
    if 300 <= seen.status < 400:
        target = urlsplit(seen.header("Location") or "").hostname or "elsewhere on the same host"
        what = f"answered {seen.status} and points to {target}, which is not followed: the key would go there"
        return Failure(what, sent=True, lasting=True)
    if request.writes and seen.ok and not _is_json(seen.body):
        return Failure(f"answered {seen.status} with a body that is not JSON", sent=True, lasting=True)
    return seen


def _is_json(body: bytes) -> bool:
    try:
        parse_json(body)
    except ValueError:
        return False
    return True


def transport_error(request: Request, host: str, tries: Tries, elapsed: float) -> TransportError:
    """The exception that says what became of `request`: host, attempts, time, idempotency key, what to do next."""
    last = tries.last
    what = last.what if isinstance(last, Failure) else f"answered {last.status}, after an attempt whose answer was lost"
    sent = isinstance(last, Response) or last.sent or tries.in_doubt
    call = f"{request.method} {request.path}"
    cost = f"{tries.attempts} attempt{'s' if tries.attempts > 1 else ''} in {elapsed:.1f} s"
    if not sent:
        return NotSent(f"Not sent: {call} to {host}: {what} ({cost}). Nothing was changed.", attempts=tries.attempts)
    if not request.writes:
        return NoAnswer(f"No answer: {call} to {host}: {what} ({cost}). It was a read.", attempts=tries.attempts)
    advice = _advice(request.idempotency_key)
    return OutcomeUnknown(f"Outcome unknown: {call} to {host}: {what} ({cost}). {advice}", attempts=tries.attempts)


def _advice(idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return "It has no idempotency key: look whether it took effect before you send it again."
    return f"Sent again with the same idempotency key, {idempotency_key}, it takes effect once."


def classify(error: Exception, limits: Limits) -> Failure:
    """An exception of the HTTP library in plain words; in doubt, the request counts as sent."""
    causes = tuple(_causes(error))

    def among(*types: type[BaseException]) -> BaseException | None:
        return next((cause for cause in causes if isinstance(cause, types)), None)

    broken_off = among(ssl.SSLEOFError, ssl.SSLZeroReturnError)
    if not broken_off and among(requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError):
        return _tls_failure(among(ssl.SSLError))
    if isinstance(error, ValueError):
        return Failure("the address or a header cannot be used", sent=False, lasting=True)
    if among(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError):
        return Failure(f"the proxy cannot be used{_reason(among(OSError))}", sent=False)
    if among(urllib3.exceptions.NameResolutionError):
        return Failure("the host name is not known (DNS)", sent=False)
    if among(urllib3.exceptions.NewConnectionError):
        return Failure(f"no connection{_reason(_innermost(causes))}", sent=False)
    if among(requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        return Failure(f"no connection within {limits.connect:g} s", sent=False)
    if among(requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        return Failure(f"no answer within {limits.answer:g} s", sent=True)
    if among(urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError):
        return Failure("the answer cannot be decompressed", sent=True)
    if among(urllib3.exceptions.IncompleteRead):
        return Failure("the answer broke off", sent=True)
    return Failure(f"the connection was lost{_reason(_innermost(causes))}", sent=True)


def _tls_failure(error: BaseException | None) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Failure(f"its TLS certificate is not trusted ({error.verify_message})", sent=False, lasting=True)
    reason = error.reason if isinstance(error, ssl.SSLError) and isinstance(error.reason, str) else ""
    words = f" ({reason.lower().replace('_', ' ')})" if reason else ""
    return Failure(f"TLS failed{words}", sent=bool(reason) and not _HANDSHAKE.search(reason), lasting=True)


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
