"""Shows what a run does: the console and its printer, responses in the formats of `formats/`, curl commands.

`renderer(name)` imports only the requested format; Pygments is loaded with colour.
"""

from __future__ import annotations

from typing import Any, Protocol

from stripe_shell.discovery import module_names

#: The order in which formats are named; any others come after these.
_ORDER = ("table", "json", "jsonl", "csv", "yaml")

#: The names that `@format` and `--format` accept: those of the modules of `render/formats/`.
FORMATS = module_names("render/formats", _ORDER)


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
    if name not in FORMATS:
        raise KeyError(name)
    from importlib import import_module

    render: Render = import_module(f"{__name__}.formats.{name}").render
    return render
