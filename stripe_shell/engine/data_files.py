"""Data files of `@foreach`: reads the rows of CSV, JSON and JSONL files as a stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from stripe_shell.escaping import restore_cell
from stripe_shell.patterns import pattern
from stripe_shell.records import record

if TYPE_CHECKING:
    from pathlib import Path

#: The extensions of data files.
DATA_FILES = (".csv", ".json", ".jsonl")

#: Returns the file to read for the path of a data file, such as a copy that does not change. Raises OSError.
FindFile = Callable[["Path"], "Path"]

_CHUNK = 1 << 16

#: The first line of the row files of a run: in such a file cells are guarded.
_ALL_QUOTED = pattern(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*')


@record
class DataRow:
    """A row: its values by column, and the number of its last line (in a JSON array: its position from 1)."""

    values: Mapping[str, Any]
    number: int


def find_on_disk(path: Path) -> Path:
    """Returns the path itself: the data file is read where it is."""
    return path


class BadData(Exception):
    """The error for a data file that does not have the format of its extension. Its text gives the place and reason."""


def read_rows(path: Path) -> Iterator[DataRow]:
    """Yields the rows of the file in order. Raises BadData (possibly after some rows) and OSError."""
    try:
        match path.suffix.lower():
            case ".csv":
                yield from _read_csv(path)
            case ".jsonl":
                yield from _read_json_lines(path)
            case ".json":
                yield from _read_json(path)
            case _:
                raise BadData(f"the ending of {path.name} is none of {', '.join(DATA_FILES)}")
    except UnicodeDecodeError as error:
        raise BadData(f"{path.name} is not UTF-8 text (byte {error.start})") from error


def read_columns(path: Path) -> tuple[str, ...] | None:
    """Returns the columns of every row from a CSV file's header; None for other formats. Raises as `read_rows`."""
    if path.suffix.lower() != ".csv":
        return None
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        return tuple(next(csv.reader(file), ()))


def _read_csv(path: Path) -> Iterator[DataRow]:
    import csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        restore = restore_cell if _ALL_QUOTED.fullmatch(file.readline().rstrip("\r\n")) else str
        file.seek(0)
        reader = csv.reader(file, strict=True)
        try:
            columns = list(map(restore, next(reader, [])))
            _check_columns(columns)
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(columns):
                    raise BadData(f"line {reader.line_num} has {len(cells)} cells, the head has {len(columns)}")
                yield DataRow(dict(zip(columns, map(restore, cells), strict=True)), reader.line_num)
        except csv.Error as error:
            raise BadData(f"line {reader.line_num}: {error}") from error


def _check_columns(columns: list[str]) -> None:
    for column in columns:
        if columns.count(column) > 1:
            raise BadData(f"the head names the column `{column}` twice")


def _read_json_lines(path: Path) -> Iterator[DataRow]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _data_row(_load_json(line, f"line {number}"), number, f"line {number}")


def _read_json(path: Path) -> Iterator[DataRow]:
    """Yields the elements of a JSON array in order, reading in chunks: only the current element is in memory."""
    with path.open(encoding="utf-8-sig") as file:
        buffer = _Buffer(file)
        if buffer.next_char() != "[":
            raise BadData(f"{path.name} must hold a JSON array of objects")
        buffer.skip(1)
        number = 0
        while buffer.next_char() != "]":
            if number and buffer.next_char() != ",":
                raise BadData(f"element {number + 1}: a comma is missing before it")
            buffer.skip(1 if number else 0)
            number += 1
            yield _data_row(buffer.value(f"element {number}"), number, f"element {number}")


class _Buffer:
    """A window on a JSON text."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._position = 0
        self._decoder = json.JSONDecoder()

    def next_char(self) -> str:
        """Returns the next non-blank character, or an empty string at the end."""
        while True:
            while self._position < len(self._text):
                if not self._text[self._position].isspace():
                    return self._text[self._position]
                self._position += 1
            if not self._read():
                return ""

    def skip(self, count: int) -> None:
        self._position += count

    def value(self, place: str) -> Any:
        """Returns the JSON value that starts at the next character. Raises BadData for invalid JSON."""
        self.next_char()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._position)
            except ValueError as error:
                if not self._read():
                    raise BadData(f"{place} is not JSON: {error}") from error
                continue
            if end == len(self._text) and self._read():
                continue  # A number may continue in the next chunk.
            self._position = end
            return value

    def _read(self) -> bool:
        chunk = self._file.read(_CHUNK)
        self._text = self._text[self._position :] + chunk
        self._position = 0
        return bool(chunk)


def _load_json(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadData(f"{place} is not JSON: {error}") from error


def _data_row(value: Any, number: int, place: str) -> DataRow:
    if not isinstance(value, dict):
        raise BadData(f"{place} is not an object")
    return DataRow(value, number)
