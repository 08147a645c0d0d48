"""`@snapshot [NAME | drop NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_dropped

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _snapshot(session: ReplSession, argument: str) -> None:
    """Keep the sandbox as it is now, for @rollback; `drop NAME` removes a snapshot."""
    from stripe_shell.repl.travel import wait_for_sandbox

    words = argument.split()
    if words[:1] == ["drop"] and len(words) == 2:
        wait_for_sandbox(session, "drop", name=words[1])
        session.console.message(f"the snapshot `{words[1]}` is removed")
        return
    if len(words) > 1 or words == ["drop"]:
        raise UsageError("@snapshot takes one name, or `drop NAME`")
    taken = wait_for_sandbox(session, "snapshot", name=argument)
    session.kept.mark(session.connection.name, taken["name"])
    again = "" if taken["name"] == "last" else f" {taken['name']}"
    session.console.message(
        f"snapshot `{taken['name']}`: {taken['objects']} objects; `@rollback{again}` goes back to it"
    )


COMMAND = PromptCommand(_snapshot, "[NAME]", completes=suggest_dropped)
