"""The short form of scripts/load: jobs and webhooks of one server, and of two on one file, one round of each killed."""

from __future__ import annotations

import pytest

from .scripts import load_script

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")


@pytest.mark.parametrize("servers", [1, 2])
def test_all_work_is_done_once(servers: int) -> None:
    said: list[str] = []
    assert load_script("load").run(2, 80, killed=1, servers=[servers], say=said.append) == []
    assert all(" 0 webhooks" not in line for line in said)
