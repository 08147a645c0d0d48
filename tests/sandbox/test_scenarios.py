"""The scenarios: how the sandbox behaves, written in our own language and run by our own runner, in memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stripe_shell.cli import main

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.stripe"))


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key and no settings: what runs here can only reach a sandbox."""
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)


def test_there_are_scenarios() -> None:
    """One for each theme."""
    assert len(SCENARIOS) >= 25


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_it_passes(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every block does what the script expects of it."""
    code = main(["run", str(scenario), "--memory", "--format", "jsonl"])
    said = capsys.readouterr().err
    assert code == 0, said
    assert "0 failed" in said
    text = scenario.read_text(encoding="utf-8")
    assert text.count("@expect") + text.count("@fails") >= 5


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_it_is_well_written(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the canonical form, and without a warning."""
    assert main(["fmt", "--check", str(scenario)]) == 0
    assert main(["check", str(scenario)]) == 0
    said = capsys.readouterr()
    assert "warning" not in said.out + said.err


def test_a_wrong_expectation_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scenario can fail: this one says that a sum is a cent more than it is."""
    text = (SCENARIOS[0].parent / "proration.stripe").read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.stripe"
    wrong.write_text(text.replace("total == 4001", "total == 4002"), encoding="utf-8")
    assert main(["run", str(wrong), "--memory", "--format", "jsonl"]) == 4
    assert "4001" in capsys.readouterr().err
