"""The undo log: triggers note the opposite of every change, so that the last writes can be taken back.

The log is a temporary table of the connection that writes (see sqlite.org/undoredo.html): it costs other processes
nothing, and ends with the process. It takes back writes of this process alone; `undo` refuses when another one has
written since. Accounts stay, and no number is used twice, as with snapshots.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from stripe_shell.errors import UsageError
from stripe_shell.records import record

from .session import NO_ACCOUNT, StoreSession
from .snapshots import RESTORED
from .store import Store

#: How many writes can be taken back.
MOST_WRITES: Final = 100

_LOG = """
CREATE TEMP TABLE undo_log (id INTEGER PRIMARY KEY, place TEXT, verb TEXT, kind TEXT, name TEXT, sql TEXT)
"""


@record
class UndoMark:
    """Where a write begins in the log: the number of the entry before it, what was written, the file's version."""

    entry: int
    title: str
    version: int


@record
class Undone:
    """An undone write: its title, and its objects as (verb, kind, id) in the order of the changes."""

    title: str
    objects: tuple[tuple[str, str, str], ...]


class UndoLog:
    """The changes of this process to a store, by write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._marks: list[UndoMark] = []
        with store.connection() as connection:
            connection.execute("PRAGMA recursive_triggers = ON")  # else INSERT OR REPLACE deletes without a trigger
            connection.execute(_LOG)
            for table in RESTORED:
                for trigger in _triggers(connection, table):
                    connection.execute(trigger)

    def begin(self, title: str) -> None:
        """Begins the next write, called `title` (`POST /v1/customers`); one that changed nothing is forgotten."""
        with self._store.connection() as connection:
            entry = _last_entry(connection)
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if self._marks and not _has_changes(connection, self._marks[-1].entry):
                self._marks.pop()
            self._marks.append(UndoMark(entry, title, version))
            if len(self._marks) > MOST_WRITES:
                del self._marks[0]
                connection.execute("DELETE FROM undo_log WHERE id <= ?", (self._marks[0].entry,))

    def undo(self) -> Undone:
        """Takes the last write back, and what followed from it. Raises UsageError when that is not possible."""
        with self._store.write() as session:
            while self._marks and not session.rows(_CHANGES, (self._marks[-1].entry,)):
                self._marks.pop()
            if not self._marks:
                raise UsageError("there is nothing to undo: nothing was written here in this session")
            mark = self._marks[-1]
            if session.data_version() != mark.version:
                raise UsageError("another session has written to this file since; @rollback goes back to a snapshot")
            objects = _take_back(session, mark.entry)
        self._marks.pop()
        return Undone(mark.title, objects)

    def forget(self) -> None:
        """Forgets all writes, for what cannot be taken back: after a snapshot was put back or the store was cleared."""
        self._marks.clear()
        with self._store.connection() as connection:
            connection.execute("DELETE FROM undo_log")


_CHANGES = "SELECT 1 FROM undo_log WHERE id > ? AND place <> 'idempotency' LIMIT 1"


def _last_entry(connection: sqlite3.Connection) -> int:
    (entry,) = connection.execute("SELECT coalesce(max(id), 0) FROM undo_log").fetchone()
    return int(entry)


def _has_changes(connection: sqlite3.Connection, entry: int) -> bool:
    return connection.execute(_CHANGES, (entry,)).fetchone() is not None


def _take_back(session: StoreSession, entry: int) -> tuple[tuple[str, str, str], ...]:
    """Runs the opposites of all changes after an entry, the latest first; returns the objects that had changed."""
    highest = session.highest()
    entries = session.rows("SELECT place, verb, kind, name, sql FROM undo_log WHERE id > ? ORDER BY id DESC", (entry,))
    for *_, sql in entries:
        session.change(str(sql))
    session.reserve(highest)
    session.change("DELETE FROM undo_log WHERE id > ?", (entry,))
    changed = [(str(verb), str(kind), str(name)) for place, verb, kind, name, _ in entries if place == "objects"]
    return tuple(dict.fromkeys(reversed(changed)))


def _triggers(connection: sqlite3.Connection, table: str) -> list[str]:
    """Returns the statements that create a table's three triggers."""
    columns = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
    key = " || ' AND ' || ".join(f"'{name} = ' || quote(new.{name})" for name in RESTORED[table])
    values = " || ', ' || ".join(f"quote(old.{name})" for name in columns)
    changes = " || ', ' || ".join(f"'{name} = ' || quote(old.{name})" for name in columns)
    delete = f"'DELETE FROM {table} WHERE ' || {key}"  # noqa: S608 - our own names
    insert = f"'INSERT INTO {table} ({', '.join(columns)}) VALUES (' || {values} || ')'"  # noqa: S608 - our own names
    update = f"'UPDATE {table} SET ' || {changes} || ' WHERE ' || {key}"  # noqa: S608 - our own names
    made = (
        ("INSERT", "created", "new", delete),
        ("UPDATE", "changed", "new", update),
        ("DELETE", "gone", "old", insert),
    )
    log = f"INSERT INTO undo_log (place, verb, kind, name, sql) VALUES ('{table}',"  # noqa: S608 - our own names
    return [
        f"CREATE TEMP TRIGGER undo_{table}_{verb} AFTER {event} ON main.{table} WHEN {row}.account <> {NO_ACCOUNT}"
        f" BEGIN {log} '{verb}', {_named(table, row)}, {opposite}); END"
        for event, verb, row, opposite in made
    ]


def _named(table: str, row: str) -> str:
    """Returns the SQL of the kind and id of an object, two empty texts in other tables."""
    return f"{row}.object, {row}.id" if table == "objects" else "'', ''"
