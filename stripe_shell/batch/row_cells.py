"""The columns that the row file adds to those of the data."""

from __future__ import annotations

from typing import Any

from stripe_shell.engine.outcome import Outcome, RowResult

#: The columns, in order.
COLUMNS = (
    "_status",
    "_step",
    "_http",
    "_code",
    "_message",
    "_request_id",
    "_idempotency_key",
    "_id",
    "_seconds",
)


def row_cells(result: RowResult) -> dict[str, Any]:
    """Returns the values of the columns for a row, without those that are empty."""
    outcome = result.outcome
    cells: dict[str, Any] = {"_status": result.status, "_id": " ".join(result.ids)}
    if outcome is not None:
        error = outcome.error
        problem = next((each for each in outcome.diagnostics if each.severity == "error"), None)
        cells |= {
            "_step": f"{outcome.name} (line {outcome.block.span.location()[0]})",
            "_http": outcome.response.status if outcome.response else "",
            "_code": error.get("code") or error.get("type") or (problem.code if problem else ""),
            "_message": _message(outcome) or (f"{problem.message}: {problem.label}" if problem else outcome.reason),
            "_request_id": outcome.request_id or "",
            "_idempotency_key": (outcome.request.idempotency_key if outcome.request else "") or "",
        }
    cells["_seconds"] = f"{result.seconds:.3f}"
    return {name: value for name, value in cells.items() if value != ""}


def _message(outcome: Outcome) -> str:
    return str(outcome.error.get("message") or "")
