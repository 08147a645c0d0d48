"""An answer as JSON lines: a list one row a line, anything else on one line."""

from __future__ import annotations

from typing import Any

from stripe_shell.render.json import compact_json
from stripe_shell.render.shape import rows_of


def render_jsonl(body: Any, *, width: int | None, color: bool) -> str:
    """One JSON text a line; an empty list is no line at all. Never coloured: it is for programs."""
    rows = rows_of(body)
    return "".join(f"{compact_json(row)}\n" for row in ([body] if rows is None else rows))
