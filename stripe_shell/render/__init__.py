"""Renders responses as table, JSON, JSON Lines, CSV or YAML, and requests as curl commands.

`renderer(name)` imports only the requested renderer: rich is loaded with `table`, Pygments with colour.
"""

from __future__ import annotations

from typing import Any, Protocol

#: The names that `@format` and `--format` accept.
FORMATS: tuple[str, ...] = ("table", "json", "jsonl", "csv", "yaml")


class Render(Protocol):
    """A function that renders a response body."""

    def __call__(self, body: Any, *, width: int | None, color: bool) -> str:
        """Returns `body`, JSON data from `wire.parse_json`, as text that is empty or ends with a line end.

        `width` is the terminal width in columns; None means output to a file or pipe, where nothing is shortened.
        `color` allows ANSI colours.
        """
        ...


def renderer(name: str) -> Render:
    """Returns the renderer of a format. Raises KeyError for a name that is not in FORMATS."""
    if name == "table":
        from stripe_shell.render.table import render_table

        return render_table
    if name == "json":
        from stripe_shell.render.json import render_json

        return render_json
    if name == "jsonl":
        from stripe_shell.render.jsonl import render_jsonl

        return render_jsonl
    if name == "csv":
        from stripe_shell.render.csv import render_csv

        return render_csv
    if name == "yaml":
        from stripe_shell.render.yaml import render_yaml

        return render_yaml
    raise KeyError(name)
