"""What is generated is up to date, and what is documented runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stripe_shell.cli import main

ROOT = Path(__file__).parents[1]


def test_completions_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/generate_completions.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["stripe-shell", "repl"], {"replay"}),
        (["stripe-shell", "--format", "js"], {"json", "jsonl"}),
        (["stripe-shell", "create", "custom"], {"customer"}),
        (["stripe-shell", "finalize_invoice", ""], {"invoice"}),
    ],
)
def test_bash_completes(words: list[str], expected: set[str]) -> None:
    line = " ".join(words)
    script = (
        f"source completions/stripe-shell.bash; COMP_WORDS=({' '.join(repr(word) for word in words)}); "
        f"COMP_CWORD={len(words) - 1}; COMP_LINE={line!r}; COMP_POINT={len(line)}; _stripe_shell; "
        "printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert expected <= set(done.stdout.split())
    assert all(word.startswith(words[-1]) for word in done.stdout.split())


def _isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HOME", str(home))
    for name in ("STRIPE_API_KEY", "STRIPE_API_BASE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_the_page_of_documented_commands_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _isolate(monkeypatch, tmp_path)
    code = main(["replay", "docs/commands.md"])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    assert "error[" not in shown.err
    assert "12 of 12 examples" in shown.out


@pytest.mark.parametrize("script", sorted((ROOT / "scripts" / "examples").glob("*.stripe")), ids=lambda path: path.name)
def test_example_scripts_run_twice_on_one_database(
    script: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _isolate(monkeypatch, tmp_path)
    for _ in range(2):
        code = main(
            [
                "run",
                str(script),
                "--db",
                str(tmp_path / "s.db"),
                "--runs-dir",
                str(tmp_path / "runs"),
                "--format",
                "json",
            ]
        )
        assert code == 0, capsys.readouterr().err
