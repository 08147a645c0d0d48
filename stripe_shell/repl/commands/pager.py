"""`@pager auto | on | off`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources


_CHOICES = ("auto", "on", "off")


def _pager(session: ReplSession, choice: str) -> None:
    """What is taller than the screen goes through $PAGER (auto), through $PAGER or less (on), or never (off)."""
    if not choice:
        session.console.result(f"{session.results.pager} (one of {', '.join(_CHOICES)})")
    elif choice in _CHOICES:
        session.results.pager = choice
    else:
        raise UsageError(f"`{choice}` is not one of {', '.join(_CHOICES)}")


def _choices(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    from stripe_shell.suggest.matching import closest_first
    from stripe_shell.suggest.suggestion import Suggestion

    names = closest_first(context.prefix, _CHOICES, str)
    return [Suggestion(name, context.start, name, "", "value") for name in names]


COMMAND = PromptCommand(_pager, "[auto | on | off]", "when results go through $PAGER: auto, on, off", _choices)
