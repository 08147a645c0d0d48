"""`@rollback [NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_snapshots

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _rollback(session: ReplSession, name: str) -> None:
    """Put a snapshot of the sandbox back, without a name the newest."""
    from stripe_shell.repl.travel import forget_ids, moment_text, unsaved_words, wait_for_sandbox

    back = wait_for_sandbox(session, "rollback", name=name)
    forget_ids(session)
    unsaved = session.kept.roll_back(session.connection.name, back)
    changed = f"{back['objects']} objects, {back['changed']} rows put back"
    shown = f"back at `{back['name']}` of {moment_text(back['taken'])}: {changed}"
    session.console.message("\n".join([shown, *unsaved_words(unsaved)]))


COMMAND = PromptCommand(_rollback, "[NAME]", completes=suggest_snapshots)
