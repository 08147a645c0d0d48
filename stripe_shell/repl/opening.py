"""`@open`: a row, a part of an answer, or the object that an id in it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.load import load_program
from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.repl.short_ways import ids_in, retrieve_call
from stripe_shell.repl.showing import show_value
from stripe_shell.repl.shown_rows import last_result, member_at, row_numbered

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

_ROW = pattern(r"([0-9]+)(?:\.(.+))?")


def open_value(session: ReplSession, path: str) -> bool:
    """Shows what stands at a path, and makes it what the next path begins at; False if a call for it failed.

    A number is a row of the list. An id is followed: its object is fetched. Without a path everything is shown.
    Raises UsageError for a path that leads nowhere.
    """
    if path and ids_in(path) == [path]:
        return _fetch(session, path)
    result = last_result(session)
    row = _ROW.fullmatch(path)
    if not path:
        show_value(session, result.body if result.opened is None else result.opened, full=True)
        return True
    if row is not None:
        value = row_numbered(session, int(row[1]))
        value = member_at(value, row[2]) if row[2] else value
    else:
        value = _walk(session, path)
    if isinstance(value, str) and ids_in(value) == [value] and not path.endswith("id"):
        return _fetch(session, value)
    result.opened = value
    show_value(session, value)
    return True


def _walk(session: ReplSession, path: str) -> Any:
    """Returns what the path leads to from what was opened last, else from the whole answer."""
    result = last_result(session)
    if result.opened is not None:
        try:
            return member_at(result.opened, path)
        except UsageError:
            pass
    return member_at(result.body, path)


def _fetch(session: ReplSession, name: str) -> bool:
    """Retrieves the object with this id, where the last answer came from."""
    from stripe_shell.repl.running import run_items

    result = session.results.last
    call = retrieve_call(name, session.engine.table)
    outcome = result.outcome if result else None
    account = outcome.call.account if outcome and outcome.call else None
    place = f"/{outcome.connection} " if outcome else ""
    text = f"{place}{call}" + (f"\n@account {account}" if account and place else "")
    session.console.message(f"→ {call}")
    return run_items(session, load_program(SourceText("<prompt>", text), prompt=True).items)
