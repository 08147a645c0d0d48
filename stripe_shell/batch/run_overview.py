"""The runs on disk: finds them by name, and counts what became of their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from stripe_shell.batch.journal import ROW
from stripe_shell.batch.journal_state import journal_lines, read_journal, row_entry
from stripe_shell.batch.run_folder import JOURNAL, FoundRun, find_runs, is_running, read_run
from stripe_shell.errors import UsageError
from stripe_shell.records import record

RunState = Literal["running", "finished", "unfinished"]

#: The counts of `runs list`, in order.
COUNTED = ("done", "skipped", "failed", "unknown", "left")


@record
class RunOverview:
    """A run and what became of it: `rows` by status, and the writes whose outcome is unknown.

    `oldest` is when the oldest of these was first sent, in epoch seconds; None if there is none. The rows that are left
    are not among `rows` if nothing says how many rows the data has.
    """

    run: FoundRun
    state: RunState
    rows: Mapping[str, int]
    open_writes: int = 0
    oldest: float | None = None

    @property
    def name(self) -> str:
        """Returns the name of the run: that of its folder."""
        return self.run.folder.name


def overview_of(run: FoundRun) -> RunOverview:
    """Returns the overview of a run; its journal is read, unless it has finished. Raises OSError, JournalDisagrees."""
    if run.finished and run.end is not None:
        return RunOverview(run, "finished", _named(run.end.get("rows", {})))
    state = read_journal(run.folder / JOURNAL, repair=False)
    waiting = [step.first_sent for _, step in state.open_steps()]
    rows = _count_rows(run.folder / JOURNAL, {key[0] for key, _ in state.open_steps()}, state.total)
    shown: RunState = "running" if is_running(run) else "unfinished"
    return RunOverview(run, shown, rows, len(waiting), min(waiting, default=None))


def _count_rows(path: Path, waiting: set[str], total: int | None) -> dict[str, int]:
    """Returns the rows by status; those with a write in `waiting` are unknown, whatever the journal said before."""
    statuses: dict[int, str] = {}
    for kind, line in journal_lines(path):
        if kind == ROW:
            entry = row_entry(line, path)
            statuses[int(entry["r"], 16)] = entry["st"]
    statuses |= {int(row, 16): "unknown" for row in waiting if int(row, 16)}
    counts = Counter(statuses.values())
    if total is not None:
        counts["not run"] = max(total - counts.total(), 0)
    return _named(counts)


def _named(rows: Mapping[str, int]) -> dict[str, int]:
    """Returns the counts with `left` for the rows that were not run."""
    return {("left" if name == "not run" else name): count for name, count in rows.items()}


def find_run(name: str, folders: Iterable[Path]) -> FoundRun:
    """Returns the run of a name: of its folder, its id or their beginning, its script, or a path. Raises UsageError."""
    beside = read_run(Path(name).expanduser()) if "/" in name else None
    if beside is not None:
        return beside
    found = [run for folder in folders for run in find_runs(folder)]
    exact = [run for run in found if name in {run.folder.name, run.start.get("run")}]
    named = exact or [run for run in found if name == run.folder.name.rpartition("-")[0]]
    close = named or [run for run in found if len(name) >= 4 and _fits(name, run.folder.name, run.start)]
    if not close:
        raise UsageError(f"there is no run `{name}`; `stripe-shell runs` lists them")
    if len(close) > 1:
        raise UsageError(f"`{name}` fits {len(close)} runs: {', '.join(sorted(run.folder.name for run in close))}")
    return close[0]


def _fits(name: str, folder: str, start: Mapping[str, Any]) -> bool:
    return str(start.get("run", "")).startswith(name) or folder.startswith(name)
