"""Reads a journal: rows that are finished, and the steps of all others."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from stripe_shell.batch.journal import DONE, END, FILE, INTENT, LINES, NOT_EXECUTED, PAGES, RESUMED, ROW, START
from stripe_shell.batch.kept_data import ROW_ENTRY, parse_kept
from stripe_shell.batch.line_entries import LinePlaces, is_complete, sorted_places
from stripe_shell.engine.outcome import RowStatus
from stripe_shell.errors import JournalDisagrees
from stripe_shell.records import field, record

#: The places of the kind and of the row in an entry: `{"t":"i","r":"0123456789abcdef",…`.
_KIND = slice(6, 7)
_ROW_ID = slice(14, 30)
#: The places of the columns' hash and of the status in the entry of a row: `…","h":"0123456789abcdef","st":"done",…`.
_ROW_HASH = slice(37, 53)
_STATUS = slice(61, 65)
_SKIPPED = b"skip"
_FINISHED_STATUSES = frozenset({b"done", _SKIPPED})
_ROW = ROW.encode()
_OF_STEPS = frozenset(kind.encode() for kind in (INTENT, DONE, NOT_EXECUTED, PAGES))
_PAGES = PAGES.encode()
_LINES = LINES.encode()
#: What entries of one step begin with: their kind, row and step.
_STEP = slice(0, 48)
_FILE = FILE.encode()
_BEGUN_OR_ENDED = frozenset(kind.encode() for kind in (START, RESUMED, END))
#: So many of the last entries of rows are kept as they are.
_LAST = 1024
#: So many bytes are read at once: larger ones take several times as long to allocate.
_CHUNK = 1 << 16
#: What begins and ends the extent of a row in its entry: `"e":{"writes":2,"usd":1250},"w":[…`.
_EXTENT, _WROTE = b'"e":{', b'"w":['
#: So many different effects of rows are counted before they are summed up.
_DIFFERENT = 4096

#: What identifies a step: its row, its id, and the inner row of a loop in a loop (else empty).
StepKey = tuple[str, str, str]


@record(frozen=False)
class StepState:
    """The state of a step: its latest intent, and the response to it.

    `generation` counts deliberate repetitions. `first_sent` is when the intent was first written, in epoch seconds.
    `pages` tells how far a list has been written to a file that is not complete.
    """

    generation: int = 0
    intent: dict[str, Any] | None = None
    done: dict[str, Any] | None = None
    first_sent: float = 0.0
    pages: dict[str, Any] | None = None

    @property
    def open(self) -> bool:
        """Whether a write was announced, and nothing says what became of it."""
        return self.intent is not None and self.done is None

    @property
    def failed(self) -> bool:
        """Whether Stripe refused the write for good."""
        return self.done is not None and not 200 <= int(self.done["http"]) < 300


class FinishedRows:
    """The rows that are done or skipped, in eighteen bytes each, and which of them were met again."""

    def __init__(self, ids: array[int], hashes: array[int], skipped: bytearray) -> None:
        """Takes for each row its id, the hash of its columns, and whether it was skipped."""
        order = sorted_places(ids)
        self._ids = array("Q", map(ids.__getitem__, order))
        self._hashes = array("Q", map(hashes.__getitem__, order))
        self._skipped = bytearray(map(skipped.__getitem__, order))
        self._met = bytearray(len(order))

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, row_id: int) -> bool:
        return self._index(row_id) >= 0

    def meet(self, row_id: str) -> str | None:
        """Returns the hash of a finished row's columns and notes that the data still has it; None for other rows."""
        index = self._index(int(row_id, 16))
        if index < 0:
            return None
        self._met[index] = 1
        return f"{self._hashes[index]:016x}"

    def recall(self, row_id: str) -> RowStatus | None:
        """Returns the status of a finished row and notes that the data still has it; None for other rows."""
        index = self._index(int(row_id, 16))
        if index < 0:
            return None
        self._met[index] = 1
        return "skipped" if self._skipped[index] else "done"

    def skipped(self, row_id: str) -> bool:
        """Whether a finished row was skipped."""
        return bool(self._skipped[self._index(int(row_id, 16))])

    def missing(self) -> list[str]:
        """Returns the ids of the rows that were not met."""
        return [f"{self._ids[index]:016x}" for index, met in enumerate(self._met) if not met]

    def _index(self, row_id: int) -> int:
        ids = self._ids
        index = bisect_left(ids, row_id)
        return index if index < len(ids) and ids[index] == row_id else -1


@record(frozen=False)
class JournalState:
    """A journal that has been read. `tables` are the steps of the script as each process of the run knew it.

    `wrote` are the ids of steps that took effect in any row. `spent` are the writes of the finished rows and their
    money, by unit. `latest` is the latest time in the journal. `total` is the number of rows of the data, None if it is
    not known. `begun` are the first entries of the processes, `last_rows` the last lines of rows that ended.
    `lines` are the places of what finished rows add to files, `partials` the incomplete files begun for loops.
    `runs_again`: rows that were done are to be run again, and are not among the finished ones.
    """

    start: dict[str, Any]
    tables: list[dict[str, Any]] = field(default_factory=list)
    finished: FinishedRows = field(default_factory=lambda: FinishedRows(array("Q"), array("Q"), bytearray()))
    steps: dict[StepKey, StepState] = field(default_factory=dict)
    wrote: set[str] = field(default_factory=set)
    spent: Counter[str] = field(default_factory=Counter)
    rows_with_writes: set[str] = field(default_factory=set)
    latest: float = 0.0
    total: int | None = None
    begun: list[dict[str, Any]] = field(default_factory=list)
    last_rows: deque[bytes] = field(default_factory=lambda: deque(maxlen=_LAST))
    lines: LinePlaces = field(default_factory=LinePlaces)
    partials: list[str] = field(default_factory=list)
    runs_again: bool = False

    def open_steps(self) -> list[tuple[StepKey, StepState]]:
        """Returns the steps whose outcome is unknown."""
        return [(key, state) for key, state in self.steps.items() if state.open]


def read_journal(path: Path, *, every_step: bool = False, repair: bool = True) -> JournalState:
    """Reads a journal, after cutting off a torn last line; without `repair` it only leaves that line out.

    With `every_step` no row counts as finished, so that every step of every row is kept. Raises OSError, and
    JournalDisagrees if the journal is damaged.
    """
    if repair:
        _cut_torn_line(path)
    state: JournalState | None = None
    rows = _RowsRead(path, every_step=every_step)
    partials = list[str]()
    for number, line in rows.read():
        if line[_KIND] == _FILE:
            partials.append(str(_parse(line, path, number)["partial"]))
            continue
        entry = _parse(line, path, number)
        state = state or JournalState(entry)
        state.tables += [entry["steps"]] if "steps" in entry else []
        state.begun += [entry] if "steps" in entry else []
        state.total = entry.get("total", state.total)
        state.latest = max(state.latest, float(entry.get("time", 0)))
    if state is None or state.start.get("t") != START:
        raise JournalDisagrees(f"{path} does not begin as a journal does")
    state.wrote = rows.steps_that_wrote()
    state.spent = rows.spent()
    state.last_rows = rows.last
    state.finished = rows.finished()
    state.lines = LinePlaces(*rows.places)
    state.partials = partials
    state.runs_again = rows.runs_again
    for number, line in rows.steps_left(state.finished):
        _apply(_parse(line, path, number), state)
    return state


class _RowsRead:
    """The entries of rows, while they are read: most of a long journal, so that few are parsed as JSON."""

    def __init__(self, path: Path, *, every_step: bool) -> None:
        self._path = path
        self._every_step = every_step
        self._ids, self._hashes, self._skipped = array("Q"), array("Q"), bytearray()
        #: How many rows had the same extent and steps that wrote, by the text of these members.
        self._effects: Counter[bytes] = Counter()
        self._wrote: set[str] = set()
        self._spent: Counter[str] = Counter()
        self.last: deque[bytes] = deque(maxlen=_LAST)
        #: The lines of steps by row, of rows that have not finished yet.
        self.under_way: dict[bytes, list[tuple[int, bytes]]] = {}
        #: Ids and places of the rows with lines, and the row, place and completeness of the lines that were read last.
        self.places = array("Q"), array("Q")
        self.runs_again = False
        self._latest = b"", 0, True

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Reads the journal; yields the lines of processes that began or ended, and of files that were begun."""
        under_way, add_row = self.under_way, self._add_row
        first, place = 1, 0
        for lines in _parts(self._path):
            for number, line in enumerate(lines, first):
                kind = line[_KIND]
                if kind in _OF_STEPS:
                    row = line[_ROW_ID]
                    known = under_way.get(row)
                    if known is None:
                        under_way[row] = [(number, line)]
                    elif kind == _PAGES and line[_STEP] == known[-1][1][_STEP]:
                        known[-1] = number, line  # of the pages of a list only the last ones count
                    else:
                        known.append((number, line))
                elif kind == _ROW:
                    add_row(number, line)
                elif kind == _LINES:
                    self._add_lines(place + sum(map(len, lines[: number - first])), line)
                elif kind == _FILE:
                    yield number, line
                elif kind in _BEGUN_OR_ENDED:
                    self._latest = b"", 0, True  # lines whose row did not end: its process did
                    yield number, line
            first += len(lines)
            place += sum(map(len, lines))

    def _add_lines(self, place: int, line: bytes) -> None:
        """Notes lines of a row; they count when its end follows."""
        row, first, complete = self._latest
        if row != line[_ROW_ID]:
            row, first, complete = line[_ROW_ID], place, True
        self._latest = row, first, complete and is_complete(line)

    def _add_row(self, number: int, line: bytes) -> None:
        """Notes a row that ended; the steps of one that finished are not needed any more.

        One whose lines are not complete runs again: its writes are recalled.
        """
        self.last.append(line)
        row, place, complete = self._latest
        row_id = line[_ROW_ID]
        if row:
            self._latest = b"", 0, True
        status = line[_STATUS]
        if status not in _FINISHED_STATUSES:
            return
        runs_again = self._every_step or (row == row_id and not complete)
        self._add_effects(line, wrote_only=runs_again)
        if runs_again:
            self.runs_again = True
            return
        try:
            row_number, row_hash = int(row_id, 16), int(line[_ROW_HASH], 16)
        except ValueError:
            raise _damaged(self._path, number) from None
        if row == row_id:
            self.places[0].append(row_number)
            self.places[1].append(place)
        self._ids.append(row_number)
        self._hashes.append(row_hash)
        self._skipped.append(status == _SKIPPED)
        self.under_way.pop(row_id, None)

    def _add_effects(self, line: bytes, *, wrote_only: bool) -> None:
        """Counts the extent of a row and the steps that wrote: most are like those of others, and parsed once."""
        wrote = line.rfind(_WROTE)
        if wrote < 0:
            return
        extent = -1 if wrote_only else line.rfind(_EXTENT, 0, wrote)
        self._effects[line[extent if extent >= 0 else wrote : line.find(b"]", wrote) + 1]] += 1
        if len(self._effects) >= _DIFFERENT:
            self._sum_up()

    def _sum_up(self) -> None:
        for text, count in self._effects.items():
            effects = self._parsed(b"{" + text + b"}")
            self._wrote.update(effects["w"])
            for unit, amount in effects.get("e", {}).items():
                self._spent[unit] += int(amount) * count
        self._effects.clear()

    def _parsed(self, text: bytes) -> dict[str, Any]:
        """Returns the members of an entry, parsed. Raises JournalDisagrees if they are damaged."""
        with suppress(ValueError):
            effects: dict[str, Any] = parse_kept(text, {"w": list, "e?": dict})
            return effects
        raise JournalDisagrees(f"{self._path} is damaged in the entry of a row")

    def steps_left(self, finished: FinishedRows) -> Iterator[tuple[int, bytes]]:
        """Yields the lines of steps of all rows that have not finished."""
        for row, lines in self.under_way.items():
            if _row_number(row, self._path, lines[0][0]) not in finished:
                yield from lines

    def steps_that_wrote(self) -> set[str]:
        """Returns the ids of steps that took effect in any finished row."""
        self._sum_up()
        return self._wrote

    def spent(self) -> Counter[str]:
        """Returns the writes of the finished rows and their money, by unit."""
        self._sum_up()
        return self._spent

    def finished(self) -> FinishedRows:
        return FinishedRows(self._ids, self._hashes, self._skipped)


def _apply(entry: Mapping[str, Any], state: JournalState) -> None:
    step = state.steps.setdefault((entry["r"], entry["s"], entry.get("y", "")), StepState())
    state.latest = max(state.latest, float(entry.get("at", 0)))
    generation = int(entry.get("g", 0))
    if entry["t"] == INTENT:
        if step.intent is None or generation > step.generation:
            step.first_sent = float(entry["at"])
        step.intent, step.done, step.generation = dict(entry), None, generation
        state.rows_with_writes.add(entry["r"])
    elif entry["t"] == NOT_EXECUTED:
        step.intent = None
    elif entry["t"] == PAGES:
        step.pages = dict(entry)
    else:
        step.done, step.pages = dict(entry), None
        if step.intent is not None and not step.failed:
            state.wrote.add(entry["s"])


def find_row_entry(path: Path, row_id: str) -> dict[str, Any] | None:
    """Returns the last entry of a row that has ended."""
    found = None
    for number, line in _lines(path):
        if line[_KIND] == ROW.encode() and line[_ROW_ID] == row_id.encode():
            found = _parse(line, path, number)
    return found


def row_entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the entries of rows that have ended, in the order in which they did."""
    for number, line in _lines(path):
        if line[_KIND] == ROW.encode():
            yield _parse(line, path, number)


def journal_lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields the complete lines of a journal, each with its kind."""
    for _, line in _lines(path):
        yield line[_KIND].decode(errors="replace"), line


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yields the complete lines, with their numbers."""
    return enumerate(chain.from_iterable(_parts(path)), start=1)


def _parts(path: Path) -> Iterator[list[bytes]]:
    """Yields the complete lines, many at a time."""
    with path.open("rb") as file:
        while lines := file.readlines(_CHUNK):
            if not lines[-1].endswith(b"\n"):
                lines.pop()
            yield lines


def _parse(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        entry: dict[str, Any] = parse_kept(line, dict)
        return entry
    except ValueError:
        pass
    raise JournalDisagrees(f"{path} is damaged in line {number}; `--new` starts over, and may repeat what was done")


def row_entry(line: bytes, path: Path) -> dict[str, Any]:
    """Returns the entry of a row that has ended. Raises JournalDisagrees if it is damaged."""
    try:
        entry: dict[str, Any] = parse_kept(line, ROW_ENTRY)
    except ValueError:
        raise JournalDisagrees(f"{path} is damaged in the entry of a row") from None
    return entry


def _row_number(text: bytes, path: Path, number: int) -> int:
    try:
        return int(text, 16)
    except ValueError:
        raise _damaged(path, number) from None


def _damaged(path: Path, number: int) -> JournalDisagrees:
    return JournalDisagrees(f"{path} is damaged in line {number}")


def _cut_torn_line(path: Path) -> None:
    """Truncates the file behind its last complete line."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        position = size
        while position > 0:
            position = max(0, position - 65536)
            file.seek(position)
            newline = file.read(65536).rfind(b"\n")
            if newline >= 0:
                end = position + newline + 1
                if end < size:
                    file.truncate(end)
                return
        file.truncate(0)
