"""`@connect [NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.repl.destination import introduce

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources


def _connect(session: ReplSession, name: str) -> None:
    """Use another connection; without a name, list them."""
    if not name:
        session.console.result("\n".join(_connection_lines(session)))
        return
    found = session.connections.find(name.removeprefix("/"))
    if isinstance(found, Diagnostic):
        raise UsageError("; ".join(part for part in (found.message, found.label) if part))
    session.advance(session.scope.with_settings(connection=found.name, account=None))
    connection = session.connection
    session.introduced.discard(connection.name)
    introduce(session, connection)


def _connection_lines(session: ReplSession) -> list[str]:
    found = [connection for name in session.connections.names if (connection := session.connections.get(name))]
    width = max(len(connection.name) for connection in found)
    return [
        f"{'*' if connection.name == session.connection.name else ' '} /{connection.name:<{width}}  "
        f"{connection.mode:<8} {connection.problem or connection.origin}"
        for connection in found
    ]


def _names(context: CursorContext, around: SuggestionSources) -> list[Suggestion]:
    from stripe_shell.suggest.menu import suggest

    return [] if context.before else suggest(replace(context, kind="connection"), around)


COMMAND = PromptCommand(_connect, "[NAME]", completes=_names)
