"""Renders a response as JSON Lines: each row of a list on a line, anything else on one line."""

from __future__ import annotations

from typing import Any

from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.shape import rows_of


def render(body: Any, *, width: int | None, color: bool) -> str:
    """Returns one JSON text per line, nothing for an empty list. Never coloured, as programs read it."""
    rows = rows_of(body)
    return "".join(f"{compact_json(row)}\n" for row in ([body] if rows is None else rows))
