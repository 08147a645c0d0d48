"""A connection: its settings, its credential (looked up on demand), its mode, and its transport."""

from __future__ import annotations

import re
from _thread import allocate_lock
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from stripe_shell.connections.addresses import stranger
from stripe_shell.connections.credentials import CredentialResult, key_mode
from stripe_shell.connections.settings.schema import AnyProfile, ConnectionKind, JwtTable, OAuthTable
from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.engine.links import Link, Mode
from stripe_shell.errors import ConfigurationError, NotSent
from stripe_shell.records import record
from stripe_shell.secrets import NO_SECRETS, Credential, Secrets
from stripe_shell.wire import Request, Response, Transport

if TYPE_CHECKING:
    from stripe_shell.pace import Pace
    from stripe_shell.transports.retry import RetryDelay

RequiredBy = Literal["documented", "stripe"]

_LIVEMODE = rb'"livemode"\s*:\s*(true|false)'  # compiled with the first response


@record
class ConnectionObserver:
    """Callbacks for what connections do.

    `secret` is called with every credential before it is used, so that it can be masked; `connect` with a description
    of every connection that is opened; `wait` with the reason and the seconds of every delay before a retry, `retry`
    with the delay itself, in the thread that waits; `exchange` with every attempt (see `transports.sending.Observe`).
    """

    secret: Callable[[str], None] = lambda value: None
    exchange: Callable[[Request, Response | None, str], None] | None = None
    wait: Callable[[str, float], None] = lambda words, seconds: None
    retry: Callable[[RetryDelay], None] = lambda delay: None
    connect: Callable[[str], None] = lambda words: None


#: Ignores everything.
NOBODY = ConnectionObserver()


class Connection:
    """A named connection to Stripe, a proxy or a sandbox.

    `origin` describes where the credential comes from; `base_url` is where requests are sent (None for the sandbox in
    this process), `database` the file of that sandbox. If `account` and `api_version` are None, the key's own account
    and the table's version apply. The credential is looked up by `resolve_credential`; one from a fast source is
    settled from the start. `secrets` returns the credentials of all connections that are known so far. Thread-safe.
    """

    def __init__(
        self,
        name: str,
        profile: AnyProfile,
        origin: str,
        *,
        find: Callable[[], CredentialResult],
        opener: Callable[[Credential | None], Transport],
        base_url: str | None = None,
        problem: str = "",
        observer: ConnectionObserver = NOBODY,
        database: str = "",
        secrets: Callable[[], Secrets] = lambda: NO_SECRETS,
    ) -> None:
        self.name = name
        self._database = database
        self.secrets = secrets
        self._observer = observer
        self.profile = profile
        self.origin = origin
        self.base_url = base_url
        self._find = find
        self._opener = opener
        self._problem = problem
        self._lock = allocate_lock()
        self._found: CredentialResult | None = None
        self._mode_of_key: Mode = "unknown"
        self._shown: Mode = "unknown"
        self._transport = LazyTransport(self.open)

    @property
    def kind(self) -> ConnectionKind:
        """Returns the kind of server: Stripe, a proxy or a sandbox."""
        return self.profile.kind

    @property
    def account(self) -> str | None:
        """Returns the default connected account of requests."""
        return self.profile.account

    @property
    def api_version(self) -> str | None:
        """Returns the default API version of requests."""
        return self.profile.api_version

    @property
    def read_only(self) -> bool:
        """Whether the connection refuses every write."""
        return self.profile.read_only

    @property
    def mode(self) -> Mode:
        """Returns the mode of the key, else the mode of the responses so far, else `unknown`, which counts as live."""
        if self.kind == "sandbox":
            return "sandbox"
        return self._mode_of_key if self._mode_of_key != "unknown" else self._shown

    @property
    def lasting(self) -> bool:
        """Whether what is written outlives the process: everywhere but in a sandbox in memory."""
        return self._database != ":memory:"

    def identify(self) -> str:
        """Returns the database of a sandbox in this process, else a hash of the credential; empty without one."""
        if self._database:
            from os.path import realpath

            return realpath(self._database)
        if self.credential is None:
            return ""
        from hashlib import sha256

        return sha256(self.credential.reveal().encode()).hexdigest()[:16]

    @property
    def address(self) -> str:
        """Returns host and port of a connection that does not lead to Stripe's own address, else an empty string."""
        return stranger(self.base_url or "")

    @property
    def description(self) -> str:
        """Returns a description: name, mode, where the credential comes from, and where it goes if not to Stripe."""
        if self.kind == "sandbox":
            return f"/{self.name}: sandbox, {self.origin}"
        mode = {"live": "LIVE", "unknown": "perhaps LIVE, its key does not tell"}.get(self.mode, self.mode)
        where = f", sent to {self.address}" if self.address else ""
        return f"/{self.name}: {mode}, key from {self.origin}{where}"

    @property
    def problem(self) -> str:
        """Returns why the connection cannot be used, as far as known; empty if it can."""
        return self._problem or (self._found.problem if self._found else "")

    @property
    def has_credential(self) -> bool:
        """Whether the credential has been looked up."""
        return self._found is not None

    @property
    def credential(self) -> Credential | None:
        """Returns the key, or the secret behind the token, once it has been looked up; else None."""
        return self._found.credential if self._found else None

    def resolve_credential(self) -> None:
        """Looks the credential up, once. May take time, run a command or ask for input."""
        if self._found is not None:
            return
        with self._lock:
            if self._found is None and not self._problem:
                found = self._find()
                # A credential from which tokens are fetched or signed is not a Stripe key, even if it looks like one.
                makes_tokens = isinstance(getattr(self.profile, "token", None), OAuthTable | JwtTable)
                if found.credential is not None and not makes_tokens:
                    self._mode_of_key = key_mode(found.credential.reveal())
                self._found = found

    def open(self) -> Transport:
        """Returns the transport. Raises ConfigurationError if the connection cannot be used."""
        self.resolve_credential()
        if self.problem:
            raise ConfigurationError(f"The connection `{self.name}` cannot be used: {self.problem}")
        if self.kind != "sandbox":
            self._observer.connect(self.description)
        return self._opener(self.credential)

    def open_early(self) -> None:
        """Opens a sandbox in this process whose file exists, before the first request, which reports a failure."""
        from pathlib import Path

        if not self.lasting or (self._database and Path(self._database).exists()):
            with suppress(ConfigurationError):
                self._transport.opened()

    def send(self, request: Request) -> Response:
        """Sends the request as `wire.Transport`, opening the connection with the first request.

        Also raises ConfigurationError if the connection cannot be used.
        """
        if self.read_only and request.writes:
            raise NotSent(f"Not sent: the connection `{self.name}` is read-only.")
        response = self._transport.send(request)
        self._learn_mode(response)
        return response

    def find_pace(self) -> Pace | None:
        """Returns the pace of the connection, which is opened for it; None without a limit, or if it cannot be used."""
        if self.kind == "sandbox" and self.base_url is None:
            return None
        with suppress(ConfigurationError):
            pace: Pace | None = getattr(self._transport.opened(), "pace", None)
            return pace
        return None

    def reconnect(self) -> None:
        """Closes idle connections, so that the next request opens another one."""
        self._transport.reconnect()

    def _learn_mode(self, response: Response) -> None:
        """Updates the mode from `livemode` in a response: live once any object is live, test while all are test."""
        if self.kind == "sandbox" or self._shown == "live":
            return
        seen = set(re.findall(_LIVEMODE, response.body)) if response.ok else set()
        if seen:
            self._shown = "live" if b"true" in seen else "test"

    def __repr__(self) -> str:
        return f"Connection({self.name!r}, {self.kind!r}, mode={self.mode!r}, credential={self.credential!r})"


class LazyTransport:
    """A transport that opens the connection with the first request, so that checking is fast. Thread-safe."""

    def __init__(self, open_transport: Callable[[], Transport]) -> None:
        self._open = open_transport
        self._lock = allocate_lock()
        self._transport: Transport | None = None

    def send(self, request: Request) -> Response:
        """Sends the request as `wire.Transport`; also raises ConfigurationError if the connection cannot be used."""
        return self.opened().send(request)

    def opened(self) -> Transport:
        """Returns the open transport. Raises ConfigurationError if the connection cannot be used."""
        with self._lock:
            if self._transport is None:
                self._transport = self._open()
            return self._transport

    def reconnect(self) -> None:
        """Closes the connections of a transport that has some."""
        close = getattr(self._transport, "close", None)
        if close is not None:
            close()


class Connections:
    """The connections of a run; implements `engine.links.Links`.

    `spec` is the default for whose required parameters apply, `keep_runs` how long finished runs are kept, in days.
    """

    def __init__(
        self, connections: Iterable[Connection], default: str, spec: RequiredBy = "documented", keep_runs: int = 30
    ) -> None:
        self._by_name = {connection.name: connection for connection in connections}
        self._links: dict[tuple[str, Mode], Link] = {}
        if default not in self._by_name:
            raise ConfigurationError(no_connection(default, self._by_name))
        self.default = self._by_name[default]
        self.spec = spec
        self.keep_runs = keep_runs

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names of all connections, sorted."""
        return tuple(sorted(self._by_name))

    @property
    def secrets(self) -> Secrets:
        """Returns the known credentials of all connections, to be masked in everything that is shown or stored."""
        credentials = (connection.credential for connection in self._by_name.values())
        return Secrets().plus(*(credential.reveal() for credential in credentials if credential))

    def get(self, name: str | None) -> Connection | None:
        """Returns the connection called `name`, or None; None and a placeholder mean the default connection."""
        return self.default if name is None or self.placeholder(name) else self._by_name.get(name)

    def placeholder(self, name: str | None) -> bool:
        """Whether the name (`your-…`) is a placeholder for the default connection."""
        return name is not None and name.startswith("your-") and name not in self._by_name

    def find(self, name: str | None, span: Span | None = None) -> Link | Diagnostic:
        """Returns the link for `/name`, E208 for an unknown connection, or E504 for one that cannot be used.

        Looks the credential up without sending anything. Returns the same link until a response reveals the mode.
        """
        connection = self.get(name)
        if connection is None:
            return self._unknown(str(name), span)
        connection.resolve_credential()
        if connection.problem:
            message = f"the connection `{connection.name}` cannot be used: {connection.problem}"
            return Diagnostic("E504", message, span)
        place = (connection.name, connection.mode)
        if place not in self._links:
            self._links[place] = _link(connection)
        return self._links[place]

    def _unknown(self, name: str, span: Span | None) -> Diagnostic:
        """Returns E208 with a hint but no fix, so that no program turns a mistyped name into another account."""
        known = "known: " + ", ".join(f"`/{each}`" for each in self.names)
        meant = closest(name, self.names)
        label = f"did you mean `/{meant}`?" if meant else known
        return Diagnostic("E208", f"unknown connection `/{name}`", span, label=label, notes=(known,) if meant else ())


def _link(connection: Connection) -> Link:
    return Link(
        connection.name,
        connection,
        connection.mode,
        connection.account,
        connection.api_version,
        read_only=connection.read_only,
        lasting=connection.lasting,
        identify=connection.identify,
        secrets=connection.secrets,
        find_pace=connection.find_pace,
        origin="" if connection.kind == "sandbox" else connection.origin,
        address="" if connection.kind == "sandbox" else connection.address,
    )


def no_connection(name: str, known: Iterable[str]) -> str:
    """Returns the message for an unknown connection, with the nearest known name."""
    meant = closest(name, known)
    hint = f"; did you mean `{meant}`?" if meant else f" (known: {', '.join(sorted(known))})."
    return f"There is no connection `{name}`{hint}"
