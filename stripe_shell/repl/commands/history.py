"""`@history [N]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


_SHOWN = 20


def _history(session: ReplSession, count: str) -> None:
    """Show what was typed at this connection, with the numbers that @do takes."""
    if count and not count.isdecimal():
        raise UsageError(f"`{count}` is not a number of entries")
    texts = session.environment.recall()
    first = max(0, len(texts) - (int(count) if count else _SHOWN))
    width = len(str(len(texts)))
    shown = (_numbered(number, text, width) for number, text in enumerate(texts[first:], first + 1))
    session.console.result("\n".join(shown))


def _numbered(number: int, text: str, width: int) -> str:
    """Returns an entry with its number before the first line, and the others below that line."""
    return f"{number:>{width}}  " + text.rstrip("\n").replace("\n", f"\n{' ' * width}  ")


COMMAND = PromptCommand(_history, "[N]")
