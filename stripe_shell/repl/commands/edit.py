"""`@edit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.secrets import public_environment

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _edit(session: ReplSession, _: str) -> None:
    """Open the block above it in an editor; alone, what was submitted last."""
    from stripe_shell.repl.editor import edit_text

    if not session.typed:
        raise UsageError("there is nothing to edit yet: it opens what was submitted last")
    environ = public_environment(session.scope.environment, session.console.secrets)
    with session.environment.lend_terminal():
        session.draft = edit_text(session.typed, environ).rstrip("\n")


COMMAND = PromptCommand(_edit)
