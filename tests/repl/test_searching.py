"""Where a search that is dropped goes back to."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from stripe_shell.repl import searching


def test_a_search_goes_back_to_its_text_though_history_came_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "stop_search", lambda: None)
    buffer = SimpleNamespace(_working_lines=deque(["what is written"]), working_index=0, cursor_position=4)
    reader: Any = SimpleNamespace(default_buffer=buffer, layout=SimpleNamespace(is_searching=False))
    origin = searching.SearchOrigin()
    origin._reader = reader
    origin._remember(None)
    reader.layout.is_searching = True
    buffer._working_lines.extendleft(["from history", "and more of it"])  # as the buffer loads it
    buffer.working_index, buffer.cursor_position = 1, 0  # where the search has found something
    origin._remember(None)
    origin.restore()
    assert buffer._working_lines[buffer.working_index] == "what is written"
    assert buffer.cursor_position == 4
