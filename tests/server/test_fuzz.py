"""The short form of scripts/fuzz."""

from __future__ import annotations

import pytest

from .scripts import load_script


@pytest.mark.parametrize("seed", [11, 12])
def test_random_requests_never_meet_a_mistake_of_the_sandbox(seed: int) -> None:
    statuses, found = load_script("fuzz").run(2500, seed)
    assert found == []
    assert statuses[200] > 300
