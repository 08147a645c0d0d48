"""Renders the outcome of a block as one line."""

from __future__ import annotations

from stripe_shell.engine.outcome import Outcome, OutcomeStatus, WrittenFile
from stripe_shell.escaping import visible

_WORDS: dict[OutcomeStatus, str] = {
    "passed": "ok",
    "invalid": "INVALID",
    "failed": "FAILED",
    "unexpected": "UNEXPECTED",
    "unknown": "UNKNOWN",
    "changed": "CHANGED",
    "skipped": "skipped",
}


def summary_line(outcome: Outcome) -> str:
    """Returns `ok  create customer cus_…  200  req_…  3 ms  as customer`."""
    word = "allowed" if outcome.allowed else _WORDS[outcome.status]
    facts = [f"{word:<10}", outcome.name, _result(outcome)]
    if outcome.response is not None:
        facts += [f"  {outcome.response.status}", outcome.request_id or "", f"{outcome.response.elapsed:.0f} ms"]
        facts.append("replayed" if outcome.response.header("Idempotent-Replayed") else "")
    if outcome.written_to:
        facts.append(f"→ {outcome.written_to}")
        facts.append(f"without {', '.join(outcome.left_out)}" if outcome.left_out else "")
    if outcome.saved_as:
        facts.append(f"as {outcome.saved_as}")
    return visible(" ".join(fact for fact in facts if fact))


def file_line(file: WrittenFile) -> str:
    """Returns `ok  create customer (1,961 rows) → customers.csv` for the file of a loop."""
    name = Outcome(file.block, "passed").name
    facts = [
        f"{_WORDS['passed']:<10}",
        name,
        f"({file.rows:,} {'row' if file.rows == 1 else 'rows'})",
        f"→ {file.path}",
    ]
    facts.append(f"without {', '.join(file.left_out)}" if file.left_out else "")
    return visible(" ".join(fact for fact in facts if fact))


def _result(outcome: Outcome) -> str:
    body = outcome.body
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("data"), list) and "id" not in body:
        rows = len(body["data"]) if outcome.rows_written is None else outcome.rows_written
        more = ", more with `limit: all`" if body.get("has_more") or body.get("next_page_url") else ""
        return f"({rows} {'row' if rows == 1 else 'rows'}{more})"
    return str(body.get("id") or "")
