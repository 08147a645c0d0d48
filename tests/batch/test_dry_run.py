"""Dry runs: the totals of a script as far as they are known without a request, and each request with `--show`.

Each script of `dry_runs/` has beside it what its dry run says. `UPDATE_GOLDEN=1` writes the siblings anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from stripe_shell.cli import main

from .support import Batch

FOLDER = Path(__file__).with_name("dry_runs")
SCRIPTS = sorted(FOLDER.glob("*.stripe"))


def dry_run(capsys: pytest.CaptureFixture[str], script: Path, *options: str) -> str:
    """Returns what the dry run of a script says, with its name instead of its path."""
    capsys.readouterr()
    assert main(["run", str(script), "--dry-run", "--memory", *options]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("nothing was sent")
    return said.out.replace(str(script), script.name)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_what_a_dry_run_tells(batch: Batch, capsys: pytest.CaptureFixture[str], script: Path) -> None:
    told = dry_run(capsys, script)
    golden = script.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["money", "skips", "blocks"])
def test_a_dry_run_has_the_totals_of_the_plan(batch: Batch, capsys: pytest.CaptureFixture[str], name: str) -> None:
    script = FOLDER / f"{name}.stripe"
    told = dry_run(capsys, script).splitlines()[0].partition(": ")[2]
    capsys.readouterr()
    assert main(["run", str(script), "--plan", "--memory"]) == 0
    planned = capsys.readouterr().out.splitlines()[0].partition(f"plan of {script}: ")[2]
    assert told == planned


def test_rows_that_are_not_selected_are_not_counted(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    first = dry_run(capsys, FOLDER / "money.stripe", "--rows", "2").splitlines()[0]
    assert first == "dry run of money.stripe: 2 rows · 2 writes · 250 jpy · 10.00 usd"
    by_key = dry_run(capsys, FOLDER / "skips.stripe", "--rows", "1,3").splitlines()
    assert by_key[0] == "dry run of skips.stripe: 2 rows · 5 writes · 20.00 eur"


def test_requests_are_shown_if_asked(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "POST /v1/" not in dry_run(capsys, FOLDER / "skips.stripe")
    shown = dry_run(capsys, FOLDER / "skips.stripe", "--show")
    assert len(re.findall("^POST /v1/", shown, re.MULTILINE)) == 6
    assert "6 writes · 30.00 eur" in shown


def test_blocks_without_the_chosen_tags_are_not_counted(batch: Batch, capsys: pytest.CaptureFixture[str]) -> None:
    script = batch.folder / "tags.stripe"
    script.write_text(
        "/sandbox create product name=A\n@tags one\n\n/sandbox create product name=B\n@tags two\n\n"
        "/sandbox create product name=C\n"
    )
    assert "3 writes" in dry_run(capsys, script)
    chosen = dry_run(capsys, script, "--tags", "two", "--show")
    assert "1 write\n" in chosen
    assert re.findall("^name=(.)", chosen, re.MULTILINE) == ["B"]
