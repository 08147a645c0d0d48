"""The rows and members of the last result, as the commands name them: `2`, `amount`, `items.data[0].price`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stripe_shell.diagnostics import closest
from stripe_shell.engine.scope import format_path, step_into
from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.render.shape import rows_of

if TYPE_CHECKING:
    from stripe_shell.repl.results import ShownResult
    from stripe_shell.repl.session import ReplSession

_STEP = pattern(r"\.?([\w-]+)|\[([0-9]+)\]|\[?\"([^\"]+)\"\]?")


def last_result(session: ReplSession) -> ShownResult:
    """Returns the last success. Raises UsageError if there is none."""
    if session.results.last is None:
        raise UsageError("there is no result yet")
    return session.results.last


def last_list(session: ReplSession) -> ShownResult:
    """Returns the last list, whatever was done with its rows since. Raises UsageError if there is none."""
    if session.results.listed is None:
        raise UsageError("no list was shown yet")
    return session.results.listed


def last_rows(session: ReplSession) -> list[Any]:
    """Returns the rows of the last success, an object as its only row. Raises UsageError if there is none."""
    body = last_result(session).body
    rows = rows_of(body)
    return [body] if rows is None else rows


def row_numbered(session: ReplSession, number: int) -> Any:
    """Returns a row of the last list by the number that it is shown with. Raises UsageError if there is no such row."""
    rows = rows_of(last_list(session).body) or []
    if not 1 <= number <= len(rows):
        raise UsageError(f"there is no row {number}: the list has {len(rows)} {'row' if len(rows) == 1 else 'rows'}")
    return rows[number - 1]


def member_at(value: Any, path: str) -> Any:
    """Returns the member at a path. Raises UsageError with the nearest name if there is none."""
    steps = path_steps(path)
    for at, step in enumerate(steps):
        there, inner = step_into(value, step)
        if not there:
            where = format_path(tuple(steps[:at])) or "the answer"
            known = list(value) if isinstance(value, Mapping) else []
            close = closest(str(step), known)
            hint = f"; did you mean `{close}`?" if close else f" ({_kinds(value)})"
            raise UsageError(f"`{where}` has no `{step}`{hint}" if at else f"{where} has no `{step}`{hint}")
        value = inner
    return value


def path_steps(path: str) -> list[str | int]:
    """Returns the steps of `items.data[0].price`. Raises UsageError for a text that is no path."""
    steps: list[str | int] = []
    pos = 0
    while pos < len(path):
        match = _STEP.match(path, pos)
        if match is None:
            raise UsageError(f"`{path}` is no path; paths are like `items.data[0].price`")
        steps.append(int(match[2]) if match[2] else match[1] or match[3])
        pos = match.end()
    if steps[:1] == ["metadata"] and len(steps) > 1:
        return ["metadata", path.partition(".")[2] or str(steps[1])]
    return steps


def _kinds(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"it is a list of {len(value)}"
    return "it is an object" if isinstance(value, Mapping) else "it has no members"


def note_more(session: ReplSession) -> None:
    """Says that the rows are not all there are, if so."""
    result = last_result(session)
    if result.following is not None:
        rows = len(last_rows(session))
        session.console.message(
            f"of the {rows:,} rows that were fetched; there are more: @more, or list with limit=all"
        )
