"""The short form of scripts/edges."""

from __future__ import annotations

from .scripts import load_script


def test_numbers_at_the_edge_never_meet_a_mistake_of_the_sandbox() -> None:
    statuses, found = load_script("edges").run(37)
    assert found == []
    assert statuses[200] > 300
    assert statuses[400] > 150
