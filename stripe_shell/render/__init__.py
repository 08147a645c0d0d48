"""Answers as text: table, JSON, JSON lines, CSV and YAML, one function of one signature each, and curl commands.

`renderer(name)` imports the one that is asked for and nothing else: rich comes with `table`, Pygments with colour.
"""

from __future__ import annotations

from typing import Any, Protocol

#: The names that `@format` and `--format` take.
FORMATS: tuple[str, ...] = ("table", "json", "jsonl", "csv", "yaml")


class Render(Protocol):
    """Renders a body."""

    def __call__(self, body: Any, *, width: int | None, color: bool) -> str:
        """`body`, JSON data as `wire.parse_json` gives it, as text that ends with a line end (or is empty).

        `width` is that of the terminal in columns; None means that no terminal will show it, and nothing is shortened.
        `color` allows ANSI colours.
        """
        ...


def renderer(name: str) -> Render:
    """The renderer of a format. Raises KeyError for a name that is not in FORMATS."""
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
