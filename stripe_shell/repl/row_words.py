"""`cancel subscription 2`: a row of the list in the place of an id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.repl.shown_rows import last_list, row_numbered

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

_CALL = pattern(
    r"(?P<header>/\S+[ \t]+)?(?P<action>\w+)[ \t]+(?P<entity>[\w.]+)[ \t]+(?P<row>[0-9]{1,6})(?P<rest>(?:[ \t].*)?)"
)


def names_row(text: str) -> bool:
    """Whether a text may name a row of the last list in the place of an id."""
    return _CALL.fullmatch(text.strip()) is not None


def with_id_of_row(session: ReplSession, source: SourceText) -> SourceText:
    """Returns the text with the id of the row whose number it names, and says so; any other text as it is.

    Raises UsageError if the last result has no such row, or one of another kind or place.
    """
    match = _CALL.fullmatch(source.text.strip())
    if match is None:
        return source
    table = session.engine.table
    operation = table.operation(match["action"], match["entity"])
    if operation is None or not operation.path_params:
        return source
    number = int(match["row"])
    row = row_numbered(session, number)
    kind = str(row.get("object")) if isinstance(row, dict) else ""
    if table.canonical(kind) != operation.entity or not isinstance(row.get("id"), str):
        raise UsageError(f"row {number} is a {kind or 'value'}, not a {operation.entity}")
    result = last_list(session)
    header = (match["header"] or "").strip()
    if result.place != session.id_scope(header.removeprefix("/") or None):
        listed = f"/{result.place.connection}" if result.place else "elsewhere"
        raise UsageError(f"row {number} was listed on {listed}: name its id, or use that connection")
    name = "id" if "id" not in operation.params.fields else operation.object_param or operation.path_params[-1]
    text = f"{match['action']} {match['entity']} {name}={row['id']}{match['rest']}"
    session.console.message(f"→ {text}")
    return SourceText(source.name, f"{header} {text}".strip())
