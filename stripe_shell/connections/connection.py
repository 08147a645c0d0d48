"""A connection: what is known of it without using it, its credential once it is wanted, its mode as far as it shows."""

from __future__ import annotations

import re
from _thread import allocate_lock
from collections.abc import Callable, Iterable
from typing import Literal

from stripe_shell.connections.credentials import Found, key_mode
from stripe_shell.connections.settings.schema import AnyProfile, JwtTable, Kind, OAuthTable
from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.engine.links import Link, Mode
from stripe_shell.errors import ConfigurationError, NotSent
from stripe_shell.records import record
from stripe_shell.secrets import Credential, Secrets
from stripe_shell.wire import Request, Response, Transport

Spec = Literal["documented", "stripe"]

_LIVEMODE = rb'"livemode"\s*:\s*(true|false)'  # compiled when an answer comes


@record
class Witness:
    """Who hears of what connections do.

    `secret` hears of every credential before it is used, so that it can be masked; `connect` of every connection that
    is opened, `wait` of every wait before another attempt with its seconds, both in words; `exchange` of every attempt
    as it went over the wire (`transports.sending.Observe`).
    """

    secret: Callable[[str], None] = lambda value: None
    exchange: Callable[[Request, Response | None, str], None] | None = None
    wait: Callable[[str, float], None] = lambda words, seconds: None
    connect: Callable[[str], None] = lambda words: None


#: Nobody listens.
NOBODY = Witness()


class Connection:
    """A named way to Stripe.

    `origin` says in words where the credential comes from, `base_url` where requests go (None: nowhere, it is in this
    process). `account` and `api_version` None mean the key's own account and the table's version. Nothing is looked up
    before `settle`; a source that costs nothing is settled from the start. Safe for threads.
    """

    def __init__(
        self,
        name: str,
        profile: AnyProfile,
        origin: str,
        *,
        find: Callable[[], Found],
        opener: Callable[[Credential | None], Transport],
        base_url: str | None = None,
        problem: str = "",
        witness: Witness = NOBODY,
    ) -> None:
        self.name = name
        self._witness = witness
        self.profile = profile
        self.origin = origin
        self.base_url = base_url
        self._find = find
        self._opener = opener
        self._problem = problem
        self._lock = allocate_lock()
        self._found: Found | None = None
        self._shown: Mode = "unknown"
        self._transport = LateTransport(self.open)

    @property
    def kind(self) -> Kind:
        """What stands at the other end."""
        return self.profile.kind

    @property
    def account(self) -> str | None:
        """The connected account of requests that name none."""
        return self.profile.account

    @property
    def api_version(self) -> str | None:
        """The API version of requests that name none."""
        return self.profile.api_version

    @property
    def read_only(self) -> bool:
        """Whether it refuses every write."""
        return self.profile.read_only

    @property
    def mode(self) -> Mode:
        """What the key says, else what the answers so far have shown, else `unknown`, which counts as live."""
        if self.kind == "sandbox":
            return "sandbox"
        # What stands behind a token that is fetched or signed is no key of Stripe's, whatever it looks like.
        given = self.credential if not isinstance(getattr(self.profile, "token", None), OAuthTable | JwtTable) else None
        said = key_mode(given.reveal()) if given else "unknown"
        return said if said != "unknown" else self._shown

    @property
    def in_words(self) -> str:
        """Where it leads: its mode, and where its credential comes from."""
        if self.kind == "sandbox":
            return f"/{self.name}: sandbox, {self.origin}"
        mode = {"live": "LIVE", "unknown": "perhaps LIVE, its key does not tell"}.get(self.mode, self.mode)
        return f"/{self.name}: {mode}, key from {self.origin}"

    @property
    def problem(self) -> str:
        """Why it cannot be used, as far as that is known; empty when it can."""
        return self._problem or (self._found.problem if self._found else "")

    @property
    def settled(self) -> bool:
        """Whether its credential has been looked up."""
        return self._found is not None

    @property
    def credential(self) -> Credential | None:
        """The key or the secret behind the token, once it has been looked up."""
        return self._found.credential if self._found else None

    def settle(self) -> None:
        """Look the credential up, unless that has been done. It may take time, start a command or ask the person."""
        with self._lock:
            if self._found is None and not self._problem:
                self._found = self._find()

    def open(self) -> Transport:
        """The transport, ready to send. Raises ConfigurationError when the connection cannot be used."""
        self.settle()
        if self.problem:
            raise ConfigurationError(f"The connection `{self.name}` cannot be used: {self.problem}")
        if self.kind != "sandbox":
            self._witness.connect(self.in_words)
        return self._opener(self.credential)

    def send(self, request: Request) -> Response:
        """Send it, opening the connection with the first request; as `wire.Transport`.

        Besides, raises ConfigurationError when the connection cannot be used.
        """
        if self.read_only and request.writes:
            raise NotSent(f"Not sent: the connection `{self.name}` is read-only.")
        response = self._transport.send(request)
        self._learn_mode(response)
        return response

    def _learn_mode(self, response: Response) -> None:
        """What `livemode` says where the key says nothing: live as soon as one object is, test while all are."""
        if self.kind == "sandbox" or self._shown == "live":
            return
        seen = set(re.findall(_LIVEMODE, response.body)) if response.ok else set()
        if seen:
            self._shown = "live" if b"true" in seen else "test"

    def __repr__(self) -> str:
        return f"Connection({self.name!r}, {self.kind!r}, mode={self.mode!r}, credential={self.credential!r})"


class LateTransport:
    """Opens the connection with the first request, so that checking a script pays for nothing. Safe for threads."""

    def __init__(self, open_transport: Callable[[], Transport]) -> None:
        self._open = open_transport
        self._lock = allocate_lock()
        self._transport: Transport | None = None

    def send(self, request: Request) -> Response:
        """As `wire.Transport`; besides, raises ConfigurationError when the connection cannot be used."""
        with self._lock:
            if self._transport is None:
                self._transport = self._open()
        return self._transport.send(request)


class Connections:
    """The connections of this run: `engine.links.Links` for the interpreter, and the facts about them for the others.

    `spec` says whose required parameters count where a script does not say it.
    """

    def __init__(self, connections: Iterable[Connection], default: str, spec: Spec = "documented") -> None:
        self._by_name = {connection.name: connection for connection in connections}
        self._links: dict[tuple[str, Mode], Link] = {}
        if default not in self._by_name:
            raise ConfigurationError(no_connection(default, self._by_name))
        self.default = self._by_name[default]
        self.spec = spec

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that may stand after `/`, sorted."""
        return tuple(sorted(self._by_name))

    @property
    def secrets(self) -> Secrets:
        """The credentials of all connections as far as they are known, to be masked in all that is shown or stored."""
        credentials = (connection.credential for connection in self._by_name.values())
        return Secrets().plus(*(credential.reveal() for credential in credentials if credential))

    def get(self, name: str | None) -> Connection | None:
        """The connection that `/name` means: None and a placeholder mean the default one; None when there is none."""
        return self.default if name is None or self.placeholder(name) else self._by_name.get(name)

    def placeholder(self, name: str | None) -> bool:
        """Whether the name (`your-…`) only stands for the default connection."""
        return name is not None and name.startswith("your-") and name not in self._by_name

    def find(self, name: str | None, span: Span | None = None) -> Link | Diagnostic:
        """The link that `/name` means; E208 when there is no such connection, E504 when it cannot be used.

        Its credential is looked up, nothing is contacted. The same link each time, until an answer shows the mode.
        """
        connection = self.get(name)
        if connection is None:
            return self._unknown(str(name), span)
        connection.settle()
        if connection.problem:
            message = f"the connection `{connection.name}` cannot be used: {connection.problem}"
            return Diagnostic("E504", message, span)
        place = (connection.name, connection.mode)
        if place not in self._links:
            self._links[place] = _link(connection)
        return self._links[place]

    def _unknown(self, name: str, span: Span | None) -> Diagnostic:
        """There is a hint but no fix on purpose: no program may turn a mistyped name into another account."""
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
        origin="" if connection.kind == "sandbox" else connection.origin,
    )


def no_connection(name: str, known: Iterable[str]) -> str:
    """There is no such connection; did you mean another one?"""
    meant = closest(name, known)
    hint = f"; did you mean `{meant}`?" if meant else f" (known: {', '.join(sorted(known))})."
    return f"There is no connection `{name}`{hint}"
