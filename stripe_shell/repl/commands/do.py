"""`@do NAME [name=value …]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources


def _do(session: ReplSession, argument: str) -> bool:
    """Run a named block, or the entry of @history with this number; the values are set as by @let."""
    from stripe_shell.diagnostics import SourceText
    from stripe_shell.repl.named import named_text, values_of
    from stripe_shell.repl.running import run_text

    name, *words = argument.split() or [""]
    if not name:
        raise UsageError("which block? e.g. @do refund-last, or @do 12 for an entry of @history")
    text, values = named_text(session, name), dict(values_of(words))
    for each, value in values.items():
        session.advance(session.scope.with_variable(each, value, written=True))
    session.console.message("\n".join(f"→ {line}" for line in text.rstrip().split("\n")))
    return run_text(session, SourceText("<prompt>", text))


def _names(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    from stripe_shell.suggest.matching import closest_first
    from stripe_shell.suggest.suggestion import Suggestion

    if context.before:
        return []
    names = closest_first(context.prefix, sources.blocks(), str)
    return [Suggestion(name, context.start, name, "block", "value") for name in names]


COMMAND = PromptCommand(_do, "NAME [name=value …]", completes=_names)
