"""Writes the output file of `@out`: rows in the format of its suffix, renamed to its name only when complete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TextIO

from stripe_shell.errors import NotSent
from stripe_shell.files import OutputFile
from stripe_shell.render.formats.csv import cell_text, csv_line, flat_row
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.shape import pick
from stripe_shell.wire import parse_json


def open_rows(path: str, fields: tuple[str, ...]) -> RowFile:
    """Opens a file for rows. Raises OSError if it cannot be created, NotSent for an unknown suffix."""
    target = Path(path).expanduser()
    match target.suffix.lower():
        case ".csv":
            return CsvFile(target, fields)
        case ".jsonl":
            return JsonLinesFile(target, fields)
        case ".json":
            return JsonFile(target, fields)
        case _:
            raise NotSent(f"@out {path}: end the name in .csv, .json or .jsonl")


class RowFile:
    """Writes rows to an `OutputFile`, so that an incomplete file never appears under its name."""

    def __init__(self, target: Path, fields: tuple[str, ...]) -> None:
        self._fields = fields
        self._output = OutputFile(target)
        self._file = self._output.stream

    def write(self, rows: Sequence[Any]) -> None:
        """Writes rows of JSON data."""
        for row in rows:
            self._write_row(select(row, self._fields))

    def close(self) -> None:
        """Completes the file and renames it to its name."""
        self._finish()
        self._output.commit()

    def discard(self) -> None:
        """Removes the incomplete file."""
        self._output.discard()

    def _write_row(self, row: Any) -> None:
        raise TypeError(f"{type(self).__name__} writes no rows")

    def _finish(self) -> None:
        """Writes the end of the format."""


class JsonLinesFile(RowFile):
    """Writes JSON Lines: one JSON value per line."""

    def _write_row(self, row: Any) -> None:
        self._file.write(compact_json(row) + "\n")


class JsonFile(RowFile):
    """Writes one JSON array."""

    def __init__(self, target: Path, fields: tuple[str, ...]) -> None:
        super().__init__(target, fields)
        self._separator = "[\n"

    def _write_row(self, row: Any) -> None:
        self._file.write(self._separator + compact_json(row))
        self._separator = ",\n"

    def _finish(self) -> None:
        self._file.write("[]\n" if self._separator == "[\n" else "\n]\n")


class CsvFile(RowFile):
    """Writes comma-separated values, nested members with dotted names.

    Without `fields`, the columns are all names that occur: rows are kept in a temporary file until the last one is
    known.
    """

    def __init__(self, target: Path, fields: tuple[str, ...]) -> None:
        super().__init__(target, fields)
        self._columns: dict[str, None] = dict.fromkeys(fields)
        self._waiting: TextIO | None = None
        if fields:
            self._file.write(csv_line(fields))
        else:
            self._waiting = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed in _finish and discard)

    def discard(self) -> None:
        super().discard()
        if self._waiting is not None:
            self._waiting.close()

    def _write_row(self, row: Any) -> None:
        flat = row if self._waiting is None else flat_row(row)
        if self._waiting is None:
            self._file.write(self._line(flat))
        else:
            self._columns |= dict.fromkeys(flat)
            self._waiting.write(compact_json(flat) + "\n")

    def _finish(self) -> None:
        if self._waiting is None:
            return
        self._file.write(csv_line(self._columns) if self._columns else "")
        self._waiting.seek(0)
        for line in self._waiting:
            self._file.write(self._line(parse_json(line)))
        self._waiting.close()

    def _line(self, row: dict[str, Any]) -> str:
        return csv_line(cell_text(row.get(name)) for name in self._columns)


def select(row: Any, fields: tuple[str, ...]) -> Any:
    """Returns the row, or a dict with only the members at the dotted paths `fields`, keyed by path."""
    return {field: pick(row, field) for field in fields} if fields else row
