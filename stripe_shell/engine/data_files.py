"""Data files of `@foreach`: reads the rows of CSV, TSV, JSON and JSONL files as a stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from stripe_shell.escaping import restore_cell
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.wire import ExactFloat

if TYPE_CHECKING:
    from pathlib import Path

#: The extensions of data files.
DATA_FILES = (".csv", ".tsv", ".json", ".jsonl")

#: Returns the file to read for the path of a data file, such as a copy that does not change. Raises OSError.
FindFile = Callable[["Path"], "Path"]

_CHUNK = 1 << 16
#: Delimiters that are tried where a header has one column, the likeliest first.
_DELIMITERS = (";", "\t", "|")
#: The line before the header by which Excel tells the delimiter.
_SEP = pattern(r"sep=([^\r\n])[\r\n]*", 2)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

#: The first line of the row files of a run: in such a file cells are guarded.
_ALL_QUOTED = pattern(r'"(?:[^"]|"")*"(?:,"(?:[^"]|"")*")*')


@record
class DataRow:
    """A row: its values by column, and the number of its last line (in a JSON array: its position from 1)."""

    values: Mapping[str, Any]
    number: int


@record
class DataFormat:
    """The format of a data file, as far as the script says it: the delimiter of a CSV file, and the encoding."""

    delimiter: str | None = None
    encoding: str | None = None


#: The format of a file that the script says nothing about.
AS_USUAL = DataFormat()


@record
class _Dialect:
    """The format of a CSV file: its encoding and delimiter, the lines before the header, and whether it is a guess."""

    encoding: str
    delimiter: str
    skipped: int = 0
    guessed: bool = False


def find_on_disk(path: Path) -> Path:
    """Returns the path itself: the data file is read where it is."""
    return path


class BadData(Exception):
    """The error for a data file that does not have the format of its extension. Its text gives the place and reason."""


def read_rows(path: Path, written: DataFormat = AS_USUAL) -> Iterator[DataRow]:
    """Yields the rows of the file in order. Raises BadData (possibly after some rows) and OSError."""
    with _readable(path, written):
        match path.suffix.lower():
            case ".csv" | ".tsv":
                yield from _read_csv(path, written)
            case ".jsonl":
                yield from _read_json_lines(path, written)
            case ".json":
                yield from _read_json(path, written)
            case _:
                raise BadData(f"the ending of {path.name} is none of {', '.join(DATA_FILES)}")


def read_columns(path: Path, written: DataFormat = AS_USUAL) -> tuple[str, ...] | None:
    """Returns the columns of every row from a CSV file's header; None for other formats. Raises as `read_rows`."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return None
    with _readable(path, written):
        return tuple(_header_of(path, _dialect(path, written)))


def guessed_delimiter(path: Path, written: DataFormat = AS_USUAL) -> str | None:
    """Returns the delimiter if nothing in the script or the file tells it and it is not a comma. Raises as above."""
    if path.suffix.lower() not in {".csv", ".tsv"}:
        return None
    with _readable(path, written):
        dialect = _dialect(path, written)
        return dialect.delimiter if dialect.guessed else None


@contextmanager
def _readable(path: Path, written: DataFormat) -> Iterator[None]:
    """Turns errors of decoding into BadData."""
    try:
        yield
    except UnicodeDecodeError as error:
        name = written.encoding or _mark_of(path) or "UTF-8"
        hint = "" if written.encoding else "; say which, e.g. `encoding=cp1252`"
        raise BadData(f"it is not {name} text (byte {error.start}){hint}") from error
    except UnicodeError as error:
        raise BadData(f"it is not {written.encoding or 'UTF-8'} text: {error}") from error


def _mark_of(path: Path) -> str | None:
    """Returns the encoding that the first bytes of a file tell, if it is not UTF-8."""
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in _UTF16_MARKS else None


def _encoding(path: Path, written: DataFormat) -> str:
    name = written.encoding or _mark_of(path) or "utf-8"
    return "utf-8-sig" if name.lower().replace("_", "-") in {"utf-8", "utf8"} else name


# --- CSV ------------------------------------------------------------------------------------------------


def _dialect(path: Path, written: DataFormat) -> _Dialect:
    """Returns how a CSV file is written: as the script, an Excel `sep=` line or the ending says, else guessed."""
    encoding = _encoding(path, written)
    with path.open(encoding=encoding, newline="") as file:
        sep = _SEP.fullmatch(file.readline())
    skipped = 1 if sep else 0
    known = written.delimiter or (sep[1] if sep else None) or ("\t" if path.suffix.lower() == ".tsv" else None)
    if known is not None:
        return _Dialect(encoding, known, skipped)
    plain = _Dialect(encoding, ",")
    if len(_header_of(path, plain)) != 1:
        return plain
    tried = [_Dialect(encoding, delimiter, guessed=True) for delimiter in _DELIMITERS]
    best = max(tried, key=lambda each: len(_header_of(path, each)))
    return best if len(_header_of(path, best)) > 1 else plain


def _header_of(path: Path, dialect: _Dialect) -> list[str]:
    import csv

    with path.open(encoding=dialect.encoding, newline="") as file:
        for _ in range(dialect.skipped):
            file.readline()
        try:
            return next(csv.reader(file, delimiter=dialect.delimiter), [])
        except csv.Error as error:
            raise BadData(f"the head of {path.name}: {error}") from error


def _read_csv(path: Path, written: DataFormat) -> Iterator[DataRow]:
    import csv

    dialect = _dialect(path, written)
    with path.open(encoding=dialect.encoding, newline="") as file:
        for _ in range(dialect.skipped):
            file.readline()
        start = file.tell()
        guarded = _ALL_QUOTED.fullmatch(file.readline().rstrip("\r\n")) is not None
        file.seek(start)
        reader = csv.reader(file, strict=True, delimiter=dialect.delimiter)
        try:
            head = next(reader, [])
            columns = list(map(restore_cell, head)) if guarded else head
            _check_columns(columns)
            for cells in reader:
                if not cells:
                    continue
                number = reader.line_num + dialect.skipped
                if len(cells) != len(columns):
                    raise BadData(f"line {number} has {len(cells)} cells, the head has {len(columns)}")
                values = map(restore_cell, cells) if guarded else cells
                yield DataRow(dict(zip(columns, values, strict=True)), number)
        except csv.Error as error:
            raise BadData(f"line {reader.line_num + dialect.skipped}: {error}") from error


def _check_columns(columns: list[str]) -> None:
    known: set[str] = set()
    for column in columns:
        if column in known:
            raise BadData(f"the head names the column `{column}` twice")
        known.add(column)


# --- JSON -----------------------------------------------------------------------------------------------


def _read_json_lines(path: Path, written: DataFormat) -> Iterator[DataRow]:
    with path.open(encoding=_encoding(path, written)) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _data_row(_load_json(line, f"line {number}"), number, f"line {number}")


def _read_json(path: Path, written: DataFormat) -> Iterator[DataRow]:
    """Yields the elements of a JSON array in order, reading in chunks: only the current element is in memory."""
    with path.open(encoding=_encoding(path, written)) as file:
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


class _NotANumber(Exception):
    """The error for a number that JSON does not have, or that no float holds. Its text is the number."""


def _exact(text: str) -> ExactFloat:
    number = ExactFloat(text)
    if number in (float("inf"), float("-inf")):
        raise _NotANumber(text)
    return number


def _refuse(text: str) -> None:
    raise _NotANumber(text)


class _Buffer:
    """A window on a JSON text."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._position = 0
        self._decoder = json.JSONDecoder(parse_float=_exact, parse_constant=_refuse)

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
            except _NotANumber as error:
                raise BadData(f"{place} holds `{error}`, which is no number") from error
            except (ValueError, RecursionError) as error:
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
        return json.loads(text, parse_float=_exact, parse_constant=_refuse)
    except _NotANumber as error:
        raise BadData(f"{place} holds `{error}`, which is no number") from error
    except (ValueError, RecursionError) as error:
        raise BadData(f"{place} is not JSON: {error}") from error


def _data_row(value: Any, number: int, place: str) -> DataRow:
    if not isinstance(value, dict):
        raise BadData(f"{place} is not an object")
    return DataRow(value, number)
