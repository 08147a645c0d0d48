"""The row files of a run: what became of every row, and the failed rows as a data file that can be run again."""

from __future__ import annotations

import csv
import json
import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, TextIO

from stripe_shell.batch.row_cells import COLUMNS, row_cells
from stripe_shell.batch.runner import PreparedScript
from stripe_shell.engine.check.script import walk
from stripe_shell.engine.foreach import failed_file
from stripe_shell.engine.outcome import RowResult
from stripe_shell.escaping import guard_cell
from stripe_shell.lang.ast import Loop
from stripe_shell.records import field, record
from stripe_shell.secrets import Secrets

_FINISHED = ("done", "skipped")


@record(frozen=False)
class RowFiles:
    """The row files of one run: `rows.csv` and `failed.csv`, with a number for the second loop and those after it.

    `folder` is that of the run, None for a run without a journal, which has only the files of failed rows that `failed`
    names, by loop. A file that cannot be written does not stop the run: `problems` says so at the end. `find_entry`
    returns the columns that the journal has for a row that an earlier process finished, by its name.
    """

    folder: Path | None
    masks: Callable[[], Secrets]
    find_entry: Callable[[str], Mapping[str, Any]]
    failed: Mapping[int, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _loops: dict[int, _LoopFiles | None] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)

    def add(self, result: RowResult) -> None:
        """Writes the line of a row."""
        number = self._numbers.setdefault(result.loop, len(self._numbers) + 1)
        if result.values is None or result.status == "not run":
            return
        try:
            if result.loop not in self._loops:
                self._loops[result.loop] = None
                self._loops[result.loop] = self._open(result, f"-{number}" if number > 1 else "")
            files = self._loops[result.loop]
            if files is not None:
                files.add(result, self.masks(), self.find_entry)
        except OSError as error:
            self._loops[result.loop] = None
            self.problems.append(f"the row file cannot be written: {error.strerror or error}")

    def close(self) -> None:
        """Closes the files."""
        for files in self._loops.values():
            if files is not None:
                files.close(self.problems)

    def failed_files(self) -> list[Path]:
        """Returns the files of failed rows that were written."""
        return [files.failed_path for files in self._loops.values() if files is not None and files.failed is not None]

    def _open(self, result: RowResult, number: str) -> _LoopFiles | None:
        """Opens the files of a loop; None if it has none."""
        failed = self.failed.get(result.loop)
        if failed is None and self.folder is not None:
            failed = self.folder / f"failed{number}.csv"
        if failed is None:
            return None
        with suppress(FileNotFoundError):
            failed.unlink()
        columns = tuple(result.values or ())
        if self.folder is None:
            return _LoopFiles(columns, None, failed, None)
        rows = self.folder / f"rows{number}.csv"
        present = _keep_finished(rows)
        file = _open_private(rows, append=True)
        if present is None:
            file.write(_header((*columns, *COLUMNS)))
        return _LoopFiles(columns, file, failed, present)


def failed_paths(script: PreparedScript) -> dict[int, Path]:
    """Returns the files of `failed=` by loop, without those that cannot be used, which the check tells."""
    found: dict[int, Path] = {}
    for item, scope in walk(script.program.items, script.resolver, script.scope):
        path = failed_file(item, scope) if isinstance(item, Loop) else None
        if path is not None and not isinstance(path, tuple):
            found[item.span.start] = path
    return found


class _Present:
    """The lines of finished rows that a row file held when it was opened, told apart by hashes of their columns.

    They are read when a row is first looked up, which only rows are whose lines may be missing.
    """

    def __init__(self, path: Path, count: int) -> None:
        """Takes the number of these lines, which are the first ones of the file."""
        self._path = path
        self.count = count

    def __contains__(self, line: int) -> bool:
        index = bisect_left(self._lines, line)
        return index < len(self._lines) and self._lines[index] == line

    @cached_property
    def _lines(self) -> Sequence[int]:
        with self._path.open(encoding="utf-8", newline="") as file:
            cells = csv.reader(file)
            place = next(cells).index("_status")
            return array("Q", sorted(array("Q", (_hash(each[:place]) for each in islice(cells, self.count)))))


@record(frozen=False)
class _LoopFiles:
    columns: tuple[str, ...]
    rows: TextIO | None
    failed_path: Path
    present: _Present | None
    failed: TextIO | None = None

    def add(self, result: RowResult, masks: Secrets, find_entry: Callable[[str], Mapping[str, Any]]) -> None:
        values = result.values or {}
        cells = [masks.mask(_text(values.get(name, ""))) for name in self.columns]
        if result.recalled and self.present and _hash(guard_cell(cell) for cell in cells) in self.present:
            return
        added = find_entry(result.name) if result.recalled else masks.mask_data(row_cells(result))
        if self.rows is not None:
            self.rows.write(_line([*cells, *(str(added.get(name, "")) for name in COLUMNS)]))
            self.rows.flush()
        if result.status in {"failed", "unknown"}:
            if self.failed is None:
                self.failed = _open_private(self.failed_path)
                self.failed.write(_header(self.columns))
            self.failed.write(_line(cells))
            self.failed.flush()

    def close(self, problems: list[str]) -> None:
        for file in (self.rows, self.failed):
            try:
                if file is not None:
                    file.close()
            except OSError as error:
                problems.append(f"the row file cannot be written: {error.strerror or error}")


def _keep_finished(path: Path) -> _Present | None:
    """Leaves the lines of finished rows in the row file of an earlier process; returns which it has.

    Returns None if there is no such file.
    """
    if not path.exists():
        return None
    count = _all_finished(path)
    return _Present(path, count) if count is not None else _rewrite(path)


def _all_finished(path: Path) -> int | None:
    """Returns the number of lines of a row file that are all those of finished rows, else None."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1))
        if file.read() != b"\n":
            return None
    with path.open(encoding="utf-8", newline="") as file:
        records = csv.reader(file)
        names = next(records, [])
        if "_status" not in names or path.is_symlink():
            return None
        columns, place = len(names), names.index("_status")
        finished = takewhile(lambda cells: len(cells) == columns and cells[place] in _FINISHED, records)
        count = sum(1 for _ in finished)
        return count if count == records.line_num - 1 else None


def _rewrite(path: Path) -> _Present | None:
    """Rewrites a row file with the lines of finished rows only; returns which it has, None for another file."""
    copy, count = path.with_suffix(".new"), 0
    with path.open(encoding="utf-8", newline="") as source, _open_private(copy) as target:
        records = _records(source)
        names = next(records, ([], ""))[0]
        if "_status" not in names:
            copy.unlink()
            return None
        place = names.index("_status")
        target.write(_header(names))
        for cells, text in records:
            if len(cells) == len(names) and cells[place] in _FINISHED:
                target.write(text)
                count += 1
    copy.replace(path)
    return _Present(path, count)


def _records(file: TextIO) -> Iterator[tuple[list[str], str]]:
    """Yields the cells of each record of a CSV file, with its text as it stands in the file; leaves out a torn one."""
    read: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            read.append(line)
            yield line

    for cells in csv.reader(lines()):
        text = "".join(read)
        read.clear()
        if text.endswith("\n"):
            yield cells, text


def _hash(cells: Iterable[str]) -> int:
    return int.from_bytes(sha256("\0".join(cells).encode(errors="surrogatepass")).digest()[:8], "big")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _header(names: Iterable[str]) -> str:
    """Returns the first line; all its cells are quoted, which tells a reader that cells behind it are guarded."""
    return ",".join(_quote(name) for name in names) + "\n"


def _line(cells: Iterable[str]) -> str:
    texts = [guard_cell(cell) for cell in cells]
    return ",".join(_quote(text) if re.search(r'[",\r\n]', text) else text for text in texts) + "\n"


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _open_private(path: Path, *, append: bool = False) -> TextIO:
    """Opens a text file with mode 0600."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_APPEND if append else os.O_TRUNC)
    file = os.open(path, flags, 0o600)
    with suppress(OSError):
        os.fchmod(file, 0o600)
    return os.fdopen(file, "w", encoding="utf-8", errors="surrogatepass", newline="")
