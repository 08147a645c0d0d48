"""Renders a response as CSV: a row per object, a column per member, nested members with dotted names.

Cells contain text unchanged, numbers as sent, `true` and `false`, nothing for null, and JSON for lists. Text that a
spreadsheet would evaluate as a formula is text like any other; `@out FILE guard=formulas` is for spreadsheets.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stripe_shell.escaping import visible
from stripe_shell.json_text import scalar_text
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.shape import flatten, rows_of


def render(body: Any, *, width: int | None, color: bool) -> str:
    """Returns a header line and the rows; the header contains every name, in order of first occurrence."""
    rows = rows_of(body)
    flat = [flat_row(row) for row in ([body] if rows is None else rows)]
    names = list(dict.fromkeys(name for row in flat for name in row))
    show = (lambda text: text) if width is None else visible
    return "".join(csv_line(map(show, line)) for line in ([names] if names else [])) + "".join(
        csv_line(show(cell_text(row.get(name))) for name in names) for row in flat if names
    )


def flat_row(row: Any) -> dict[str, Any]:
    """Returns the cells of a row by column name; a value that is not an object is the single column `value`."""
    if not isinstance(row, Mapping):
        return {"value": row}
    return {name: value for name, value in flatten(row) if value != {}}


def cell_text(value: Any) -> str:
    """Returns a value as the text of a cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | Sequence):
        return compact_json(value)
    return "" if value is None else scalar_text(value)


def csv_line(cells: Iterable[str]) -> str:
    """Returns one record, quoted where necessary, with its line end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)  # makes csv quote cells with either character
    return line.getvalue().removesuffix("\r\n") + "\n"
