"""Lists the rows of a run from its journal: a line for each row that was begun, and for each step outside of loops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stripe_shell.batch.journal import ROW
from stripe_shell.batch.journal_state import JournalState, StepKey, StepState, journal_lines, read_journal, row_entry
from stripe_shell.batch.ledger import NO_ROW
from stripe_shell.batch.row_cells import COLUMNS
from stripe_shell.batch.run_folder import JOURNAL

#: The members of a line, in order: the name of the row, and the columns of the row file without their underscore.
ROW_COLUMNS = ("row", *(name.removeprefix("_") for name in COLUMNS))

_PLACE = re.compile(r"(.*?):(\d+)")


def row_lines(folder: Path) -> Iterator[dict[str, str]]:
    """Yields the steps outside of loops, then the rows in the order of their data files.

    A row that was interrupted has the status `unknown` if one of its writes has no answer, else `not run`. Raises
    OSError and JournalDisagrees.
    """
    path = folder / JOURNAL
    state = read_journal(path, repair=False)
    interrupted = list(_interrupted(state))
    yield from (line for line in interrupted if not line["row"])
    under_way = {line["row"]: line for line in interrupted if line["row"]}
    ended = _ended(path)
    places = [*ended, *((*_place(name), name) for name in under_way.keys() - {each[2] for each in ended})]
    for _, _, name, *offset in sorted(places):
        line = under_way.get(name)
        yield line if line is not None and (not offset or line["status"] == "unknown") else _read(path, offset[0])


def _ended(path: Path) -> list[tuple[Any, ...]]:
    """Returns file, line, name and place in the journal of the last entry of each row that ended."""
    offset = 0
    found: dict[str, tuple[Any, ...]] = {}
    for kind, line in journal_lines(path):
        if kind == ROW:
            entry = row_entry(line, path)
            found[entry["r"]] = (*_place(entry["n"]), entry["n"], offset)
        offset += len(line)
    return list(found.values())


def _read(path: Path, offset: int) -> dict[str, str]:
    """Returns the line of the row whose entry is at a place in the journal."""
    with path.open("rb") as file:
        file.seek(offset)
        entry = row_entry(file.readline(), path)
    return _line(entry["n"], entry["x"])


def _place(name: str) -> tuple[str, int]:
    match = _PLACE.match(name)
    return (match[1], int(match[2])) if match else (name, 0)


def _interrupted(state: JournalState) -> Iterator[dict[str, str]]:
    """Yields the rows that did not end, and the steps outside of loops, from their steps."""
    groups: dict[str, list[tuple[StepKey, StepState]]] = {}
    for key, step in state.steps.items():
        if step.intent is not None or (step.done is not None and key[0] != NO_ROW):
            groups.setdefault(f"{key[0]}{key[1] if key[0] == NO_ROW else ''}", []).append((key, step))
    for steps in groups.values():
        yield _from_steps(state, steps)


def _from_steps(state: JournalState, steps: list[tuple[StepKey, StepState]]) -> dict[str, str]:
    """Returns the line of a row from its steps: the open one decides, else the last one."""
    key, step = next(((key, step) for key, step in steps if step.open), steps[-1])
    intent, done = step.intent or {}, step.done or {}
    name = next((table[key[1]]["n"] for table in reversed(state.tables) if key[1] in table), "a step")
    outside = key[0] == NO_ROW
    ended = ("failed" if step.failed else "done") if outside else "not run"
    error = done["b"].get("error") or {} if isinstance(done.get("b"), dict) else {}
    cells = {
        "_status": "unknown" if step.open else ended,
        "_step": name,
        "_http": str(done.get("http", "")),
        "_code": str(error.get("code") or error.get("type") or ""),
        "_message": str(error.get("message") or ""),
        "_request_id": str(done.get("rq") or ""),
        "_idempotency_key": str(intent.get("k") or ""),
        "_id": " ".join(_ids(steps)),
    }
    return _line(next((str(each.intent["n"]) for _, each in steps if each.intent), ""), cells)


def _ids(steps: list[tuple[StepKey, StepState]]) -> Iterator[str]:
    """Yields the ids of the objects that the writes of a row returned."""
    for _, step in steps:
        body = step.done["b"] if step.done is not None and step.intent is not None and not step.failed else None
        if isinstance(body, dict) and body.get("id"):
            yield str(body["id"])


def _line(row: str, cells: Mapping[str, Any]) -> dict[str, str]:
    return {"row": row, **{name.removeprefix("_"): str(cells.get(name, "")) for name in COLUMNS}}
