"""`@count [by PATH]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_grouped

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _count(session: ReplSession, text: str) -> None:
    """Count the rows, by a member if wanted."""
    from stripe_shell.repl.aggregates import group_lines, groups, read_question
    from stripe_shell.repl.pager import show_lines
    from stripe_shell.repl.showing import display_of
    from stripe_shell.repl.shown_rows import last_rows, note_more

    question = read_question(text, "@count [by PATH]")
    if question.path:
        raise UsageError("write @count, or @count by PATH")
    display = display_of(session, session.results.last)
    found = groups(session.console.secrets.mask_data(last_rows(session)), question, display)
    if not session.results.held:
        show_lines(session, group_lines(found, question, display))
        note_more(session)


COMMAND = PromptCommand(_count, "[by PATH]", completes=suggest_grouped)
