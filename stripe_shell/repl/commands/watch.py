"""`@watch 5s`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _watch(_session: ReplSession, _: str) -> None:
    """Repeat the last read (not available yet)."""
    raise UsageError("@watch is not available yet")


COMMAND = PromptCommand(_watch, "5s")
