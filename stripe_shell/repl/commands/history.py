"""`@history [N]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


_SHOWN = 20


def _history(session: ReplSession, count: str) -> None:
    """What was typed at this connection."""
    if count and not count.isdecimal():
        raise UsageError(f"`{count}` is not a number of entries")
    texts = session.environment.recall()[-(int(count) if count else _SHOWN) :]
    session.console.result("\n\n".join(text.rstrip("\n") for text in texts))


COMMAND = PromptCommand(_history, "[N]")
