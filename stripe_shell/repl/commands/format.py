"""`@format [NAME]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.diagnostics import closest
from stripe_shell.errors import UsageError
from stripe_shell.render import FORMATS
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources


def _format(session: ReplSession, name: str) -> None:
    """Choose the format of results from now on; without a name, say which one it is."""
    known = ", ".join(FORMATS)
    if not name:
        session.console.result(f"{session.printer.format or 'table'} (one of {known})")
    elif name in FORMATS:
        session.printer.format = name
    else:
        close = closest(name, FORMATS)
        raise UsageError(f"unknown format `{name}`; {f'did you mean `{close}`?' if close else f'one of {known}'}")


def _names(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    from stripe_shell.suggest.matching import closest_first
    from stripe_shell.suggest.suggestion import Suggestion

    names = closest_first(context.prefix, FORMATS, str)
    return [Suggestion(name, context.start, name, "format", "value") for name in names]


COMMAND = PromptCommand(_format, "[NAME]", f"how results look: {', '.join(FORMATS)}", _names)
