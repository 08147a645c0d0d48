"""The size of the terminal."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from stripe_shell.render.terminal_size import terminal_size

VALUES = [None, "120", "0", "-3", "wide", ""]


@pytest.mark.parametrize("columns", VALUES)
@pytest.mark.parametrize("lines", VALUES)
@pytest.mark.parametrize("window", [(100, 30), (0, 0), None])
def test_it_is_what_the_library_says(
    monkeypatch: pytest.MonkeyPatch, columns: str | None, lines: str | None, window: tuple[int, int] | None
) -> None:
    for name, value in (("COLUMNS", columns), ("LINES", lines)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)

    def ask(_: int = 1) -> os.terminal_size:
        if window is None:
            raise OSError("no terminal")
        return os.terminal_size(window)

    monkeypatch.setattr(os, "get_terminal_size", ask)
    assert terminal_size() == shutil.get_terminal_size()


def test_without_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    monkeypatch.setattr(sys, "__stdout__", None)
    assert terminal_size() == (80, 24)
