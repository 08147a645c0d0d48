"""Finds out which finished rows the row files of a run lack: a process may have died before it wrote their lines."""

from __future__ import annotations

import csv
import json
from collections import Counter, deque
from pathlib import Path

from stripe_shell.batch.journal_state import JournalState
from stripe_shell.batch.row_cells import COLUMNS
from stripe_shell.escaping import guard_cell

#: What the row files say of a row besides its columns.
_Told = tuple[str, ...]
#: So many of the last lines of each row file are looked at.
_LAST = 4096
_FINISHED = ("done", "skipped")


def find_missing_lines(folder: Path, state: JournalState) -> frozenset[str] | None:
    """Returns the ids of finished rows without a line; None if that cannot be told quickly.

    Lines are written in the order of the data, soon after the journal: only the last rows can be missing. If more are,
    the row files are not those of this run any more, and every row is looked up.
    """
    try:
        count, last = _read_row_files(folder)
    except (OSError, ValueError, csv.Error):
        return None
    entries = [json.loads(line) for line in state.last_rows]
    ended = {_told(entry["x"]): entry["r"] for entry in entries if entry["st"] in _FINISHED}
    missing = frozenset(row for told, row in ended.items() if told not in last)
    return missing if count + len(missing) == len(state.finished) else None


def _read_row_files(folder: Path) -> tuple[int, Counter[_Told]]:
    """Returns the number of finished rows in the row files, and what the last of them say."""
    count, last = 0, Counter[_Told]()
    for path in sorted(folder.glob("rows*.csv")):
        with path.open(encoding="utf-8", errors="surrogatepass", newline="") as file:
            lines = csv.reader(file)
            names = next(lines, [])
            place = names.index("_status")
            told: deque[list[str]] = deque(maxlen=_LAST)
            columns = len(names)
            for cells in lines:
                if len(cells) == columns and cells[place] in _FINISHED:
                    count += 1
                    told.append(cells)
            last.update(tuple(cells[place:]) for cells in told)
    return count, last


def _told(cells: dict[str, object]) -> _Told:
    return tuple(guard_cell(str(cells.get(name, ""))) for name in COLUMNS)
