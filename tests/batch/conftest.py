"""A batch in a world of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .support import Batch


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Batch:
    """A script with a loop on a sandbox in a file, with no key and no settings around."""
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return Batch(tmp_path, capsys)
