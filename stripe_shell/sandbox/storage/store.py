"""The store: a SQLite file with objects as JSON text in list order, and its transactions.

See schema.py for the layout of the file.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stripe_shell.errors import ConfigurationError

from .schema import connect, prepare
from .session import StoreSession

#: The size of the log, in pages of 4 KB, at which a commit checkpoints although another thread does so periodically.
RELIEVED_PAGES = 16_000


class Store:
    """The file, or a database in memory. Thread-safe: one writer at a time, with concurrent readers."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = str(path) if path is not None else None
        self._lock = threading.RLock()
        self._readers: list[sqlite3.Connection] = []
        self._writer = connect(self._path)
        try:
            prepare(self._writer, self._path)
        except BaseException:
            self._writer.close()
            raise

    @classmethod
    def open(cls, path: str | Path | None = None) -> Store:
        """Opens the store in the file `path`, created if it is missing; None opens one in memory.

        Raises ConfigurationError for a file of another program or version.
        """
        try:
            return cls(path)
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(f"the sandbox file {path} cannot be used: {error}") from error

    def load(self, other: Store) -> None:
        """Replaces the content of this store, which is in memory, by a copy of another one's."""
        with other.connection() as source, self.connection() as target:
            source.backup(target)

    def close(self) -> None:
        """Closes every connection; the store cannot be used afterwards."""
        with self._lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()

    @contextmanager
    def write(self) -> Iterator[StoreSession]:
        """Opens a write transaction: committed at the end of the block, rolled back when it raises.

        Raises RuntimeError inside another write transaction of the same thread: transactions do not nest.
        """
        with self._lock:
            nested = self._writer.in_transaction
            if nested:
                raise RuntimeError("a write transaction is open already on this thread; transactions do not nest")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield StoreSession(self._writer)
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:  # SQLite itself rolls back when the disk is full
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[StoreSession]:
        """Opens a read transaction: a consistent snapshot of the data."""
        if self._path is None:
            with self._lock:
                yield StoreSession(self._writer)
            return
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            yield StoreSession(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            self._readers.append(connection)

    @property
    def path(self) -> str | None:
        """The path of the file, None in memory."""
        return self._path

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lends the connection that writes, outside of a transaction; no other thread writes meanwhile.

        Raises RuntimeError inside a write transaction of the same thread.
        """
        with self._lock:
            if self._writer.in_transaction:
                raise RuntimeError("a write transaction is open on this thread")
            yield self._writer

    def relieve_commits(self) -> None:
        """Makes commits checkpoint only a very long log; the caller must call `checkpoint` periodically."""
        self._writer.execute(f"PRAGMA wal_autocheckpoint = {RELIEVED_PAGES}")

    def checkpoint(self) -> None:
        """Copies the log into the file without blocking readers or writers."""
        if self._path is None:
            return
        connection = self._borrow()
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            self._readers.append(connection)

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            return connect(self._path)
