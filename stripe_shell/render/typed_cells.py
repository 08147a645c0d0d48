"""Rows as cells of typed columns, for files whose columns have types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stripe_shell.engine.run.row_target import RowTarget
from stripe_shell.patterns import pattern
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.shape import pick

#: The types of cells that a value is not converted to.
_SCALARS = frozenset({str, int, bool, type(None)})

#: Halves of characters that UTF-8 cannot encode.
_LONE = pattern(r"[\ud800-\udfff]")


class TypedCells:
    """Converts rows to cells: text, integers, booleans, floats and None; anything else becomes JSON text."""

    def __init__(self, target: RowTarget) -> None:
        self._names = [column.name for column in target.columns]
        self._masks = target.masks
        self._known = set() if target.fields else {name.partition(".")[0] for name in self._names}
        self._unknown: set[str] = set()

    def lines(self, rows: Sequence[Any]) -> list[list[Any]]:
        """Returns a list of cells for each row, secrets masked."""
        if self._known:
            self._unknown.update(*(row.keys() - self._known for row in rows if isinstance(row, dict)))
        lines = self._convert(rows)
        text = "\0".join(str(cell) for line in lines for cell in line)
        masks = self._masks()
        if masks.mask(text) != text:
            lines = self._convert(masks.mask_data(list(rows)))
        return lines if _LONE.search(text) is None else [list(map(_encodable, line)) for line in lines]

    def left_out(self) -> tuple[str, ...]:
        """Returns the names of members that have no column."""
        return tuple(sorted(self._unknown))

    def _convert(self, rows: Sequence[Any]) -> list[list[Any]]:
        names = self._names
        return [
            [cell if type(cell := pick(row, name)) in _SCALARS else _converted(cell) for name in names] for row in rows
        ]


def _encodable(cell: Any) -> Any:
    """Returns a cell that UTF-8 can encode: lone surrogates, which JSON may hold, are escaped as there (`\\ud800`)."""
    return cell.encode(errors="backslashreplace").decode() if isinstance(cell, str) else cell


def _converted(value: Any) -> Any:
    return float(value) if isinstance(value, float) else compact_json(value)
