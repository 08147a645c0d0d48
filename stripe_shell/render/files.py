"""Writes the output file of `@out`: rows in the format of its suffix, renamed to its name only when complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TextIO
from zlib import crc32

from stripe_shell.engine.run.row_target import RowSink, RowTarget
from stripe_shell.errors import NotSent
from stripe_shell.files import OutputFile, PartialFile
from stripe_shell.lang.arguments import OUTPUT_ENDINGS
from stripe_shell.render.formats.csv import flat_row
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.row_text import CsvLines, chooser, json_lines
from stripe_shell.wire import parse_json


def open_rows(target: RowTarget) -> RowSink:
    """Opens a file for rows. Raises OSError if it cannot be created, NotSent for an unknown suffix."""
    match Path(target.path).suffix.lower():
        case ".csv":
            return CsvFile(target)
        case ".jsonl":
            return JsonLinesFile(target)
        case ".json":
            return JsonFile(target)
        case ".sqlite":
            from stripe_shell.render.sqlite_rows import SqliteFile

            return SqliteFile(target)
        case ".parquet":
            from stripe_shell.render.parquet_rows import ParquetFile

            return ParquetFile(target)
        case _:
            raise NotSent(f"@out {target.path}: end the name in {', '.join(OUTPUT_ENDINGS)}")


class TextRows:
    """Writes rows as text to an `OutputFile`, so that an incomplete file never appears under its name.

    A position names the partial file, the number of bytes in it and their checksum; `RowTarget.position` goes on there,
    and what stands behind it is cut off.
    """

    def __init__(self, target: RowTarget) -> None:
        """Opens the file. Raises OSError, and LookupError if the partial file of a position is not as it was."""
        self._target = target
        path = Path(target.path).expanduser()
        position = target.position or {}
        partial = PartialFile(str(position["partial"]), int(position["length"])) if position else None
        if partial is not None and partial.checksum() != position["crc"]:
            raise LookupError(f"{partial.path} has changed")
        self._output = OutputFile(path, partial=partial)
        self._stream = self._output.stream.buffer
        self._length, self._crc = int(position.get("length", 0)), int(position.get("crc", 0))
        self._rows = int(position.get("rows", 0))

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Writes rows of JSON data, secrets masked. `plain`: no number in them has a fraction or an exponent."""
        text = self._text(rows, plain)
        masks = self._target.masks()
        searched = self._searched(text)
        if masks.mask(searched) != searched:
            text = self._text(masks.mask_data(list(rows)), plain=False)
        self._rows += len(rows)
        self._append(text)

    @property
    def partial(self) -> str:
        """Returns the path of the incomplete file; empty for a device or a pipe."""
        return self._output.partial

    def position(self) -> Mapping[str, Any] | None:
        """Flushes the file and returns what `RowTarget.position` takes; None if the file cannot be gone on with."""
        self._stream.flush()
        partial = self._output.partial
        facts = {"partial": partial, "length": self._length, "crc": self._crc, "rows": self._rows}
        return facts if partial else None

    def close(self, around: Any = None) -> None:
        """Completes the file and renames it to its name."""
        self._append(self._end())
        self._output.commit()

    def keep(self) -> None:
        """Closes the incomplete file, to go on with it later."""
        with suppress(OSError):
            self._output.stream.close()

    def discard(self) -> None:
        """Removes the incomplete file."""
        self._output.discard()

    def left_out(self) -> tuple[str, ...]:
        """Returns the names of members that have no column."""
        return ()

    def _append(self, text: str) -> None:
        content = text.encode(errors="backslashreplace")
        self._length += len(content)
        self._crc = crc32(content, self._crc)
        self._stream.write(content)

    def _text(self, rows: Sequence[Any], plain: bool) -> str:
        """Returns the text of rows."""
        raise TypeError(f"{type(self).__name__} writes no rows")

    def _searched(self, text: str) -> str:
        """Returns the text as secrets are looked for in it, without what the format does to quotes."""
        return text

    def _end(self) -> str:
        """Returns the end of the format."""
        return ""


class JsonLinesFile(TextRows):
    """Writes JSON Lines: one JSON value per line."""

    def _text(self, rows: Sequence[Any], plain: bool) -> str:
        fields = self._target.fields
        return json_lines(list(map(chooser(fields), rows)) if fields else rows, plain=plain)


class JsonFile(JsonLinesFile):
    """Writes one JSON array, a row on a line."""

    def _text(self, rows: Sequence[Any], plain: bool) -> str:
        lines = super()._text(rows, plain)[:-1].replace("\n", ",\n")
        return f"{',' if self._rows else '['}\n{lines}" if lines else ""

    def _end(self) -> str:
        return "\n]\n" if self._rows else "[]\n"


class CsvFile(TextRows):
    """Writes comma-separated values, nested members with dotted names.

    Columns are the chosen fields, else those of the target. Without either they are all names that occur: rows are kept
    in a temporary file until the last one is known.
    """

    def __init__(self, target: RowTarget) -> None:
        super().__init__(target)
        self._lines = CsvLines(target.fields or _columns(target), guard=target.guard)
        self._known = {name.partition(".")[0] for name in ([] if target.fields else self._lines.names)}
        self._unknown: set[str] = set()
        self._waiting: TextIO | None = None
        self._occurring: dict[str, None] = {}
        if not self._lines.names:
            self._waiting = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed in close and discard)
        elif not target.position:
            self._append(self._lines.header())

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Writes rows, or keeps them."""
        if self._known:
            self._unknown.update(*(row.keys() - self._known for row in rows if isinstance(row, dict)))
        if self._waiting is None:
            super().write(rows, plain=plain)
            return
        for row in map(flat_row, self._target.masks().mask_data(list(rows))):
            self._occurring |= dict.fromkeys(row)
            self._waiting.write(compact_json(row) + "\n")

    def position(self) -> Mapping[str, Any] | None:
        """Returns the position; None while rows are kept."""
        return super().position() if self._waiting is None else None

    def left_out(self) -> tuple[str, ...]:
        """Returns the names of members that have no column, as the description does not have them."""
        return tuple(sorted(self._unknown))

    def close(self, around: Any = None) -> None:
        """Completes the file, with the rows that were kept."""
        if self._waiting is not None and self._occurring:
            lines = CsvLines(self._occurring, guard=self._target.guard, flat=True)
            self._append(lines.header())
            self._waiting.seek(0)
            for line in self._waiting:
                self._append(lines.text([parse_json(line)]))
        super().close(around)
        if self._waiting is not None:
            self._waiting.close()

    def discard(self) -> None:
        """Removes the incomplete file."""
        super().discard()
        if self._waiting is not None:
            self._waiting.close()

    def _text(self, rows: Sequence[Any], plain: bool) -> str:
        return self._lines.text(rows)

    def _searched(self, text: str) -> str:
        return text.replace('""', '"')


def _columns(target: RowTarget) -> list[str]:
    return [] if target.every_name else [column.name for column in target.columns]
