"""Renders a list as numbered rows of its most important columns, with short dates and ids, and signs for states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stripe_shell.escaping import visible
from stripe_shell.records import record
from stripe_shell.render.cards.computed import COMPUTED
from stripe_shell.render.cards.money import is_amount
from stripe_shell.render.cards.states import sign, state_style
from stripe_shell.render.cards.times import is_time
from stripe_shell.render.cards.values import (
    Display,
    FactLine,
    JsonObject,
    chosen_lines,
    fact_line,
    layout_of,
    line_text,
    member,
    plain_line,
    value_text,
)
from stripe_shell.render.cells import BOLD, CYAN, DIM, column_width, cut, fit, grid_lines, pad, paint
from stripe_shell.render.formats.table import choose_columns

_GAP = "  "
#: The most rows that are examined to find the type of a column.
_LOOKED_AT = 50


@record
class RowTable:
    """The lines of a list, and the columns that were cut or omitted for lack of space."""

    lines: tuple[str, ...]
    cut: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@record
class _Column:
    label: str
    cells: Sequence[str]
    right: bool = False
    whole: bool = False
    states: bool = False

    @property
    def width(self) -> int:
        """The width of the widest cell in terminal columns."""
        return column_width(self.label, self.cells)


def row_table(rows: Sequence[Any], display: Display, first: int = 1) -> RowTable:
    """Returns the rows, numbered from `first`, in as many columns as fit; with `display.full` nothing is cut."""
    numbers = _Column("#", [str(number) for number in range(first, first + len(rows))], right=True, whole=True)
    columns = [each for each in _columns(rows, display) if any(each.cells)]
    room = 1_000_000 if display.full else display.width - numbers.width - len(_GAP)
    widths = fit([each.width for each in columns], [not each.whole for each in columns], room, len(_GAP), 1)
    widths = widths or [max(room, 1)][: len(columns)]
    shown = [numbers, *columns[: len(widths)]]
    return RowTable(
        tuple(_grid(shown, [numbers.width, *widths], display.color)),
        cut=tuple(each.label for each, width in zip(columns, widths, strict=False) if each.width > width),
        left_out=tuple(each.label for each in columns[len(widths) :]),
    )


def _grid(columns: Sequence[_Column], widths: Sequence[int], color: bool) -> Iterator[str]:
    header = (pad(cut(each.label, width), width, right=each.right) for each, width in zip(columns, widths, strict=True))
    yield paint(_GAP.join(header).rstrip(" "), DIM, color)
    styles = [BOLD if each.label == "#" else CYAN if each.label == "id" else "" for each in columns]
    right = [each.right for each in columns]
    lines = grid_lines([each.cells for each in columns], widths, right, styles if color else [""] * len(styles), _GAP)
    if not color or not any(each.states for each in columns):
        yield from lines
        return
    states = next(each.cells for each in columns if each.states)
    for line, state in zip(lines, states, strict=True):
        yield line.replace(state, paint(state, state_style(state[2:]), True), 1) if state else line


def _columns(rows: Sequence[Any], display: Display) -> Iterator[_Column]:
    objects = [row for row in rows if isinstance(row, Mapping)]
    if len(objects) < len(rows) or not objects:
        yield _Column("value", [value_text(row, "", None, display, cell=True) for row in rows])
        return
    layout = layout_of(objects[0])
    mixed = any(row.get("object") != objects[0].get("object") for row in objects)
    if layout is None or mixed:
        lines = [plain_line(name) for name in choose_columns(rows)]
    else:
        lines = [fact_line(text) for text in layout.columns]
    for line in (not mixed and chosen_lines(objects[0], display)) or lines:
        yield _column(objects, line, display, layout.state if layout else "status")


def _column(rows: Sequence[JsonObject], line: FactLine, display: Display, state: str) -> _Column:
    cells = _texts(rows, line, display)
    if line.path.endswith("status") or (line.path == state and state.startswith("$")):
        marked = [f"{sign(cell)} {cell}" if cell else "" for cell in cells]
        return _Column(line.label, marked, whole=True, states=True)
    if line.path in COMPUTED:
        return _Column(line.label, cells)
    found = [member(row, line.path)[:2] for row in rows[:_LOOKED_AT]]
    times = line.path == "id" or any(is_time(name, value) for value, name in found)
    amounts = any(is_amount(name, value) for value, name in found)
    numbers = all(value is None or _is_number(value) for value, _ in found)
    return _Column(line.label, cells, right=numbers and not times, whole=times or amounts)


def _texts(rows: Sequence[JsonObject], line: FactLine, display: Display) -> list[str]:
    """Returns the cells of a column. A text that is no id, as most are, is shown as it is."""
    path = line.path
    if len(line.parts) > 1 or path in COMPUTED or not path.isidentifier():
        return [line_text(row, line, display, cell=True) for row in rows]
    texts = []
    for row in rows:
        value = row.get(path)
        if value is None:
            texts.append("")
        elif type(value) is str and (path == "id" or "_" not in value):
            texts.append(visible(value))
        else:
            texts.append(line_text(row, line, display, cell=True))
    return texts


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
