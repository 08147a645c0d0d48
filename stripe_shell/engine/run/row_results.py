"""The result of a row of `@foreach`: its name in messages, its status, and the step that decided it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stripe_shell.engine.foreach import LoopRow
from stripe_shell.engine.outcome import Outcome, OutcomeStatus, RowStatus

#: Longer keys are abbreviated in messages.
_LONGEST_KEY = 120


def row_name(row: LoopRow, columns: tuple[str, ...]) -> str:
    """Returns the name of a row in messages: file, line and the values of the key columns."""
    place = f"{row.file}:{row.data.number}"
    if not columns:
        return place
    keys = [f"{column}={_shortened(str(row.data.values.get(column, '')))}" for column in columns]
    return f"{place} ({', '.join(keys)})"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}…"


def row_status(outcomes: Sequence[Outcome], *, interrupted: bool = False) -> RowStatus:
    """Returns the status of a row from the outcomes of its steps; `interrupted`: it stopped between two steps.

    A row that only looked something up, and skipped what it would have written, is skipped.
    """
    statuses: set[OutcomeStatus] = {outcome.status for outcome in outcomes}
    if "unknown" in statuses:
        return "unknown"
    if statuses - {"passed", "skipped"}:
        return "failed"
    if interrupted:
        return "not run"
    if "skipped" in statuses and not any(is_write(outcome) for outcome in outcomes):
        return "skipped"
    return "done" if "passed" in statuses else "skipped"


def deciding_outcome(outcomes: Sequence[Outcome]) -> Outcome | None:
    """Returns the first outcome that is unknown, else the first failure, else the last write, else the last outcome."""
    for wanted in (_is_unknown, _is_failure):
        found = next((outcome for outcome in outcomes if wanted(outcome)), None)
        if found is not None:
            return found
    writes = [outcome for outcome in outcomes if is_write(outcome)]
    return next(reversed(writes or list(outcomes)), None)


def written_ids(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Returns the ids of the objects that successful writes returned."""
    bodies = [outcome.body for outcome in outcomes if is_write(outcome) and succeeded(outcome)]
    return tuple(str(body["id"]) for body in bodies if isinstance(body, dict) and body.get("id"))


def money_written(outcomes: Sequence[Outcome]) -> Mapping[str, int]:
    """Returns the money that successful writes are about, in the smallest unit by currency."""
    sums: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.money is not None and is_write(outcome) and succeeded(outcome):
            sums[outcome.money.currency] = sums.get(outcome.money.currency, 0) + outcome.money.amount
    return sums


def is_write(outcome: Outcome) -> bool:
    """Whether the block is a write that was sent."""
    return outcome.request is not None and outcome.request.writes


def succeeded(outcome: Outcome) -> bool:
    """Whether the response is a success."""
    return outcome.response is not None and outcome.response.ok


def _is_unknown(outcome: Outcome) -> bool:
    return outcome.status == "unknown"


def _is_failure(outcome: Outcome) -> bool:
    return outcome.status not in {"passed", "skipped"}
