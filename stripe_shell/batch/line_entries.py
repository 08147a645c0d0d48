"""The lines of rows in a journal: what each row adds to the files of its loop, directly in front of its own entry."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from stripe_shell.batch.captures import without_secrets
from stripe_shell.batch.journal import LINES
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.json_text import json_text
from stripe_shell.secrets import Secrets
from stripe_shell.wire import parse_json

#: So many lines are in one entry.
_LINES = 100

#: The places of the row and of the mark of an entry that lacks nothing: `{"t":"o","r":"0123456789abcdef","c":1,…`.
ROW_ID = slice(14, 30)
_COMPLETE = slice(36, 37)


def line_entries(row_id: str, lines: RowLines, masks: Secrets) -> Iterator[bytes]:
    """Yields the entries of the lines of a row. Secrets are left out; an entry that lacks some is marked."""
    for file, group in groupby(lines, key=lambda line: line[0]):
        texts = (text for _, text in group)
        while part := list(islice(texts, _LINES)):
            kept = [_without_secrets(text, masks) for text in part]
            complete = int(kept == part)
            head = f'{{"t":"{LINES}","r":"{row_id}","c":{complete},"f":"{file}","l":['
            yield head.encode() + b",".join(kept) + b"]}\n"


def is_complete(entry: bytes) -> bool:
    """Whether an entry lacks nothing."""
    return entry[_COMPLETE] == b"1"


def read_lines(journal: Path, place: int, lines: RowLines) -> None:
    """Adds the lines of the row whose first entry is at a place in the journal. Raises OSError."""
    with journal.open("rb") as file:
        file.seek(place)
        for entry in iter(file.readline, b""):
            if entry[6:7] != LINES.encode():
                return
            read = parse_json(entry)
            for line in read["l"]:
                lines.add(read["f"], json_text(line).encode(errors="surrogatepass"))


class LinePlaces:
    """The places in the journal of the first entries of rows with lines; of a row that ended twice, the latter."""

    def __init__(self, rows: Sequence[int] = (), places: Sequence[int] = ()) -> None:
        """Takes for each row its id and its place, in the order of the journal."""
        order = sorted_places(rows)
        self._rows = array("Q", map(rows.__getitem__, order))
        self._places = array("Q", map(places.__getitem__, order))

    def find(self, row_id: str) -> int | None:
        """Returns the place of a row; None if it has no lines."""
        number = int(row_id, 16)
        index = bisect_right(self._rows, number) - 1
        return self._places[index] if index >= 0 and self._rows[index] == number else None


def sorted_places(ids: Sequence[int]) -> array[int]:
    """Returns the places of ids in ascending order; sorts in small parts, as a list of all would be much memory."""
    parts = [array("L") for _ in range(256)]
    for place, row_id in enumerate(ids):
        parts[row_id >> 56].append(place)
    order = array("L")
    for part in parts:
        order.extend(sorted(part, key=ids.__getitem__))
    return order


def _without_secrets(text: bytes, masks: Secrets) -> bytes:
    """Returns a line without fields that give access to something, and with secrets masked."""
    data: Any = parse_json(text)
    kept = masks.mask_data(without_secrets(data))
    return text if kept == data else json_text(kept).encode(errors="surrogatepass")
