"""The totals of a run on one line: its blocks, and the rows of its loops."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.batch.runner import ScriptRun
from stripe_shell.engine.money import format_amounts
from stripe_shell.engine.outcome import ROW_STATUSES, RowStatus
from stripe_shell.render.totals import counted


def closing_line(run: ScriptRun) -> str:
    """Returns the totals: `3 passed, 0 failed`, and for loops `1,961 rows done · 37 skipped · …`."""
    parts = [part for part in (_blocks(run), rows_line(run.rows, run.writes) if run.rows else "") if part]
    money = f" · {format_amounts(run.money)}" if run.money and run.rows else ""
    return f"{'; '.join(parts)}{money}" if parts else "nothing to send"


def rows_line(rows: Mapping[RowStatus, int], writes: int) -> str:
    """Returns the rows by status and the successful writes; no status is left out, so that the sum can be checked."""
    done, *others = ROW_STATUSES
    counts = [
        f"{counted(rows.get(done, 0), 'row')} {done}",
        *(f"{rows.get(status, 0):,} {status}" for status in others),
    ]
    return " · ".join([*counts, counted(writes, "write")])


def _blocks(run: ScriptRun) -> str:
    """Returns the totals of the blocks outside of loops; empty if there are none."""
    statuses = [outcome.status for outcome in run.outcomes]
    if not statuses and not run.not_run:
        return ""
    allowed = sum(outcome.allowed for outcome in run.outcomes)
    passed, skipped = statuses.count("passed"), statuses.count("skipped")
    counts = [f"{passed - allowed} passed", f"{len(statuses) - passed - skipped} failed"]
    counts += [f"{allowed} allowed"] if allowed else []
    counts += [f"{skipped} skipped"] if skipped else []
    counts += [f"{run.not_run} not run"] if run.not_run else []
    return ", ".join(counts)
