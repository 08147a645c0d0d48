"""`@chart [PATH] by PATH [day | week | month]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_grouped

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _chart(session: ReplSession, text: str) -> None:
    """Draw a bar for each group of rows: @chart amount by created day."""
    from stripe_shell.repl.aggregates import chart_lines, groups, read_question
    from stripe_shell.repl.pager import show_lines
    from stripe_shell.repl.showing import display_of
    from stripe_shell.repl.shown_rows import last_rows, note_more

    question = read_question(text, "@chart [PATH] by PATH [day | week | month]")
    if not question.by:
        raise UsageError("by which member? e.g. @chart amount by created day")
    display = display_of(session, session.results.last)
    found = groups(session.console.secrets.mask_data(last_rows(session)), question, display)
    if not session.results.held:
        show_lines(session, chart_lines(found, display))
        note_more(session)


COMMAND = PromptCommand(_chart, "[PATH] by PATH [day | week | month]", completes=suggest_grouped)
