"""Draws the screen of a terminal as SVG: characters, colours, bold and reverse, in a monospace font of the reader's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

import pyte

WIDTH, HEIGHT, MARGIN, SIZE = 8.4, 18, 12, 14
BACKGROUND, FOREGROUND = "#1d2026", "#d7dae0"
COLORS = {
    "black": "#1d2026",
    "red": "#c4384b",
    "green": "#8cc265",
    "brown": "#d9b36c",
    "blue": "#6ba6f0",
    "magenta": "#c58bdc",
    "cyan": "#56b6c2",
    "white": "#e6e8ec",
    "brightblack": "#868d9a",
    "brightred": "#ff6b7d",
    "brightgreen": "#a5e075",
    "brightbrown": "#f0cf87",
    "brightblue": "#8fc1ff",
    "brightmagenta": "#de9ff2",
    "bfightmagenta": "#de9ff2",  # as pyte spells it
    "brightcyan": "#76d7e3",
    "brightwhite": "#ffffff",
}
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

#: What differs from run to run, and what stands there in a drawing; `#` counts the different texts.
CHANGING = (
    (re.compile(r"\b(?:cus|prod|price|sub|pi)_[A-Za-z0-9]{14,24}"), ""),
    (re.compile(r"\breq_[A-Za-z0-9]{14}"), ""),
    (re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d"), "12 Jan 2026 09:41"),
    (re.compile(r"\bjust now\b|\b\d+ s ago\b"), "just now"),
    (re.compile(r"\b\d+ ms\b"), "4 ms"),
    (re.compile("[\u2800-\u28ff]"), "⠋"),  # a turning wheel
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:8420"),
)
_DIGITS = "NffrFeUfNV2HibQ7ka3xWm9c"


@dataclass(frozen=True)
class Cell:
    """One character and how it is shown; colours are of SVG, no `background` is that of the screen."""

    text: str
    color: str
    background: str
    bold: bool
    underlined: bool


Row = list[Cell]


def draw(screen: pyte.Screen, title: str) -> str:
    """Returns the SVG text of a screen, without the empty lines at its top and its end."""
    rows = _trimmed(fixed([_row(screen, number) for number in range(screen.lines)]))
    width = round(screen.columns * WIDTH + 2 * MARGIN)
    height = len(rows) * HEIGHT + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' font-family="{FONT}" font-size="{SIZE}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
    ]
    for number, row in enumerate(rows):
        lines += _shapes(row, MARGIN + number * HEIGHT)
    return "\n".join([*lines, "</svg>", ""])


def fixed(rows: Sequence[Row]) -> list[Row]:
    """Returns the rows with ids, times and ports that are the same in each run."""
    names: dict[str, str] = {}
    return [_fixed_row(row, names) for row in rows]


def _fixed_row(row: Row, names: dict[str, str]) -> Row:
    for changing, constant in CHANGING:
        for match in reversed(list(changing.finditer("".join(cell.text for cell in row)))):
            text = constant or names.setdefault(match[0], _name(match[0], len(names)))
            first = row[match.start()]
            new = [Cell(each, first.color, first.background, first.bold, first.underlined) for each in text]
            row = [*row[: match.start()], *new, *row[match.end() :]]
    return row


def _name(name: str, number: int) -> str:
    """Returns an id of the same kind and length for the id with this number on the screen."""
    prefix, _, digits = name.rpartition("_")
    turned = _DIGITS[number:] + _DIGITS[:number]
    return f"{prefix}_{turned[: len(digits)]}"


def _row(screen: pyte.Screen, number: int) -> Row:
    chars = (screen.buffer[number][column] for column in range(screen.columns))
    return [_cell(char) for char in chars if char.data]


def _cell(char: pyte.screens.Char) -> Cell:
    color = _color(char.fg, FOREGROUND)
    background = _color(char.bg, "")
    if char.reverse:
        color, background = background or BACKGROUND, color
    return Cell(char.data, color, background, char.bold, char.underscore)


def _color(name: str, default: str) -> str:
    return default if name == "default" else COLORS.get(name) or f"#{name}"


def _trimmed(rows: list[Row]) -> list[Row]:
    drawn = [any(cell.text != " " or cell.background for cell in row) for row in rows]
    if not any(drawn):
        return []
    return rows[drawn.index(True) : len(rows) - drawn[::-1].index(True)]


def _shapes(row: Row, top: float) -> Iterator[str]:
    """Yields the backgrounds and texts of a row, one for each run of cells that look the same."""
    at = 0
    for look, cells in groupby(row, lambda cell: (cell.color, cell.background, cell.bold, cell.underlined)):
        text = "".join(cell.text for cell in cells)
        left, width = round(MARGIN + at * WIDTH, 1), round(len(text) * WIDTH, 1)
        at += len(text)
        color, background, bold, underlined = look
        if background:
            yield f'<rect x="{left}" y="{top}" width="{width}" height="{HEIGHT}" fill="{background}"/>'
        if not text.strip():
            continue
        marks = ' font-weight="bold"' * bold + ' text-decoration="underline"' * underlined
        yield from _words(text, left, top + SIZE, f'fill="{color}"{marks}')


def _words(text: str, left: float, base: float, look: str) -> Iterator[str]:
    """Yields the parts between wide gaps, each at its place, so that columns stand right in any monospace font."""
    for match in re.finditer(r"\S+(?: \S+)*", text):
        x, width = round(left + match.start() * WIDTH, 1), round(len(match[0]) * WIDTH, 1)
        yield f'<text x="{x}" y="{base}" textLength="{width}" {look}>{escape(match[0])}</text>'
