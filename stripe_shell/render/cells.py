"""Text in terminal columns: measures, cuts, pads and colours it, and lays cells out as a grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: SGR parameters of the colours in use; they are readable on light and on dark terminals.
BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"

#: Replaces the part that was cut off.
ELLIPSIS = "…"

#: What a column that may be cut keeps at least: where all columns have room, and where there is little.
_LIMITS = (24, 12)


def text_width(text: str) -> int:
    """Returns the number of terminal columns that a text without control characters takes."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth, wcwidth

    width = wcswidth(text)
    return width if width >= 0 else sum(max(wcwidth(char), 0) for char in text)


def cut(text: str, width: int) -> str:
    """Returns `text`, ended by `…` if it takes more than `width` columns."""
    if len(text) <= width and text_width(text) <= width:
        return text
    if text.isascii():
        return f"{text[: max(width - 1, 0)]}{ELLIPSIS}"
    end, taken = 0, 0
    for end, char in enumerate(text):  # noqa: B007
        taken += text_width(char)
        if taken > width - 1:
            break
    return f"{text[:end]}{ELLIPSIS}"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Returns `text` filled up with blanks to `width` columns; `right` puts them in front."""
    blanks = " " * (width - text_width(text))
    return f"{blanks}{text}" if right else f"{text}{blanks}"


def paint(text: str, style: str, color: bool) -> str:
    """Returns `text` in a colour; unchanged if it is empty or colours are not allowed."""
    return f"\x1b[{style}m{text}\x1b[0m" if color and style and text else text


def column_width(name: str, cells: Sequence[str]) -> int:
    """Returns the number of terminal columns of the widest cell or of the name."""
    if all(map(str.isascii, cells)):
        return max(text_width(name), max(map(len, cells), default=0))
    return max(text_width(name), max(map(text_width, cells), default=0))


def fit(widths: Sequence[int], cuttable: Sequence[bool], room: int, gap: int, fewest: int) -> list[int]:
    """Returns the widths of the first columns of a grid, as many as fit into `room`; empty if fewer than `fewest` do.

    Of the columns that may be cut, a long one is narrowed before it keeps another column out, and further where the
    fewest columns do not fit otherwise.
    """
    for limit in _LIMITS:
        least = [min(width, limit) if may else width for width, may in zip(widths, cuttable, strict=True)]
        for count in range(len(widths), fewest - 1, -1):
            free = room - gap * (count - 1)
            if sum(least[:count]) <= free:
                return _narrowed(widths[:count], least, free)
    return []


def _narrowed(widths: Sequence[int], least: Sequence[int], free: int) -> list[int]:
    """Returns the widths with the widest ones levelled, so that they take no more than `free` together."""
    level = free
    while sum(narrowed := [max(low, min(width, level)) for width, low in zip(widths, least, strict=False)]) > free:
        level -= 1
    return narrowed


def grid_lines(
    columns: Sequence[Sequence[str]], widths: Sequence[int], right: Sequence[bool], styles: Sequence[str], gap: str
) -> Iterator[str]:
    """Yields a line for each row of the columns, cells cut to the widths, in the SGR styles; empty ones: no colour."""
    shown = [
        _column(cells, width, to_right, style)
        for cells, width, to_right, style in zip(columns, widths, right, styles, strict=False)
    ]
    for row in zip(*shown, strict=True):
        yield gap.join(row).rstrip(" ")


def _column(cells: Sequence[str], width: int, right: bool, style: str) -> list[str]:
    if all(map(str.isascii, cells)) and max(map(len, cells), default=0) <= width:
        shown = [cell.rjust(width) for cell in cells] if right else [cell.ljust(width) for cell in cells]
    else:
        shown = [pad(cut(cell, width), width, right=right) for cell in cells]
    return [_painted(cell, style) for cell in shown] if style else shown


def _painted(cell: str, style: str) -> str:
    text = cell.strip(" ")
    return cell.replace(text, paint(text, style, True), 1) if text else cell
