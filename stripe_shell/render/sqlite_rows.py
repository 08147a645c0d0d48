"""Writes rows to a table in a SQLite file: a column per member, typed by the description of the objects."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stripe_shell.engine.run.row_target import RowTarget
from stripe_shell.errors import NotSent
from stripe_shell.files import OutputFile, PartialFile
from stripe_shell.render.typed_cells import TypedCells
from stripe_shell.spec.columns import ColumnType

_TYPES: Mapping[ColumnType, str] = {"integer": "INTEGER", "time": "INTEGER", "boolean": "INTEGER", "number": "REAL"}

#: SQLite's integers have 64 bits; larger ones become text.
_LARGEST = 2**63


class SqliteFile:
    """Writes rows to a table of a SQLite file, a page in a transaction; the file is compacted when it is complete.

    A position is a number of rows: SQLite itself takes back the transaction that a killed process was in.
    """

    def __init__(self, target: RowTarget) -> None:
        """Opens the file. Raises OSError, LookupError if a position's file is damaged, NotSent without columns."""
        if not target.columns:
            raise NotSent(f"@out {target.path}: the columns are not known; name some in `fields=`")
        self._cells = TypedCells(target)
        position = target.position or {}
        partial = str(position["partial"]) if position else ""
        path = Path(target.path).expanduser()
        self._output = OutputFile(path, partial=PartialFile(partial, Path(partial).stat().st_size) if partial else None)
        if not self._output.partial:
            self._output.discard()
            raise NotSent(f"@out {target.path}: a SQLite file cannot be written to a device or a pipe")
        self._partial = Path(self._output.partial)
        self._table = _quoted(target.name)
        self._insert = f"INSERT INTO {self._table} VALUES ({', '.join('?' * len(target.columns))})"  # noqa: S608
        self._connection = sqlite3.connect(self._output.partial, isolation_level=None, check_same_thread=False)
        self._rows = int(position.get("rows", 0))
        with _told():
            self._open(target) if not position else self._go_on()

    def _open(self, target: RowTarget) -> None:
        columns = ", ".join(f"{_quoted(each.name)} {_TYPES.get(each.type, 'TEXT')}" for each in target.columns)
        self._configure()
        self._connection.execute(f"CREATE TABLE {self._table} ({columns})")

    def _go_on(self) -> None:
        self._configure()
        (verdict,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise LookupError(f"{self._output.partial} is damaged")
        self._connection.execute(f"DELETE FROM {self._table} WHERE rowid > ?", (self._rows,))  # noqa: S608

    def _configure(self) -> None:
        """Sets the journal up: a killed process loses its transaction, a power cut may cost the file."""
        self._connection.execute("PRAGMA journal_mode = TRUNCATE")
        self._connection.execute("PRAGMA synchronous = OFF")

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None:
        """Writes rows in one transaction. Raises OSError."""
        with _told():
            self._connection.execute("BEGIN")
            self._connection.executemany(self._insert, map(_values, self._cells.lines(rows)))
            self._connection.execute("COMMIT")
        self._rows += len(rows)

    @property
    def partial(self) -> str:
        """Returns the path of the incomplete file."""
        return self._output.partial

    def position(self) -> Mapping[str, Any] | None:
        """Returns the partial file and the number of its rows."""
        return {"partial": self._output.partial, "rows": self._rows}

    def left_out(self) -> tuple[str, ...]:
        """Returns the names of members that have no column."""
        return self._cells.left_out()

    def close(self, around: Any = None) -> None:
        """Compacts the file into its final form, which does not depend on where it was interrupted, and renames it."""
        compact = self._partial.with_suffix(".compact")
        compact.unlink(missing_ok=True)
        with _told():
            self._connection.execute("VACUUM INTO ?", (str(compact),))
            self._connection.close()
        compact.chmod(self._partial.stat().st_mode & 0o777)
        compact.replace(self._partial)
        self._remove_journal()
        self._output.commit()

    def keep(self) -> None:
        """Closes the incomplete file."""
        self._connection.close()

    def discard(self) -> None:
        """Removes the incomplete file."""
        self._connection.close()
        self._remove_journal()
        self._output.discard()

    def _remove_journal(self) -> None:
        with suppress(OSError):
            Path(f"{self._partial}-journal").unlink()


def _values(line: Sequence[Any]) -> list[Any]:
    """Returns the cells as SQLite takes them."""
    return [str(cell) if type(cell) is int and not -_LARGEST <= cell < _LARGEST else cell for cell in line]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _told() -> Iterator[None]:
    """Raises OSError for what SQLite finds within the block."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(str(error)) from error
