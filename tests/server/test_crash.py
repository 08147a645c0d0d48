"""The short form of scripts/crash: the server is killed while eight clients write."""

from __future__ import annotations

import pytest

from .scripts import load_script

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")


def test_a_killed_server_loses_nothing_that_was_answered() -> None:
    acknowledged, problems = load_script("crash").run(2, seconds=(0.6, 0.9))
    assert problems == []
    assert acknowledged > 0
