"""`@quit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _quit(session: ReplSession, _: str) -> None:
    """Leave (also exit, Ctrl-D)."""
    session.leaving = True


COMMAND = PromptCommand(_quit)
