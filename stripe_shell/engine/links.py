"""What the engine needs to know of connections: a name becomes a link, or a diagnostic says why not."""

from __future__ import annotations

from typing import Literal, Protocol

from stripe_shell.diagnostics import Diagnostic, Span
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block
from stripe_shell.records import record
from stripe_shell.wire import Transport

Mode = Literal["test", "live", "unknown", "sandbox"]


@record
class Link:
    """An open way to Stripe: connection name, transport, mode, account, and API version (None: the table's).

    `read_only`: no write may go this way, whatever the mode. `origin` says in words where its credential came from,
    and is empty where there is none.
    """

    name: str
    transport: Transport
    mode: Mode
    account: str | None = None
    version: str | None = None
    read_only: bool = False
    origin: str = ""

    @property
    def counts_as_live(self) -> bool:
        """Whether a write may cost somebody money: in live mode, and wherever the mode is not known."""
        return self.mode in {"live", "unknown"}


class Links(Protocol):
    """The connections of this run."""

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        """The link that `/name` means, None for the default one; E208 or E504 with the span when there is none.

        Nothing is contacted yet.
        """
        ...

    def placeholder(self, name: str | None) -> bool:
        """Whether the name (`your-…`) only stands for the default connection."""
        ...


def connection_of(block: Block, scope: Scope, links: Links) -> str | None:
    """The connection that the block names; a placeholder and none at all mean the one that `@connection` set."""
    if block.connection is None or links.placeholder(block.connection):
        return scope.settings.connection
    return block.connection
