"""`@undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _undo(session: ReplSession, _: str) -> None:
    """Take the last write at this sandbox back; again for the one before."""
    from stripe_shell.repl.travel import forget_ids, undone_lines, unsaved_words, wait_for_sandbox

    undone = wait_for_sandbox(session, "undo")
    forget_ids(session)
    unsaved = session.kept.take_back(session.connection.name, undone)
    session.console.message("\n".join([*undone_lines(undone), *unsaved_words(unsaved)]))


COMMAND = PromptCommand(_undo)
