"""The store: a SQLite file with objects as JSON text in list order, and its transactions.

See schema.py for the layout of the file.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stripe_shell.errors import ConfigurationError

from .file_check import check_file
from .kept_texts import ANYTHING, Dependency, KeptAt, KeptTexts
from .schema import BUSY_TIMEOUT_MS, SUPPORTED, connect, prepare
from .session import StoreSession

#: The size of the log, in pages of 4 KB, at which a commit checkpoints although another thread does so periodically.
RELIEVED_PAGES = 16_000

#: How long a writer that must not wait still waits for another thread's transaction, in seconds.
_INSTANT: Final = 0.002

#: The longest interval between attempts to begin a transaction while another process writes, in seconds.
_LONGEST_PAUSE: Final = 0.05


class StoreBusy(Exception):
    """The error for a write that had to wait for another one, inside `Store.without_waiting`."""


class _Waiting(threading.local):
    """Whether the current thread waits for other writers."""

    allowed = True


class Store:
    """The file, or a database in memory. Thread-safe: one writer at a time, with concurrent readers."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._path = str(path) if path is not None else None
        self._lock = threading.RLock()
        self._waiting = _Waiting()
        self._interrupted = threading.Event()
        self._readers: list[sqlite3.Connection] = []
        self._kept = KeptTexts()
        #: The data version of the writer, which another process's commit changes, when the kept texts held last.
        self._version: int | None = None
        #: Whether a transaction is open in which that was looked at, so that no other process can commit.
        self._settled = False
        self._writer = connect(self._path)
        try:
            prepare(self._writer, self._path)
        except BaseException:
            self._writer.close()
            raise
        self._set_busy_timeout(0)  # `_begin` waits instead
        self._check_data_version()

    @classmethod
    def open(cls, path: str | Path | None = None) -> Store:
        """Opens the store in the file `path`, created if it is missing; None opens one in memory.

        Raises ConfigurationError for a file of another program or version.
        """
        if path is not None:
            check_file(str(path), SUPPORTED)
        try:
            return cls(path)
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(f"the sandbox file {path} cannot be used: {error}") from error

    def load(self, other: Store) -> None:
        """Replaces the content of this store, which is in memory, by a copy of another one's."""
        with other.connection() as source, self.connection() as target:
            source.backup(target)
        self._kept.forget([ANYTHING])

    def close(self) -> None:
        """Closes every connection; the store cannot be used afterwards."""
        with self._lock:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()

    @contextmanager
    def write(self) -> Iterator[StoreSession]:
        """Opens a write transaction: committed at the end of the block, rolled back when it raises.

        Raises RuntimeError inside another write transaction of the same thread, since transactions do not nest, and
        StoreBusy where the thread must not wait for another writer.
        """
        with self._locked():
            nested = self._writer.in_transaction
            if nested:
                raise RuntimeError("a write transaction is open already on this thread; transactions do not nest")
            self._begin()
            changed: set[Dependency] | None = set() if self._kept.has_dependents else None
            try:
                if changed is not None:
                    self._check_data_version()
                    self._settled = True
                yield StoreSession(self._writer, changed)
                self._settled = False
                self._writer.execute("COMMIT")
            except BaseException:
                self._settled = False
                if self._writer.in_transaction:  # SQLite itself rolls back when the disk is full
                    self._writer.execute("ROLLBACK")
                raise
            self._kept.forget([ANYTHING] if changed is None else changed)

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Makes writes of this thread raise StoreBusy within the block, instead of waiting for another writer."""
        self._waiting.allowed = False
        try:
            yield
        finally:
            self._waiting.allowed = True

    def interrupt_waiting(self) -> None:
        """Makes writers that wait for another process fail at once, as at the end of a server."""
        self._interrupted.set()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Holds the lock of the connection that writes. Raises StoreBusy where the thread must not wait for it."""
        if not self._lock.acquire(timeout=-1 if self._waiting.allowed else _INSTANT):
            raise StoreBusy
        try:
            yield
        finally:
            self._lock.release()

    def _begin(self) -> None:
        """Begins a write transaction; waits while another process has one. Raises sqlite3.OperationalError."""
        deadline, pause = 0.0, 0.001
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
                if not self._waiting.allowed:
                    raise StoreBusy from None
                deadline = deadline or time.monotonic() + BUSY_TIMEOUT_MS / 1000
                if time.monotonic() >= deadline or self._interrupted.wait(pause):
                    raise
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    def _set_busy_timeout(self, milliseconds: int) -> None:
        self._writer.execute(f"PRAGMA busy_timeout = {milliseconds}")

    @contextmanager
    def read(self) -> Iterator[StoreSession]:
        """Opens a read transaction: a consistent snapshot of the data.

        In memory, where readers wait for a writer too, raises StoreBusy as `write`.
        """
        if self._path is None:
            with self._locked():
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

    def kept(self) -> KeptAt | None:
        """Returns the kept texts for a read transaction that begins afterwards.

        None where it cannot be told whether they hold, as a thread of this process is about to write.
        """
        if self._path is not None and not self._settled:
            if not self._lock.acquire(blocking=False):
                return None
            try:
                self._check_data_version()
            finally:
                self._lock.release()
        return KeptAt(self._kept, self._kept.changes)

    def forget_kept(self) -> None:
        """Drops all kept texts, to measure what is made without them."""
        self._kept.clear()

    def _check_data_version(self) -> None:
        """Drops the kept texts that depend on objects if another process has written to the file."""
        (version,) = self._writer.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version = version
            self._kept.forget([ANYTHING])

    @property
    def path(self) -> str | None:
        """The path of the file, None in memory."""
        return self._path

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lends the connection that writes, outside of a transaction; no other thread writes meanwhile.

        Raises RuntimeError inside a write transaction of the same thread.
        """
        with self._locked():
            if self._writer.in_transaction:
                raise RuntimeError("a write transaction is open on this thread")
            self._set_busy_timeout(BUSY_TIMEOUT_MS)
            changes = self._writer.total_changes
            try:
                yield self._writer
            finally:
                self._set_busy_timeout(0)
                if self._writer.total_changes != changes:
                    self._kept.forget([ANYTHING])

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


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another process holds the lock that was asked for."""
    try:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    except AttributeError:  # raised by Python, not by SQLite
        return False
