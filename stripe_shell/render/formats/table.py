"""Renders a response for a terminal: a list as a table of its most important columns, an object as names and values."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from stripe_shell.render.formats.json import compact_json, scalar_text
from stripe_shell.render.shape import flatten, pick, rows_of, visible

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
_EARLIEST, _LATEST = 500_000_000, 10_000_000_000  # 1985 and 2286: a number outside is hardly a time

_UNBOUNDED = 1_000_000

#: The gap between a name and its value, and the minimum width of a value, in columns.
_GAP, _NARROWEST = 2, 30


def render(body: Any, *, width: int | None, color: bool) -> str:
    """Returns a list as a table, or as records if the terminal is too narrow; an object as names and values.

    Times are shown as ISO 8601, with the epoch seconds where there is room; amounts stay in the smallest currency unit.
    Nothing is truncated, and no value is split over lines: the terminal wraps them, so they can be copied whole.
    """
    rows = rows_of(body)
    if rows is None:
        return _draw([_object_record(body, width)], width, color)
    columns = choose_columns(rows)
    table, left_out = _widest(rows, columns, width)
    parts = [table] if table else list(_record_blocks(rows, columns)) if columns else []
    notes = [_footer(body, rows)] + [f"too narrow for: {visible(', '.join(left_out))}"] * bool(left_out)
    return _draw([*parts, Text("; ".join(notes), style="dim")], width, color)


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


def _widest(
    rows: Sequence[Any], columns: Sequence[str], width: int | None
) -> tuple[RenderableType | None, Sequence[str]]:
    """Returns a table with as many columns as fit, and the columns left out; None if too few fit."""
    if not columns:
        return None, ()
    for count in range(len(columns), min(_FEWEST_COLUMNS, len(columns)) - 1, -1):
        table = _table(rows, columns[:count])
        if width is None or _console(None, False).measure(table).maximum <= width:
            return table, columns[count:]
    return None, ()


def _table(rows: Sequence[Any], columns: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    for name in columns:
        cells = [_cell(row, name) for row in rows]
        numbers = name in _AMOUNTS or all(re.fullmatch(r"-?[\d.]*", cell) for cell in cells)
        table.add_column(Text(visible(name)), no_wrap=True, justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*(_styled(name, _cell(row, name)) for name in columns))
    return table


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


def _record_blocks(rows: Sequence[Any], columns: Sequence[str]) -> Iterable[RenderableType]:
    """Yields the rows one below the other, for a terminal that is too narrow for a table."""
    for number, row in enumerate(rows, start=1):
        yield Text(f"── {number} ──", style="bold")
        yield _two_columns([(name, _styled(name, cell)) for name in columns if (cell := _cell(row, name))])


def _object_record(body: Any, width: int | None) -> RenderableType:
    """Returns every member of an object, nested ones by dotted name, with those that are null listed at the end."""
    if not isinstance(body, Mapping):
        return Text(_format_value(body))
    members = [pair for name, value in flatten(body) for pair in _members(name, value)]
    lines = [(name, _styled(name, _long_value(name, value))) for name, value in members if value is not None]
    nothing = [visible(name) for name, value in members if value is None]
    taken = max(Text(visible(name)).cell_len for name in ("(null)", *(name for name, _ in lines))) + _GAP
    for number, part in enumerate(_broken(", ".join(nothing), width, taken)):
        lines.append(("" if number else "(null)", Text(part, style="dim")))
    return _two_columns(lines)


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


def _two_columns(lines: Iterable[tuple[str, Text]]) -> Text:
    """Returns names and values in two columns."""
    shown = [(Text(visible(name), style="bold"), value) for name, value in lines]
    longest = max((name.cell_len for name, _ in shown), default=0)
    spaced = (Text.assemble(name, " " * (longest - name.cell_len + _GAP), value) for name, value in shown)
    return Text("\n").join(spaced)


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


def _styled(name: str, text: str) -> Text:
    return Text(text, style="cyan" if name == "id" or name.endswith((".id", "].id")) else "")


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


def _draw(parts: Iterable[RenderableType], width: int | None, color: bool) -> str:
    console = _console(width, color)
    with console.capture() as capture:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, Text))
    lines = capture.get().split("\n")
    return "\n".join(line.rstrip(" ") for line in lines)


def _console(width: int | None, color: bool) -> Console:
    """Returns a console that is independent of the actual terminal, so that output depends only on the arguments."""
    return Console(
        file=io.StringIO(),
        width=width or _UNBOUNDED,
        height=25,
        force_terminal=color,
        force_jupyter=False,
        force_interactive=False,
        color_system="standard" if color else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
