"""Tokens for proxies: given, fetched with client credentials (OAuth 2), or signed here (RS256).

A token is cached until shortly before it expires. A refused token is replaced once, if possible.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from stripe_shell.errors import ShellError
from stripe_shell.records import record
from stripe_shell.secrets import Credential
from stripe_shell.transports.retry import AttemptFailure
from stripe_shell.transports.sending import FORM, SendAttempt, Sender
from stripe_shell.wire import Request, Response, encode_form

#: The time before expiry at which a token is replaced, in seconds; at most a tenth of its lifetime.
MARGIN = 60.0

#: The assumed lifetime of a fetched token whose response has no `expires_in`, in seconds.
_SHORT_LIFE = 300.0

#: The maximum lifetime that is accepted, in seconds, since a response may contain a number too large for a clock.
_LONG_LIFE = 1e9


class NoToken(ShellError):
    """The error for a token that cannot be obtained, so that nothing can be sent."""


class TokenSource(Protocol):
    """The interface of a token source. Thread-safe."""

    def current(self) -> Credential:
        """Returns the token to send. Raises NoToken."""
        ...

    def renew(self, refused: Credential) -> bool:
        """Whether a token other than `refused` is available now; may fetch one. Raises NoToken."""
        ...


class ProvidedToken:
    """A token from outside; `read` is called again after a refusal, since a file or a command may return a new one."""

    def __init__(self, value: Credential, read: Callable[[], Credential | None]) -> None:
        self._value = value
        self._read = read
        self._lock = allocate_lock()

    def current(self) -> Credential:
        """Returns the token, as `TokenSource`."""
        return self._value

    def renew(self, refused: Credential) -> bool:
        """Reads the token again, as `TokenSource`."""
        with self._lock:
            if self._value == refused:
                self._value = self._read() or refused
            return self._value != refused


@record
class IssuedToken:
    """A new token and its lifetime in seconds."""

    value: Credential
    lifetime: float


class CachedToken:
    """A token from `make`, cached until shortly before it expires. `clock` returns monotonic seconds."""

    def __init__(self, make: Callable[[], IssuedToken], clock: Callable[[], float]) -> None:
        self._make = make
        self._clock = clock
        self._lock = allocate_lock()
        self._value: Credential | None = None
        self._until = 0.0

    def current(self) -> Credential:
        """Returns the cached token or makes one, as `TokenSource`."""
        with self._lock:
            if self._value is None or self._clock() >= self._until:
                self._replace()
            assert self._value is not None  # noqa: S101 (what was replaced is there)
            return self._value

    def renew(self, refused: Credential) -> bool:
        """Replaces the token, as `TokenSource`. If it was refused in several threads, only the first one replaces
        it."""
        with self._lock:
            if self._value == refused:
                self._replace()
            return self._value != refused

    def _replace(self) -> None:
        began = self._clock()
        fresh = self._make()
        self._value = fresh.value
        self._until = began + fresh.lifetime - min(MARGIN, fresh.lifetime / 10)


# --- OAuth 2, client credentials --------------------------------------------------------------------------------


@record
class ClientCredentials:
    """The parameters of the client credentials grant (RFC 6749 §4.4) at the token endpoint `url`, sent as a form."""

    url: str
    client_id: str
    client_secret: Credential
    scope: str | None = None


def fetch_token(
    credentials: ClientCredentials, attempt: Callable[[Request], SendAttempt], sender: Sender
) -> IssuedToken:
    """Fetches a token. `attempt` turns a request into a function that sends it once. Raises NoToken."""
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret.reveal(),
        **({"scope": credentials.scope} if credentials.scope else {}),
    }
    headers = {"Content-Type": FORM, "Accept": "application/json"}
    request = Request("POST", credentials.url, body=encode_form(form).encode(), headers=headers)
    seen = sender.repeat(attempt(request), repeatable=True).last
    host = urlsplit(credentials.url).netloc
    if isinstance(seen, AttemptFailure):
        raise NoToken(f"no token from {host}: {seen.what}")
    return _read_token(seen, host)


def _read_token(answer: Response, host: str) -> IssuedToken:
    try:
        body = answer.json()
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    value, lifetime = body.get("access_token"), body.get("expires_in")
    if not answer.ok or not isinstance(value, str) or not value:
        raise NoToken(f"no token from {host}: {_oauth_error(answer, body)}")
    known = isinstance(lifetime, int | float) and not isinstance(lifetime, bool) and lifetime > 0
    seconds = float(min(lifetime, _LONG_LIFE)) if known else _SHORT_LIFE  # type: ignore[arg-type,type-var]
    return IssuedToken(Credential(value), seconds)


def _oauth_error(answer: Response, body: Mapping[str, Any]) -> str:
    """Returns the error of a token endpoint (RFC 6749 §5.2) in words."""
    if answer.ok:
        return f"it answered {answer.status} without an access_token"
    words = [str(body[name]) for name in ("error", "error_description") if isinstance(body.get(name), str)]
    return f"it answered {answer.status} {': '.join(words)}".rstrip()


# --- RS256 ------------------------------------------------------------------------------------------------------


@record
class JwtSigning:
    """The parameters of a JWT: RSA key `key` (PEM; line ends may be written as `\\n`), `lifetime` in seconds."""

    key: Credential
    claims: Mapping[str, Any]
    lifetime: int = 3600
    key_id: str | None = None


def sign_token(signing: JwtSigning, now: Callable[[], float]) -> IssuedToken:
    """Signs a token that is valid from now on. `now` returns epoch seconds. Raises NoToken."""
    try:
        import jwt
    except ImportError:
        raise NoToken("signing tokens needs PyJWT: pip install 'stripe-shell[jwt]'") from None
    issued = int(now())
    claims = {**signing.claims, "iat": issued, "exp": issued + signing.lifetime}
    pem = signing.key.reveal().replace("\\n", "\n")
    headers = {"kid": signing.key_id} if signing.key_id else None
    try:
        text = jwt.encode(claims, pem, algorithm="RS256", headers=headers)
    except (ValueError, TypeError, NotImplementedError, jwt.PyJWTError):
        # The library's message is dropped: it may contain parts of the key.
        raise NoToken("the signing key is not an RSA private key in PEM form") from None
    return IssuedToken(Credential(text), float(signing.lifetime))
