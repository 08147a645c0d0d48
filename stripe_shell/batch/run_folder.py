"""The folders of runs, and the lock that keeps two runs of a script over the same data apart."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Any

from stripe_shell.batch.journal import END, START
from stripe_shell.batch.kept_data import END_ENTRY, START_ENTRY, is_time, parse_kept
from stripe_shell.errors import ConfigurationError
from stripe_shell.records import record

RUNS = ".stripe-runs"
JOURNAL = "journal.jsonl"
#: Finished runs are removed after so many seconds.
KEPT_FOR = 30 * 24 * 3600
#: So much of the end of a journal is read to see whether the run has ended.
_TAIL = 4096


@record
class FoundRun:
    """A run on disk: its folder, the first entry of its journal, and the last one if the run has ended."""

    folder: Path
    start: Mapping[str, Any]
    end: Mapping[str, Any] | None

    @property
    def finished(self) -> bool:
        """Whether nothing of the run is left to do."""
        return self.end is not None and bool(self.end.get("finished"))


def runs_folder(script: Path, elsewhere: str | None) -> Path:
    """Returns the folder of the runs of a script: beside it, or `--runs-dir`."""
    return Path(elsewhere).expanduser() if elsewhere else script.parent / RUNS


def run_identity(script: Path, data: Mapping[str, str]) -> str:
    """Returns what runs of one script over the same data files have in common; the content of the files may change."""
    return sha256("\0".join((str(script), *sorted(data))).encode(errors="surrogatepass")).hexdigest()[:12]


def create_folder(runs: Path, script: Path, run_id: str) -> Path:
    """Creates the folder of a new run, for its owner only. Raises ConfigurationError."""
    folder = runs / f"{script.stem}-{run_id[:12]}"
    try:
        runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise unwritable(folder, error) from error
    return folder


def unwritable(path: Path, error: OSError) -> ConfigurationError:
    """Returns the error for a journal that cannot be kept."""
    return ConfigurationError(
        f"The journal of this run cannot be written: {path}: {error.strerror or error}. Nothing was sent; "
        "`--runs-dir FOLDER` keeps it elsewhere."
    )


def find_runs(runs: Path) -> list[FoundRun]:
    """Returns the runs in a folder, the latest first; folders without a readable journal are left out."""
    found = [run for path in _journals(runs) if (run := read_run(path.parent)) is not None]
    return sorted(found, key=lambda run: float(run.start.get("time", 0)), reverse=True)


def read_run(folder: Path) -> FoundRun | None:
    """Returns the run in a folder; None if there is no journal, or if it does not begin as one."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            start = parse_kept(file.readline(), START_ENTRY)
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            lines = file.read().splitlines()
    except (OSError, ValueError):
        return None
    if start["t"] != START:
        return None
    end = None
    with suppress(ValueError, IndexError):
        last = parse_kept(lines[-1], END_ENTRY)
        end = last if last["t"] == END else None
    return FoundRun(folder, start, end)


def remove_old_runs(runs: Path, now: float, kept_for: float = KEPT_FOR) -> None:
    """Removes the folders of runs that were finished so many seconds before `now`."""
    for run in find_runs(runs):
        if run.finished and run.end is not None and now - float(run.end.get("time", now)) > kept_for:
            rmtree(run.folder, ignore_errors=True)


def _journals(runs: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(runs.glob(f"*/{JOURNAL}"))


def lock_path(runs: Path, name: str) -> Path:
    """Returns the lock file of a script and its data files."""
    return runs / f".{name}.lock"


def lock_name(start: Mapping[str, Any]) -> str:
    """Returns the name of the lock of a run, from the first entry of its journal."""
    return f"{Path(start['script']).stem}-{start['identity']}"


def is_running(run: FoundRun) -> bool:
    """Whether a process runs the script of a run over the same data files now."""
    if run.end is not None:
        return False
    try:
        file = os.open(lock_path(run.folder.parent, lock_name(run.start)), os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, KeyError):
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


class RunLock:
    """The lock of a script and its data files: one run at a time. The system releases it when the process ends.

    `taken_over` describes a process that ended without releasing it, else it is empty.
    """

    def __init__(self, runs: Path, name: str) -> None:
        """Takes the lock. Raises ConfigurationError if another run holds it, or if it cannot be written."""
        self.taken_over = ""
        path = lock_path(runs, name)
        try:
            runs.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _describe(os.pread(self._file, 4096, 0))
            os.close(self._file)
            raise ConfigurationError(
                f"This script is already running over the same data: {holder}. Nothing was sent."
            ) from None
        self._claim()

    def release(self) -> None:
        """Releases the lock."""
        with suppress(OSError):
            os.ftruncate(self._file, 0)
        os.close(self._file)

    def _claim(self) -> None:
        before = os.pread(self._file, 4096, 0)
        if before:
            self.taken_over = _describe(before)
        facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())}
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, json.dumps(facts).encode(), 0)
        except OSError as error:
            os.close(self._file)
            raise unwritable(Path("the lock"), error) from error


def _describe(content: bytes) -> str:
    try:
        facts = parse_kept(content, {"since": is_time, "pid": int, "host": str})
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(facts["since"]))
        return f"process {facts['pid']} on {facts['host']}, since {since}"
    except ValueError:
        return "a process that has left no name"
