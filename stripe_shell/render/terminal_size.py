"""The size of the terminal."""

from __future__ import annotations

import os
import sys


def terminal_size() -> os.terminal_size:
    """Returns `COLUMNS` and `LINES`, else the size of the terminal on standard output, else 80 and 24.

    `shutil.get_terminal_size()` returns the same, but importing `shutil` takes a fiftieth of the time to the prompt.
    """
    columns, lines = _number("COLUMNS"), _number("LINES")
    if not (columns and lines):
        try:
            found = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else -1)
        except (OSError, ValueError):
            found = os.terminal_size((0, 0))
        columns, lines = columns or found.columns or 80, lines or found.lines or 24
    return os.terminal_size((columns, lines))


def _number(variable: str) -> int:
    try:
        return max(0, int(os.environ[variable]))
    except (KeyError, ValueError):
        return 0
