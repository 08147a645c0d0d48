"""The next page of the list that is shown: fetched, shown with the numbers that follow, and kept with the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.engine.outcome import Outcome, RunStep
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.render.shape import rows_of
from stripe_shell.repl.asking import ask
from stripe_shell.repl.showing import following_request, show_outcome, show_result
from stripe_shell.repl.shown_rows import last_result

if TYPE_CHECKING:
    from stripe_shell.repl.results import ShownResult
    from stripe_shell.repl.session import ReplSession


def wants_more(session: ReplSession) -> bool:
    """Whether Enter on an empty line is the next page: a list was shown just now, and has one."""
    result = session.results.last
    return result is not None and result.fresh and result.following is not None


def show_more(session: ReplSession) -> None:
    """Fetches the next page and shows its rows. Raises UsageError if there is none."""
    result = last_result(session)
    if result.following is None:
        raise UsageError("there are no more rows" if rows_of(result.body) is not None else "the last result is no list")
    _take(session, result, ask(session, result.outcome, result.following))


def _take(session: ReplSession, result: ShownResult, page: Outcome) -> None:
    """Puts the rows of a page behind those that are shown, and shows them; or why there are none. Mutates `result`."""
    if not page.answered_well or not isinstance(page.body, dict):
        session.take(RunStep(page.block, session.scope, page))
        show_outcome(session, page)
        return
    result.body = {**page.body, "data": [*result.body["data"], *page.body.get("data", [])]}
    result.outcome, result.fresh = replace(page, saved_as=None), True
    result.following = following_request(result)
    session.advance(session.scope.with_capture("last", result.body))
    if result.place is not None:
        session.results.seen.add(result.place, page.body)
        session.known.learn(result.place, page.body)
    show_result(session, result)
