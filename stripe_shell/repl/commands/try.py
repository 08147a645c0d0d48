"""`@try BLOCK`."""  # noqa: N999 (a command is named by its file)

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_block

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _try(session: ReplSession, text: str) -> bool | None:
    """Rehearse a block on copies in a sandbox in memory, and ask before it is sent; without one, the next block."""
    session.rehearsing = True
    if not text:
        session.console.message("the next block is rehearsed first")
        return None
    from stripe_shell.diagnostics import SourceText
    from stripe_shell.engine.load import load_program
    from stripe_shell.repl.expand import expand
    from stripe_shell.repl.running import is_sound, run_items

    program = load_program(expand(session, SourceText("<prompt>", text)), prompt=True)
    try:
        return is_sound(session, program) and run_items(session, program.items)
    finally:
        session.rehearsing = False


COMMAND = PromptCommand(_try, "BLOCK", completes=suggest_block)
