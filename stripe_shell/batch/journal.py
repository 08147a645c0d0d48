"""The journal of a run: lines of JSON, appended by several threads that share the syncs of what must last."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Condition
from typing import Any

from stripe_shell.errors import NotSent

#: The kinds of entries, the value of `t`. Entries of a step and of a row have their row as second member, `r`.
START, RESUMED, INTENT, DONE, NOT_EXECUTED, ROW, END = "S", "R", "i", "d", "n", "r", "E"
PAGES, LINES, FILE = "p", "o", "f"

_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)


class JournalUnwritable(NotSent):
    """The error for a write that is not sent because the journal cannot be written."""


class Journal:
    """An open journal. Thread-safe.

    After the first error nothing more is written: an entry behind a torn one could not be read.
    """

    def __init__(
        self,
        path: Path,
        *,
        sync: Callable[[int], None] = os.fdatasync,
        write: Callable[[int, bytes], int] = os.write,
    ) -> None:
        """Opens the file for appending; creates it with mode 0600. Raises OSError."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self.folder = path.parent
        self._sync = sync
        self._write = write
        self._size = os.fstat(self._file).st_size
        self._changed = Condition()
        self._written = self._synced = 0
        self._syncing = False
        self._closed = False
        self.problem = ""

    def append(self, entry: Mapping[str, Any], *, lasting: bool = False, before: Iterable[bytes] = ()) -> None:
        """Appends an entry; with `lasting`, returns when it is on disk. Raises JournalUnwritable.

        `before` are entries that stand directly in front of it.
        """
        line = _ENCODER.encode(entry).encode() + b"\n"
        with self._changed:
            for each in before:
                self._append(each)
            self._append(line)
            self._written += 1
            if lasting:
                self._wait_for_sync(self._written)

    def close(self) -> None:
        """Syncs and closes the file; errors are kept in `problem`. Threads that were left behind write no more."""
        with self._changed:
            try:
                self._sync(self._file)
            except OSError as error:
                self.problem = self.problem or (error.strerror or str(error))
            os.close(self._file)
            self._closed = True

    def _append(self, line: bytes) -> None:
        self._check()
        written = 0
        try:
            while written < len(line):
                written += self._write(self._file, line[written:])
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._size)
            self._fail(error)
        self._size += len(line)

    def _wait_for_sync(self, number: int) -> None:
        """Returns when entry `number` is on disk: one thread syncs for all entries that were written by then."""
        while self._synced < number:
            self._check()
            if self._syncing:
                self._changed.wait()
                continue
            self._syncing, covered = True, self._written
            self._changed.release()
            failure: OSError | None = None
            try:
                self._sync(self._file)
            except OSError as error:
                failure = error
            finally:
                self._changed.acquire()
                self._syncing = False
                self._changed.notify_all()
            if failure is not None:
                self._fail(failure)
            self._synced = max(self._synced, covered)

    def _fail(self, error: OSError) -> None:
        self.problem = self.problem or (error.strerror or str(error))
        self._check()

    def _check(self) -> None:
        problem = self.problem or ("it is closed" if self._closed else "")
        if problem:
            raise JournalUnwritable(f"Not sent: the journal of this run cannot be written ({problem}).", lasting=True)
