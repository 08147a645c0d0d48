"""Renders a response for a terminal: a list as a table of its most important columns, an object as names and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any

from stripe_shell.escaping import visible
from stripe_shell.json_text import scalar_text
from stripe_shell.render.cells import BOLD, CYAN, DIM, column_width, fit, grid_lines, paint, text_width
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.shape import flatten, pick, rows_of

# The most important members, in the order in which a narrow terminal keeps them; of the amounts only the first found.
_AMOUNTS = ("amount", "amount_due", "amount_total", "unit_amount", "total", "amount_off")
_TELLING = (
    *("id", "object", "name", "email", *_AMOUNTS, "status", "type", "customer", "product", "nickname"),
    *("recurring.interval", "interval", "active", "description", "created"),
)
_DULL = frozenset({"object", "livemode", "url", "currency", *_AMOUNTS})

_MOST_COLUMNS = 8
_FEWEST_COLUMNS = 3
_ENOUGH_COLUMNS = 4

_TIME_NAME = re.compile(
    r"(?:.*[_.])?(?:created|updated|at|on|start|end|date|anchor|deadline|timestamp|until|after|before|due_by)"
)
_ID_NAME = re.compile(r"(?:.*[.\]])?id")
_NUMBERS = re.compile(r"-?[\d.]*")
_EARLIEST, _LATEST = 500_000_000, 10_000_000_000  # 1985 and 2286: a number outside is hardly a time

#: The gap between columns, that between a name and its value, and the minimum width of a value, in columns.
_COLUMN_GAP, _GAP, _NARROWEST = "   ", 2, 30


def render(body: Any, *, width: int | None, color: bool) -> str:
    """Returns a list as a table, or as records if the terminal is too narrow; an object as names and values.

    Times are shown as ISO 8601, with the epoch seconds where there is room; amounts stay in the smallest currency unit.
    Off a terminal nothing is cut; on one, long cells of a table are, which the last line says. Values of an object are
    never cut or split over lines: the terminal wraps them, so they can be copied whole.
    """
    rows = rows_of(body)
    if rows is None:
        return _text(_object_record(body, width, color))
    columns = choose_columns(rows)
    cells = {name: [_cell(row, name) for row in rows] for name in columns}
    shown = _shown_widths(cells, width)
    parts = list(_table(cells, shown, color)) if shown else list(_record_blocks(rows, columns, color))
    left_out = [visible(name) for name in columns if shown and name not in shown]
    cut = [visible(name) for name, taken in shown.items() if taken < column_width(visible(name), cells[name])]
    notes = [_footer(body, rows)]
    notes += [f"too narrow for: {', '.join(left_out)}"] * bool(left_out)
    notes += [f"cut: {', '.join(cut)}"] * bool(cut)
    return _text([*parts, paint("; ".join(notes), DIM, color)])


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def choose_columns(rows: Sequence[Any]) -> tuple[str, ...]:
    """Returns the names of the most important columns for these rows, at most eight, best first."""
    objects = [row for row in rows if isinstance(row, Mapping)]
    if not objects:
        return ("value",) if rows else ()
    there = [name for name in _TELLING if any(_cell(row, name) for row in objects)]
    unwanted = {name for name in there if name in _AMOUNTS and name != _amount_name(there)}
    if len({row.get("object") for row in objects}) == 1:
        unwanted.add("object")
    telling = [name for name in there if name not in unwanted]
    if len(telling) >= _ENOUGH_COLUMNS:
        return tuple(telling[:_MOST_COLUMNS])
    names = dict.fromkeys(name for row in objects for name in row if name not in _DULL and name not in telling)
    others = (name for name in names if any(_is_plain(row.get(name)) for row in objects))
    return (*telling, *others)[:_ENOUGH_COLUMNS]


def _amount_name(names: Sequence[str]) -> str | None:
    return next((name for name in names if name in _AMOUNTS), None)


def _is_plain(value: Any) -> bool:
    return value is not None and value != "" and not isinstance(value, Mapping | list)


def _shown_widths(cells: Mapping[str, Sequence[str]], width: int | None) -> dict[str, int]:
    """Returns the widths of the columns that fit, by name; empty if too few fit."""
    widths = [column_width(visible(name), column) for name, column in cells.items()]
    if width is not None:
        cuttable = [not _is_whole(name, column) for name, column in cells.items()]
        widths = fit(widths, cuttable, width, len(_COLUMN_GAP), min(_FEWEST_COLUMNS, len(cells)))
    return dict(zip(cells, widths, strict=False))


def _is_whole(name: str, column: Sequence[str]) -> bool:
    """Whether the cells of a column are of no use when they are cut: ids, amounts, numbers and times."""
    whole = name in _AMOUNTS or _ID_NAME.fullmatch(name) or _TIME_NAME.fullmatch(name)
    return bool(whole) or _is_number(column)


def _is_number(column: Sequence[str]) -> bool:
    return all(map(_NUMBERS.fullmatch, column))


def _table(cells: Mapping[str, Sequence[str]], widths: Mapping[str, int], color: bool) -> Iterator[str]:
    right = [name in _AMOUNTS or _is_number(cells[name]) for name in widths]
    header = [[visible(name)] for name in widths]
    plain = [""] * len(right)
    yield from grid_lines(header, list(widths.values()), right, [BOLD] * len(right) if color else plain, _COLUMN_GAP)
    yield "─" * (sum(widths.values()) + len(_COLUMN_GAP) * (len(widths) - 1))
    styles = [CYAN if color and _ID_NAME.fullmatch(name) else "" for name in widths]
    yield from grid_lines([cells[name] for name in widths], list(widths.values()), right, styles, _COLUMN_GAP)


def _cell(row: Any, name: str) -> str:
    """Returns the text of a cell, empty if the row has no value."""
    if not isinstance(row, Mapping):
        return _format_value(row)
    value = pick(row, name)
    if isinstance(value, Mapping) and isinstance(value.get("id"), str):  # expanded
        value = value["id"]
    if name in _AMOUNTS and isinstance(row.get("currency"), str):
        return "" if value is None else f"{_format_value(value)} {visible(row['currency'])}"
    if _is_time(name, value):
        return _iso(value)
    return "" if value is None else _format_value(value)


def _record_blocks(rows: Sequence[Any], columns: Sequence[str], color: bool) -> Iterator[str]:
    """Yields the rows one below the other, for a terminal that is too narrow for a table."""
    for number, row in enumerate(rows if columns else (), start=1):
        yield paint(f"── {number} ──", BOLD, color)
        yield from _two_columns(
            [(name, _styled(name, cell, color)) for name in columns if (cell := _cell(row, name))], color
        )


def _object_record(body: Any, width: int | None, color: bool) -> Iterator[str]:
    """Yields every member of an object, nested ones by dotted name, with those that are null listed at the end."""
    if not isinstance(body, Mapping):
        yield _format_value(body)
        return
    members = [pair for name, value in flatten(body) for pair in _members(name, value)]
    lines = [(name, _styled(name, _long_value(name, value), color)) for name, value in members if value is not None]
    nothing = [visible(name) for name, value in members if value is None]
    taken = max(text_width(visible(name)) for name in ("(null)", *(name for name, _ in lines))) + _GAP
    for number, part in enumerate(_broken(", ".join(nothing), width, taken)):
        lines.append(("" if number else "(null)", paint(part, DIM, color)))
    yield from _two_columns(lines, color)


def _broken(names: str, width: int | None, taken: int) -> list[str]:
    """Wraps the names of null members to the remaining width; one line if the width is unlimited."""
    if width is None or not names:
        return [names] if names else []
    return wrap(names, max(width - taken, _NARROWEST), break_long_words=False, break_on_hyphens=False)


def _members(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Yields the members of a list of objects as `name[0].member`; any other value unchanged."""
    if not isinstance(value, list) or not any(isinstance(item, Mapping | list) for item in value):
        yield name, value
        return
    for index, item in enumerate(value):
        inner = flatten(item, f"{name}[{index}].") if isinstance(item, Mapping) else [(f"{name}[{index}]", item)]
        for path, leaf in inner:
            yield from _members(path, leaf)


def _two_columns(lines: Sequence[tuple[str, str]], color: bool) -> Iterator[str]:
    """Yields names and values in two columns."""
    longest = max((text_width(visible(name)) for name, _ in lines), default=0)
    for name, value in lines:
        shown = visible(name)
        yield f"{paint(shown, BOLD, color)}{' ' * (longest - text_width(shown) + _GAP)}{value}".rstrip(" ")


def _long_value(name: str, value: Any) -> str:
    return f"{_iso(value)} ({value})" if _is_time(name, value) else _format_value(value)


def _format_value(value: Any) -> str:
    if isinstance(value, str):
        return visible(value)
    return compact_json(value) if isinstance(value, Mapping | list) else scalar_text(value)


def _is_time(name: str, value: Any) -> bool:
    """Whether a value is epoch seconds, judged by name and size, since JSON has no type for times."""
    plain_number = isinstance(value, int) and not isinstance(value, bool)
    return plain_number and _EARLIEST < value < _LATEST and _TIME_NAME.fullmatch(name) is not None


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _styled(name: str, text: str, color: bool) -> str:
    return paint(text, CYAN, color and _ID_NAME.fullmatch(name) is not None)


def _footer(body: Any, rows: Sequence[Any]) -> str:
    """Returns the number of rows, and how to get the others."""
    count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    if not isinstance(body, Mapping) or not (body.get("has_more") or body.get("next_page_url")):
        return f"({count})"
    return f"({count}, there are more: `@pages all`{_next_page(body, rows)})"


def _next_page(body: Mapping[str, Any], rows: Sequence[Any]) -> str:
    if isinstance(body.get("next_page"), str):
        return f", or `page: {visible(body['next_page'])}`"
    if body.get("next_page_url"):
        return ""
    last = rows[-1].get("id") if rows and isinstance(rows[-1], Mapping) else None
    return f", or `starting_after: {visible(last)}`" if isinstance(last, str) else ""
