"""The cookbook: every script passes on the sandbox, fails when an expectation is altered, and stands on its page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from stripe_shell.cli import main

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scripts" / "examples" / "cookbook"
SCRIPTS = sorted(FOLDER.glob("*.stripe"))
PAGE = ROOT / "docs" / "cookbook.md"

each_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
#: `any … !=` could hold as well, all others cannot.
_EQUAL = re.compile(r"^([ ]*@expect (?!any ).*) == (.*)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _empty_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home without settings, and a folder of its own for the files that scripts write."""
    for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("STRIPE_API_KEY", "TRIAL_DAYS", "WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_there_are_ten() -> None:
    assert [path.name[:2] for path in SCRIPTS] == [f"{number:02}" for number in range(1, 11)]


@each_script
def test_it_passes_on_the_sandbox(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["run", str(script), "--memory", "--format", "jsonl"])
    assert code == 0, capsys.readouterr().err


@each_script
def test_it_passes_again_on_the_same_database(script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        words = ["--db", str(tmp_path / "sandbox.db"), "--runs-dir", str(tmp_path / "runs"), "--format", "jsonl"]
        code = main(["run", str(script), *words])
        assert code == 0, capsys.readouterr().err


@each_script
def test_it_fails_when_an_expectation_is_altered(
    script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each `==` in turn becomes `!=`: what stands before it still passes, so the answer is 4 and the place is named."""
    shutil.copytree(FOLDER, tmp_path / "copy")
    text = script.read_text(encoding="utf-8")
    altered = tmp_path / "copy" / script.name
    for found in _EQUAL.finditer(text):
        altered.write_text(f"{text[: found.start()]}{found[1]} != {found[2]}{text[found.end() :]}", encoding="utf-8")
        code = main(["run", str(altered), "--memory", "--format", "jsonl"])
        shown = capsys.readouterr().err
        assert code == 4, shown
        assert f"{script.name}:{text.count(chr(10), 0, found.start()) + 1}:" in shown
        assert "error[E402]: expected " in shown


@each_script
def test_check_finds_nothing_and_the_layout_is_canonical(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(script)]) == 0
    assert "no problem found" in capsys.readouterr().err
    assert main(["fmt", "--check", str(script)]) == 0


def test_the_page_shows_the_scripts_and_their_data() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = dict(re.findall(r"^`([\w.-]+)`:\n\n```\w+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    files = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert shown == files


def test_the_export_holds_what_the_accountants_need(tmp_path: Path) -> None:
    assert main(["run", str(FOLDER / "04-export-balance-transactions.stripe"), "--memory"]) == 0
    head, *rows = (tmp_path / "balance-transactions.csv").read_text(encoding="utf-8").splitlines()
    assert head == "id,created,available_on,type,amount,fee,net,currency,source"
    assert sorted(row.split(",")[3:7] for row in rows) == [
        ["charge", "5000", "175", "4825"],
        ["refund", "-1200", "0", "-1200"],
    ]
