"""Describes where a block goes: connection, mode, account and address."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.connections import Connection
from stripe_shell.records import record
from stripe_shell.repl.session import ReplSession


@record
class Destination:
    """A connection as the prompt shows it. `account` ends with the last characters of the account's id.

    `via` is the address, empty if it is Stripe's own or the sandbox in this process.
    """

    connection: Connection
    mode: str
    account: str = ""
    via: str = ""

    def label(self, most: int | None = None) -> str:
        """Returns name, account and address; leaves the account's name out if that takes more than `most` columns."""
        whole = " ".join(self._facts(self.account))
        if most is None or len(whole) <= most:
            return whole
        return " ".join(self._facts(self.account[self.account.rfind("…") :] if self.account else ""))

    def _facts(self, account: str) -> Iterator[str]:
        yield self.connection.name
        if account:
            yield account
        if self.via:
            yield f"via {self.via}"


def destination(session: ReplSession, connection: Connection) -> Destination:
    """Returns the destination of a block on the connection."""
    return Destination(connection, live_words(connection), account_words(session, connection), connection.address)


def live_words(connection: Connection) -> str:
    """Returns the name of a mode that may be live, or an empty string for the others."""
    if connection.kind == "sandbox" or connection.problem:
        return ""
    return {"live": "LIVE", "unknown": "LIVE?"}.get(connection.mode, "")


def account_words(session: ReplSession, connection: Connection) -> str:
    """Returns the account's name, as far as known, and the end of its id: `Acme …9x2f`; empty if unknown."""
    if connection.kind == "sandbox":
        return ""
    identifier = session.scope.settings.account or connection.account
    own, name = session.accounts.get((connection.name, connection.mode), ("", ""))
    if identifier and identifier != own:
        return f"…{identifier[-4:]}"
    return f"{name} …{own[-4:]}".strip() if own else ""


def describe_connection(session: ReplSession, connection: Connection) -> str:
    """Returns one line for a connection in use: mode, account, address, and where its key comes from."""
    if connection.problem:
        return f"/{connection.name} ({connection.problem})"
    if connection.kind == "sandbox":
        where = f"the server at {connection.address}" if connection.base_url else describe_store(connection)
        return f"/{connection.name}: an embedded Stripe on this machine, {where}; not one of Stripe's Sandboxes"
    mode = {"live": "LIVE", "unknown": "LIVE for all we know: its key does not tell"}.get(connection.mode)
    facts = [mode or connection.mode, account_words(session, connection), f"key from {connection.origin}"]
    facts.append(f"via {connection.address}" if connection.address else "")
    facts.append("read-only" if connection.read_only else "")
    return f"/{connection.name}: {' · '.join(fact for fact in facts if fact)}"


def describe_store(connection: Connection) -> str:
    """Returns where the sandbox in this process keeps its objects."""
    return "in memory" if connection.origin == ":memory:" else f"in {connection.origin}"


def introduce(session: ReplSession, connection: Connection) -> None:
    """Shows where the key of a connection comes from, the first time that the session uses it."""
    if connection.name not in session.introduced:
        session.introduced.add(connection.name)
        session.console.message(describe_connection(session, connection))
