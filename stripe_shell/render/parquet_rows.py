"""Writes rows to a Parquet file: typed columns, in groups of rows, compressed with gzip.

See https://parquet.apache.org/docs/file-format/. A group holds a chunk for each column, which is one data page: the
definition levels (0 for null, 1 for a value), then the values in the plain encoding. The footer describes the groups.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from stripe_shell.engine.run.row_target import RowTarget
from stripe_shell.errors import NotSent
from stripe_shell.files import OutputFile, PartialFile
from stripe_shell.records import field, record
from stripe_shell.render.thrift import Struct, encode_struct, encode_varint
from stripe_shell.render.typed_cells import TypedCells
from stripe_shell.spec.columns import Column, ColumnType

_MAGIC = b"PAR1"

#: A group is written when it has so many rows, or so many bytes.
GROUP_ROWS = 10_000
GROUP_BYTES = 8 << 20

#: The physical types of Parquet.
_BOOLEAN, _INT64, _DOUBLE, _BYTE_ARRAY = 0, 2, 5, 6
_PHYSICAL: Mapping[ColumnType, int] = {"boolean": _BOOLEAN, "integer": _INT64, "time": _INT64, "number": _DOUBLE}
_UTF8, _TIMESTAMP_MILLIS = 0, 9
_OPTIONAL = 1
_PLAIN, _RLE = 0, 3
_GZIP = 2


@record
class _Group:
    """A group that was written: its number of rows, and for each chunk its place and its sizes."""

    rows: int
    chunks: tuple[tuple[int, int, int], ...]


@record(frozen=False)
class _Chunk:
    """The values of one column in the group to come, and which of its rows have one."""

    column: Column
    values: bytearray = field(default_factory=bytearray)
    present: list[bool] = field(default_factory=list)
    flags: list[bool] = field(default_factory=list)

    def add(self, cells: Sequence[Any]) -> None:
        """Adds a cell for each row. Raises OSError for a value that the column's type does not have."""
        kept = [cell for cell in cells if cell is not None]
        self.present += [cell is not None for cell in cells]
        try:
            self._encode(kept)
        except (struct.error, TypeError, OverflowError) as error:
            raise OSError(f"a value of `{self.column.name}` is no {self.column.type}") from error

    def _encode(self, cells: list[Any]) -> None:
        match self.column.type:
            case "boolean":
                self.flags += [bool(cell) for cell in cells]
            case "integer":
                self.values += struct.pack(f"<{len(cells)}q", *cells)
            case "time":
                self.values += struct.pack(f"<{len(cells)}q", *(cell * 1000 for cell in cells))
            case "number":
                self.values += struct.pack(f"<{len(cells)}d", *cells)
            case _:
                for cell in cells:
                    content = (cell if isinstance(cell, str) else str(cell)).encode(errors="backslashreplace")
                    self.values += struct.pack("<I", len(content)) + content

    def page(self) -> bytes:
        """Returns the content of the data page."""
        levels = _levels(self.present)
        values = _packed(self.flags) if self.column.type == "boolean" else bytes(self.values)
        return struct.pack("<I", len(levels)) + levels + values


class ParquetFile:
    """Writes a Parquet file. A position is possible where a group ends."""

    def __init__(self, target: RowTarget) -> None:
        """Opens the file. Raises OSError, LookupError if a position's file has changed, NotSent without columns."""
        if not target.columns:
            raise NotSent(f"@out {target.path}: the columns are not known; name some in `fields=`")
        self._target = target
        self._cells = TypedCells(target)
        self._chunks = [_Chunk(column) for column in target.columns]
        position = target.position or {}
        self._groups = [_Group(rows, tuple(map(tuple, chunks))) for rows, chunks in position.get("groups", ())]
        partial = PartialFile(str(position["partial"]), int(position["length"])) if position else None
        if partial is not None and partial.checksum() != position["crc"]:
            raise LookupError(f"{partial.path} has changed")
        self._output = OutputFile(Path(target.path).expanduser(), partial=partial)
        self._stream = self._output.stream.buffer
        self._length, self._crc = int(position.get("length", 0)), int(position.get("crc", 0))
        if not position:
            self._append(_MAGIC)

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Adds rows to the group, and writes it when it is full. Raises OSError."""
        lines = self._cells.lines(rows)
        for number, chunk in enumerate(self._chunks):
            chunk.add([line[number] for line in lines])
        if self._waiting >= GROUP_ROWS or sum(len(chunk.values) for chunk in self._chunks) >= GROUP_BYTES:
            self._write_group()

    @property
    def _waiting(self) -> int:
        """Returns the number of rows in the group to come."""
        return len(self._chunks[0].present)

    @property
    def partial(self) -> str:
        """Returns the path of the incomplete file; empty for a device or a pipe."""
        return self._output.partial

    def position(self) -> Mapping[str, Any] | None:
        """Flushes the file and returns the position; None within a group."""
        if self._waiting or not self._output.partial:
            return None
        self._stream.flush()
        facts = {"partial": self._output.partial, "length": self._length, "crc": self._crc}
        return {**facts, "groups": [[group.rows, list(map(list, group.chunks))] for group in self._groups]}

    def left_out(self) -> tuple[str, ...]:
        """Returns the names of members that have no column."""
        return self._cells.left_out()

    def close(self, around: Any = None) -> None:
        """Writes the last group and the footer; renames the file to its name."""
        if self._waiting:
            self._write_group()
        footer = encode_struct(self._footer())
        self._append(footer + struct.pack("<I", len(footer)) + _MAGIC)
        self._output.commit()

    def keep(self) -> None:
        """Closes the incomplete file."""
        with suppress(OSError):
            self._output.stream.close()

    def discard(self) -> None:
        """Removes the incomplete file."""
        self._output.discard()

    def _append(self, content: bytes) -> None:
        self._length += len(content)
        self._crc = zlib.crc32(content, self._crc)
        self._stream.write(content)

    def _write_group(self) -> None:
        rows, written = self._waiting, []
        for chunk in self._chunks:
            page = chunk.page()
            packed = _compress(page)
            header = encode_struct(_page_header(rows, len(page), len(packed)))
            written.append((self._length, len(header) + len(packed), len(header) + len(page)))
            self._append(header + packed)
        self._groups.append(_Group(rows, tuple(written)))
        self._chunks = [_Chunk(column) for column in self._target.columns]

    def _footer(self) -> Struct:
        columns = self._target.columns
        root: Struct = {4: ("string", "schema"), 5: ("i32", len(columns))}
        schema = [root, *map(_schema_element, columns)]
        groups = [_row_group(group, columns) for group in self._groups]
        rows = sum(group.rows for group in self._groups)
        facts: Struct = {1: ("i32", 2), 2: ("structs", schema), 3: ("i64", rows), 4: ("structs", groups)}
        return facts | {6: ("string", "stripe-shell")}


def _schema_element(column: Column) -> Struct:
    physical = _PHYSICAL.get(column.type, _BYTE_ARRAY)
    converted = _UTF8 if physical == _BYTE_ARRAY else _TIMESTAMP_MILLIS if column.type == "time" else None
    element: Struct = {1: ("i32", physical), 3: ("i32", _OPTIONAL), 4: ("string", column.name)}
    return element if converted is None else element | {6: ("i32", converted)}


def _row_group(group: _Group, columns: Sequence[Column]) -> Struct:
    chunks = [_column_chunk(column, group.rows, *sizes) for column, sizes in zip(columns, group.chunks, strict=True)]
    total = sum(size for _, _, size in group.chunks)
    return {1: ("structs", chunks), 2: ("i64", total), 3: ("i64", group.rows)}


def _column_chunk(column: Column, rows: int, offset: int, packed: int, size: int) -> Struct:
    facts: Struct = {1: ("i32", _PHYSICAL.get(column.type, _BYTE_ARRAY)), 2: ("i32s", [_PLAIN, _RLE])}
    facts |= {3: ("strings", [column.name]), 4: ("i32", _GZIP), 5: ("i64", rows)}
    facts |= {6: ("i64", size), 7: ("i64", packed), 9: ("i64", offset)}
    return {2: ("i64", offset), 3: ("struct", facts)}


def _page_header(rows: int, size: int, packed: int) -> Struct:
    data: Struct = {1: ("i32", rows), 2: ("i32", _PLAIN), 3: ("i32", _RLE), 4: ("i32", _RLE)}
    return {1: ("i32", 0), 2: ("i32", size), 3: ("i32", packed), 5: ("struct", data)}


def _levels(present: Sequence[bool]) -> bytes:
    """Returns definition levels: one run if all rows are alike, else bits, eight to a byte."""
    if all(present) or not any(present):
        return encode_varint(len(present) << 1) + bytes((all(present),))
    return encode_varint((len(present) + 7) // 8 << 1 | 1) + _packed(present)


def _packed(flags: Sequence[bool]) -> bytes:
    """Returns flags as bits, the first one lowest."""
    content = bytearray((len(flags) + 7) // 8)
    for index, flag in enumerate(flags):
        if flag:
            content[index >> 3] |= 1 << (index & 7)
    return bytes(content)


def _compress(content: bytes) -> bytes:
    """Returns the content in the gzip format, without a time."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    return compressor.compress(content) + compressor.flush()
