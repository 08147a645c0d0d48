"""`@diff [A B]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_saved

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _diff(session: ReplSession, words: str) -> None:
    """What the last call has changed; or what differs between two answers: rows, ids or saved names."""
    from stripe_shell.render.cards.tree import change_lines, changes
    from stripe_shell.repl.pager import show_lines
    from stripe_shell.repl.showing import display_of

    before, after = _sides(session, words.split())
    mask = session.console.secrets.mask_data
    found = changes(mask(before), mask(after))
    if not found:
        session.console.message("nothing differs")
        return
    show_lines(session, change_lines(found, display_of(session)))


def _sides(session: ReplSession, words: list[str]) -> tuple[Any, Any]:
    """Returns the two answers that are compared. Raises UsageError if there are not two."""
    results = session.results
    if len(words) == 2:
        return _answer(session, words[0]), _answer(session, words[1])
    if words:
        raise UsageError("name two answers, e.g. @diff 1 2, or none")
    if results.last is not None and results.last.before is not None:
        return results.last.before, results.last.body
    if len(results.answers) < 2:
        raise UsageError("there are no two answers yet")
    return results.answers[0], results.answers[1]


def _answer(session: ReplSession, word: str) -> Any:
    """Returns the row with a number, the object with an id, or the response that `@as` saved."""
    from stripe_shell.repl.shown_rows import row_numbered

    if word.isdecimal():
        return row_numbered(session, int(word))
    capture = session.scope.captures.get(word)
    if capture is not None:
        return capture.body
    place = session.id_scope()
    known = session.results.seen.of(place).get(word) if place else None
    if known is None:
        raise UsageError(f"`{word}` is no row, no saved name, and no id that this session has seen")
    return known


COMMAND = PromptCommand(_diff, "[A B]", completes=suggest_saved)
