"""`@cli`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _cli(session: ReplSession, _: str) -> None:
    """The last call as a line of Stripe's command-line tool."""
    from stripe_shell.repl.last_call import as_tool_line

    session.console.result(as_tool_line(session))


COMMAND = PromptCommand(_cli)
