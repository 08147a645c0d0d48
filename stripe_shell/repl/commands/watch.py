"""`@watch 5s [BLOCK]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.durations import parse_duration
from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_repeated

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _watch(session: ReplSession, argument: str) -> bool:
    """Repeat a block that reads, by default the last one, and draw it anew each time; Ctrl-C ends that."""
    from stripe_shell.repl.watching import watch

    every, _, text = argument.partition(" ")
    ms = parse_duration(every, ("s", "m", "h"))
    if ms is None or ms < 1000:
        raise UsageError("how often? at least every second: @watch 5s, or @watch 1m list payment_intents limit=5")
    return watch(session, ms / 1000, text.strip())


COMMAND = PromptCommand(_watch, "5s [BLOCK]", completes=suggest_repeated)
