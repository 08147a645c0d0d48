"""`@curl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _curl(session: ReplSession, _: str) -> None:
    """The last request as a curl command."""
    from stripe_shell.repl.curl import curl_for

    if session.last is None or session.last.request is None:
        raise UsageError("there is no request yet")
    connection = session.connections.get(session.last.connection) or session.connection
    session.console.result(curl_for(connection, session.last.request))


COMMAND = PromptCommand(_curl)
