"""`@full`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _full(session: ReplSession, _: str) -> None:
    """The last result again, with nothing cut and every column."""
    from stripe_shell.repl.showing import show_result
    from stripe_shell.repl.shown_rows import last_result

    if not session.results.held:
        show_result(session, last_result(session), full=True)


COMMAND = PromptCommand(_full)
