"""Snapshots: copies of the whole database, put back row by row in one transaction.

The snapshot NAME of a file is the file `FILE.snapshot-NAME` beside it, which only its owner can read; that of a
database in memory is in memory too, and ends with it. Putting one back writes the rows that differ, so that sessions of
other processes see all of it at once, as they see any commit. Two things stay as they are: accounts, since processes
keep their numbers; and the highest numbers of objects and queue rows, so that none is used twice (see schema.py).
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from stripe_shell.errors import UsageError
from stripe_shell.records import record

from .schema import SCHEMA_VERSION
from .session import NO_ACCOUNT, StoreSession
from .store import Store

#: The name of a snapshot that is given none.
UNNAMED: Final = "last"

#: The tables that are put back, each with the columns of its primary key.
RESTORED: Final = {
    "objects": ("seq",),
    "links": ("account", "name", "value", "created", "seq"),
    "idempotency": ("account", "key"),
    "jobs": ("seq",),
    "deliveries": ("seq",),
}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

Row = tuple[object, ...]


@record
class Snapshot:
    """A snapshot: its name, when it was taken (epoch seconds), and how many objects it has."""

    name: str
    taken: int
    objects: int


class Snapshots:
    """The snapshots of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_memory: dict[str, tuple[sqlite3.Connection, int]] = {}

    def take(self, name: str, now: int) -> Snapshot:
        """Copies the database under a name, in place of an older snapshot of that name; `now` in epoch seconds.

        Raises UsageError for a text that is no name, and when the file cannot be written.
        """
        name = _checked(name)
        with self._store.connection() as connection:
            if self._store.path is None:
                copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                connection.backup(copy)
                self._in_memory[name] = copy, now
            else:
                _copy_file(connection, self._file(name), now)
        return next(each for each in self.all() if each.name == name)

    def all(self) -> list[Snapshot]:
        """Returns the snapshots, the newest first."""
        found = []
        for name in self._names():
            copy, taken = self._open(name)
            with _released(copy, kept=name in self._in_memory):
                (count,) = copy.execute(
                    "SELECT count(*) FROM objects WHERE account <> ? AND deleted = 0", (NO_ACCOUNT,)
                ).fetchone()
            found.append(Snapshot(name, taken, int(count)))
        return sorted(found, key=lambda each: -each.taken)

    def restore(self, name: str = "") -> tuple[Snapshot, int]:
        """Puts a snapshot back, without a name the newest one; returns it, and how many rows were changed.

        Raises UsageError when there is no such snapshot, or it was taken by another release.
        """
        snapshot = self._find(name)
        copy, _ = self._open(snapshot.name)
        with _released(copy, kept=snapshot.name in self._in_memory):
            (version,) = copy.execute("PRAGMA user_version").fetchone()
            if version != SCHEMA_VERSION:
                raise UsageError(
                    f"the snapshot `{snapshot.name}` was taken by another release (its version: {version})"
                )
            with self._store.write() as session:
                highest = session.highest()
                changed = sum(_restore_table(session, copy, table, keys) for table, keys in RESTORED.items())
                session.reserve(highest)
        return snapshot, changed

    def drop(self, name: str) -> Snapshot:
        """Removes a snapshot and returns it. Raises UsageError when there is no such snapshot."""
        snapshot = self._find(_checked(name))
        held = self._in_memory.pop(snapshot.name, None)
        if held is not None:
            held[0].close()
        else:
            self._file(snapshot.name).unlink()
        return snapshot

    # --- where they are ---------------------------------------------------------------------------------------------

    def _find(self, name: str) -> Snapshot:
        found = self.all()
        if not found:
            raise UsageError("there is no snapshot yet; @snapshot takes one")
        if not name:
            return found[0]
        matching = [each for each in found if each.name == name]
        if not matching:
            raise UsageError(f"there is no snapshot `{name}`; there are {', '.join(each.name for each in found)}")
        return matching[0]

    def _names(self) -> list[str]:
        if self._store.path is None:
            return list(self._in_memory)
        start = self._file("")
        names = [
            path.name.removeprefix(start.name) for path in start.parent.iterdir() if path.name.startswith(start.name)
        ]
        return [name for name in names if _NAME.fullmatch(name)]

    def _file(self, name: str) -> Path:
        return Path(f"{self._store.path}.snapshot-{name}")

    def _open(self, name: str) -> tuple[sqlite3.Connection, int]:
        """Returns the copy and when it was taken. Raises UsageError for a file that is none."""
        if name in self._in_memory:
            return self._in_memory[name]
        path = self._file(name)
        try:
            copy = sqlite3.connect(path, isolation_level=None)
            copy.execute("SELECT seq FROM objects LIMIT 1").fetchone()
            return copy, int(path.stat().st_mtime)
        except (sqlite3.Error, OSError) as error:
            raise UsageError(f"{path} is no snapshot: {error}; remove it") from error


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"`{name}` is no name of a snapshot: it has letters, digits, `_` and `-`")
    return name


def _copy_file(connection: sqlite3.Connection, path: Path, now: int) -> None:
    """Writes a consistent copy to `path`, complete or not at all; only its owner can read it."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)  # left by a process that was killed
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        connection.execute("VACUUM INTO ?", (str(partial),))
        os.utime(partial, (now, now))
        partial.replace(path)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise UsageError(f"the snapshot {path} cannot be written: {error}") from error


@contextmanager
def _released(copy: sqlite3.Connection, *, kept: bool) -> Iterator[None]:
    """Closes the copy of a file at the end of the block; one in memory stays open."""
    try:
        yield
    finally:
        if not kept:
            copy.close()


# --- putting one back -----------------------------------------------------------------------------------------------


def _restore_table(session: StoreSession, copy: sqlite3.Connection, table: str, keys: tuple[str, ...]) -> int:
    """Makes the rows of a table those of the copy; returns how many differed."""
    order = ", ".join(keys)
    sql = f"SELECT {order}, * FROM {table} WHERE account <> ? ORDER BY {order}"  # noqa: S608 - our own names
    size = len(keys)
    gone: list[Row] = []
    put: list[Row] = []
    pairs = _merged(iter(session.cursor(sql, (NO_ACCOUNT,))), iter(copy.execute(sql, (NO_ACCOUNT,))), size)
    for present, wanted in pairs:
        if wanted is None and present is not None:
            gone.append(present[:size])
        elif wanted is not None and wanted != present:
            put.append(wanted[size:])
    session.change_all(f"DELETE FROM {table} WHERE {' AND '.join(f'{key} = ?' for key in keys)}", gone)  # noqa: S608
    marks = ", ".join("?" * len(put[0])) if put else ""
    session.change_all(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", put)  # noqa: S608 - our own names
    return len(gone) + len(put)


def _merged(left: Iterator[Row], right: Iterator[Row], size: int) -> Iterator[tuple[Row | None, Row | None]]:
    """Yields the rows of two sorted sources side by side; `size` columns are the key, None is a row that is missing."""
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        before = other is None or (one is not None and one[:size] < other[:size])
        after = one is None or (other is not None and other[:size] < one[:size])
        yield (None if after else one), (None if before else other)
        if not after:
            one = next(left, None)
        if not before:
            other = next(right, None)
