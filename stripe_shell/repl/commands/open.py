"""`@open [ROW | PATH | ID]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_opened

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _open(session: ReplSession, path: str) -> bool:
    """Everything of the last result; a row of a list; a part of an answer; or the object of an id, which is fetched."""
    from stripe_shell.repl.opening import open_value

    return open_value(session, path)


COMMAND = PromptCommand(
    _open,
    "[ROW | PATH | ID]",
    "everything of the last result, or a row, a part, the object of an id",
    completes=suggest_opened,
)
