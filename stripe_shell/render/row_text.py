"""Rows as lines of text, a page at a time: CSV with chosen columns, and JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from stripe_shell.escaping import guard_cell, visible_json
from stripe_shell.render.formats.csv import cell_text, csv_line
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.shape import pick

#: The types whose values the csv module writes as they are meant.
_NATIVE = frozenset({str, int, type(None)})


class CsvLines:
    """Renders rows as CSV; `names` are the columns, paths with dots.

    `guard`: see `RowTarget`. `flat`: the names are those of members, whatever dots they have.
    """

    def __init__(self, names: Iterable[str], *, guard: bool = False, flat: bool = False) -> None:
        self.names = tuple(names)
        self._guard = guard
        self._flat = flat or not any("." in name or "[" in name for name in self.names)

    def header(self) -> str:
        """Returns the first line; all its cells are quoted if cells are guarded, which tells a reader so."""
        if self._guard:
            return ",".join('"' + guard_cell(name).replace('"', '""') + '"' for name in self.names) + "\n"
        return csv_line(self.names)

    def text(self, rows: Sequence[Any]) -> str:
        """Returns a line for each row."""
        lines = self._lines(rows)
        if self._guard:
            lines = [[guarded_text(value) for value in line] for line in lines]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        # The csv module quotes a carriage return only if the line end has one.
        return text.getvalue() if "\r" not in text.getvalue() else "".join(map(csv_line, lines))

    def _lines(self, rows: Sequence[Any]) -> list[list[Any]]:
        names = self.names
        if self._flat and all(type(row) is dict for row in rows):
            return [
                [value if type(value := row.get(name)) in _NATIVE else cell_text(value) for name in names]
                for row in rows
            ]
        return [
            [value if type(value := pick(row, name)) in _NATIVE else cell_text(value) for name in names] for row in rows
        ]


def guarded_text(value: Any) -> str:
    """Returns a value as the text of a cell that no spreadsheet runs as a formula. Numbers stay as they are."""
    return guard_cell(value) if isinstance(value, str) else cell_text(value)


def json_lines(rows: Sequence[Any], *, plain: bool) -> str:
    """Returns a line of JSON for each row. `plain`: no number in them has a fraction or an exponent."""
    if not plain:
        return "".join(f"{compact_json(row)}\n" for row in rows)
    text = "".join([f"{line}\n" for line in map(_encode, rows)])
    return text if text.isascii() and "\x7f" not in text else visible_json(text)


_encode = json.JSONEncoder(ensure_ascii=False).encode


def chooser(fields: Sequence[str]) -> Callable[[Any], dict[str, Any]]:
    """Returns a function that gives the members of a row at the dotted paths `fields`, by path."""
    if any("." in name or "[" in name for name in fields):
        return lambda row: {name: pick(row, name) for name in fields}
    return lambda row: {name: row.get(name) for name in fields} if isinstance(row, dict) else {}
