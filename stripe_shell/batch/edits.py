"""Edits between two processes of a run: what took effect must still be in the script and in the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stripe_shell.batch.journal_state import JournalState, find_row_entry
from stripe_shell.batch.kept_rows import has_kept_rows, read_kept_rows
from stripe_shell.batch.ledger import row_hash
from stripe_shell.batch.runner import PreparedScript
from stripe_shell.batch.steps_table import StepEntry
from stripe_shell.engine.check.script import walk
from stripe_shell.engine.foreach import LoopRow, header, loop_rows, rows_of, source_name
from stripe_shell.engine.idempotency_keys import count_steps, loop_id, row_id, step_id
from stripe_shell.engine.run.row_results import row_name
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block, Loop

#: So many edits are named.
_MOST = 5


def find_edits(script: PreparedScript, state: JournalState, table: Mapping[str, StepEntry], journal: Path) -> list[str]:
    """Returns the edits that touch what took effect, in words; the rows of the data are noted as met."""
    found = list(_edited_steps(state, table))
    found += _edited_rows(script, state, journal)
    return found


def _edited_steps(state: JournalState, table: Mapping[str, StepEntry]) -> Iterator[str]:
    for step in sorted(state.wrote):
        known = next((old[step] for old in reversed(state.tables) if step in old), None)
        if known is None:
            continue
        if step not in table:
            yield f"the step {known['n']} took effect and is no longer in the script"
        elif table[step].template != known["h"]:
            yield f"the step {table[step].name} took effect and asks for something else now"


def _edited_rows(script: PreparedScript, state: JournalState, journal: Path) -> Iterator[str]:
    """Yields rows that are finished, and whose columns changed or that are gone."""
    named = 0
    seen: Counter[str] = Counter()
    for item, scope in walk(script.program.items, script.resolver, script.scope):
        if isinstance(item, Block):
            step_id(item, seen, script.root)
        if not isinstance(item, Loop):
            continue
        name = loop_id(item, seen)
        for row in _rows(item, name, script, scope, journal):
            identity = row_id(name, row.key)
            before = state.finished.meet(identity)
            if before not in {None, row_hash(row)} and named < _MOST:
                named += 1
                yield f"{row_name(row, header(item).key)} has changed since it was done{_made(journal, identity)}"
        count_steps(item, seen, script.root)
    missing = state.finished.missing()
    for identity in missing[:_MOST]:
        entry: Mapping[str, Any] = find_row_entry(journal, identity) or {}
        yield f"{entry.get('n', 'a row')} was done and is no longer in the data{_made(journal, identity)}"
    if len(missing) > _MOST:
        yield f"{len(missing) - _MOST:,} more rows were done and are no longer in the data"


def _rows(loop: Loop, name: str, script: PreparedScript, scope: Scope, journal: Path) -> Iterator[LoopRow]:
    """Yields the rows of a loop; of one whose rows became known in the run, those that the run kept."""
    if id(loop) not in script.resolver.late_loops:
        yield from rows_of(loop, scope, script.resolver.find_file)
    elif has_kept_rows(journal.parent, name):
        yield from loop_rows(loop, scope, read_kept_rows(journal.parent, name), source_name(loop, scope))


def _made(journal: Path, identity: str) -> str:
    """Returns the objects that a row made, in words."""
    entry = find_row_entry(journal, identity) or {}
    ids = entry.get("x", {}).get("_id")
    return f" ({ids} exists)" if ids else ""
