"""`@help [ACTION] [ENTITY]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.records import replace
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources


def _help(session: ReplSession, topic: str) -> None:
    """What there is, and what a call takes."""
    from stripe_shell.repl.help import help_text

    session.console.result(help_text(session.table(), topic))


def _topics(context: CursorContext, around: SuggestionSources) -> list[Suggestion]:
    """Completes an action, then an entity that has it; or an entity alone."""
    from stripe_shell.suggest.menu import suggest

    words = context.before.split()
    inner = replace(context, action=words[0] if words else None, entity=None, inline=not words, in_block=True)
    actions = [] if words else suggest(replace(inner, kind="action", connection="help"), around)
    return actions + suggest(replace(inner, kind="entity"), around)


COMMAND = PromptCommand(_help, "[ACTION] [ENTITY]", completes=_topics)
