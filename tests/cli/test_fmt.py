"""`fmt` from end to end: it, its `--check` and its `--diff` always agree; and the hooks for pre-commit."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse

from .conftest import Command

ROOT = Path(__file__).parents[2]
LOOSE = "/sandbox\n  action:   create\nentity: customer\r\n@as: c"
TIGHT = "/sandbox list customers\n"
CORPUS = sorted((ROOT / "tests" / "lang" / "ok").glob("*.stripe"))


def texts() -> list[str]:
    return [LOOSE, TIGHT, "", "\n\n", "# x", *(path.read_bytes().decode() for path in CORPUS)]


@pytest.mark.parametrize("number", range(len(texts())))
def test_fmt_check_and_diff_agree(number: int, stripe_shell: Command, home: Path) -> None:
    text = texts()[number]
    script, problems = parse(SourceText("a.stripe", text))
    if has_errors(problems):
        pytest.skip("not a script")
    wanted = format_script(script)
    file = home / "a.stripe"
    file.write_bytes(text.encode())
    changes = wanted != text
    assert stripe_shell("fmt", "--check", "a.stripe").code == (4 if changes else 0)
    diff = stripe_shell("fmt", "--diff", "a.stripe")
    assert diff.code == 0
    assert bool(diff.out) == changes
    assert file.read_bytes().decode() == text, "neither writes"
    assert stripe_shell("fmt", "a.stripe").code == 0
    assert file.read_bytes().decode() == wanted
    assert stripe_shell("fmt", "--check", "--diff", "a.stripe").code == 0


def test_the_diff_can_be_applied(stripe_shell: Command, home: Path) -> None:
    if shutil.which("patch") is None:
        pytest.skip("patch is not installed")
    for number, text in enumerate(texts()):
        file = home / f"{number}.stripe"
        file.write_bytes(text.encode())
        diff = stripe_shell("fmt", "--diff", file.name)
        # A secret is masked in what is shown, and a byte order mark is not part of the text.
        if diff.code or not diff.out or "@secret" in text or text.startswith("\ufeff"):
            continue
        subprocess.run(["patch", "--binary", "-s", file.name], input=diff.out, text=True, check=True, cwd=home)
        assert stripe_shell("fmt", "--check", file.name).code == 0


# --- pre-commit --------------------------------------------------------------------------------------------------


def hooks() -> dict[str, dict[str, str]]:
    found = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return {hook["id"]: hook for hook in found}


def test_the_hooks_are_complete() -> None:
    assert set(hooks()) == {"stripe-shell-fmt", "stripe-shell-check"}
    for hook in hooks().values():
        assert {"id", "name", "description", "entry", "language", "files"} <= set(hook)
        assert hook["language"] == "python"
        assert hook["files"] == r"\.stripe$"


def test_the_hook_for_fmt_changes_what_is_not_canonical(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_bytes(LOOSE.encode())
    (home / "b.stripe").write_text(TIGHT)
    program, *words = shlex.split(hooks()["stripe-shell-fmt"]["entry"])
    assert program == "stripe-shell"
    assert stripe_shell(*words, "a.stripe", "b.stripe").code == 0
    assert stripe_shell(*words, "--check", "a.stripe", "b.stripe").code == 0


def test_the_hook_for_check_fails_where_something_is_wrong(stripe_shell: Command, home: Path) -> None:
    (home / "a.stripe").write_text("/sandbox create customer emial=a@b.co name=A\n")
    (home / "b.stripe").write_text(TIGHT)
    _, *words = shlex.split(hooks()["stripe-shell-check"]["entry"])
    assert stripe_shell(*words, "b.stripe").code == 0
    result = stripe_shell(*words, "a.stripe", "b.stripe")
    assert result.code == 2
    assert "error[E201]" in result.err
