"""The engine's interface to connections: resolves a name to a link, or to a diagnostic."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

from stripe_shell.diagnostics import Diagnostic, Span
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block
from stripe_shell.records import field, record
from stripe_shell.secrets import NO_SECRETS, Secrets
from stripe_shell.wire import Transport

if TYPE_CHECKING:
    from stripe_shell.pace import Pace

Mode = Literal["test", "live", "unknown", "sandbox"]


@record
class Link:
    """A connection as the engine uses it: name, transport, mode, account, and API version (None: the table's).

    `read_only` forbids writes in every mode. `origin` describes where the credential came from; it is empty without
    one. `address` is host and port of a server that is sent the credential and is not Stripe's own, else empty.
    `lasting`: what is written outlives the process. `identify` returns what tells the connection from another one of
    the same account: a hash of the key, or the database of a sandbox. `find_pace` returns the rate that the connection
    keeps, None without a limit; it may open the connection. `secrets` returns the credentials that are known so far,
    those of other connections too: a token is fetched with the first request, and renewed by later ones.
    """

    name: str
    transport: Transport
    mode: Mode
    account: str | None = None
    version: str | None = None
    read_only: bool = False
    origin: str = ""
    address: str = ""
    lasting: bool = True
    identify: Callable[[], str] = field(default=lambda: "", compare=False)
    secrets: Callable[[], Secrets] = field(default=lambda: NO_SECRETS, compare=False)
    find_pace: Callable[[], Pace | None] = field(default=lambda: None, compare=False)

    @property
    def counts_as_live(self) -> bool:
        """Whether a write may move real money: in live mode, and if the mode is unknown."""
        return self.mode in {"live", "unknown"}


class Links(Protocol):
    """The connections of a run."""

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        """Returns the link of the connection `name` (None: the default one); E208 or E504 with `span` on failure.

        Contacts no server.
        """
        ...

    def placeholder(self, name: str | None) -> bool:
        """Whether the name is a placeholder (`your-…`) for the default connection."""
        ...


def connection_of(block: Block, scope: Scope, links: Links) -> str | None:
    """Returns the block's connection; without one, or with a placeholder, the one that `@connection` set."""
    if block.connection is None or links.placeholder(block.connection):
        return scope.settings.connection
    return block.connection
