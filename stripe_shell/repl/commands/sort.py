"""`@sort [-]PATH`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_members

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _sort(session: ReplSession, path: str) -> None:
    """Order the rows by a member; `-amount` puts the largest first."""
    from stripe_shell.render.shape import pick
    from stripe_shell.repl.showing import show_result
    from stripe_shell.repl.shown_rows import last_result, last_rows, member_at

    name = path.removeprefix("-").strip()
    if not name:
        raise UsageError("by which member? e.g. @sort -amount")
    result, rows = last_result(session), last_rows(session)
    if rows and all(pick(row, name) is None for row in rows):
        member_at(rows[0], name)
    given = [row for row in rows if pick(row, name) is not None]
    ordered = sorted(given, key=lambda row: _key(pick(row, name)), reverse=path.startswith("-"))
    ordered += [row for row in rows if pick(row, name) is None]
    result.body = {**result.body, "data": ordered} if isinstance(result.body, dict) else ordered
    result.shown = 0
    session.advance(session.scope.with_capture("last", result.body))
    if not session.results.held:
        show_result(session, result)


def _key(value: object) -> tuple[int, float, str]:
    """Returns what a value is ordered by: numbers by size, and before all texts."""
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value).casefold())


COMMAND = PromptCommand(_sort, "[-]PATH", completes=suggest_members)
