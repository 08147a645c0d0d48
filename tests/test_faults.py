"""The deliberate faults of scripts/mutate still fit the code that they are put into."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FAULTS = runpy.run_path(str(ROOT / "scripts" / "mutate"), run_name="mutate")["FAULTS"]


def test_there_are_ten() -> None:
    assert len({fault.name for fault in FAULTS}) == 10


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_can_be_put_in(fault: object) -> None:
    file, old, new = (getattr(fault, name) for name in ("file", "old", "new"))
    text = (ROOT / "stripe_shell" / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    compile(text.replace(old, new), file, "exec")
