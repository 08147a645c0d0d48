"""What a command imports: each pays for what it uses, so that starting it takes no time."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import spawn

PROGRAM = """
import sys
from stripe_shell.cli import main
code = main(sys.argv[1:])
sys.stderr.write("\\nMODULES " + " ".join(sorted(sys.modules)) + "\\n")
raise SystemExit(code)
"""

HEAVY = {"requests", "urllib3", "pydantic", "prompt_toolkit", "rich", "argparse", "asyncio", "email", "http", "logging"}
HEAVY |= {"inspect", "dataclasses", "tomllib", "pygments", "typing_extensions", "unittest"}

SCRIPT = "/sandbox create customer email=a@b.co name=A\n@as c\n\n/sandbox get customer id=${c.id}\n@expect name == A\n"


def modules_of(*words: str, code: int = 0, stdin: str = "") -> set[str]:
    done = spawn(*words, stdin=stdin.encode(), python=("-c", PROGRAM))
    assert done.returncode == code, done.stderr.decode()
    return set(done.stderr.decode().rpartition("MODULES ")[2].split())


def test_version_imports_next_to_nothing() -> None:
    modules = modules_of("--version")
    assert modules & HEAVY == set()
    ours = {name for name in modules if name.startswith("stripe_shell")}
    assert ours == {"stripe_shell", "stripe_shell.cli"}
    assert modules.isdisjoint({"json", "re", "decimal", "pathlib", "sqlite3"})


@pytest.mark.parametrize(
    "words",
    [["check", "a.stripe"], ["run", "--dry-run", "a.stripe"], ["fmt", "--check", "a.stripe"], ["spec", "customer"]],
)
def test_what_sends_nothing_imports_nothing_that_sends(words: list[str], home: Path) -> None:
    (home / "a.stripe").write_text("/sandbox\naction: create\nentity: customer\nemail: a@b.co\nname: A\n")
    modules = modules_of(*words)
    assert modules & HEAVY == set()
    assert modules.isdisjoint({"sqlite3", "ssl", "socket", "urllib.request"})
    assert not any(name.startswith(("stripe_shell.sandbox.", "stripe_shell.transports")) for name in modules)


def test_a_run_on_the_sandbox_imports_nothing_for_the_network(home: Path) -> None:
    modules = modules_of("--memory", "--format", "json", stdin=SCRIPT)
    assert modules.isdisjoint({"requests", "urllib3", "pydantic", "prompt_toolkit", "rich", "argparse"})


GARBAGE = """
import gc, sys
from stripe_shell.cli import dispatch, main
inside = []
carry_out = dispatch.dispatch
dispatch.dispatch = lambda words: (carry_out(words), inside.append(gc.isenabled()))[0]
words = sys.argv[2:]
sys.argv = ["stripe-shell", *words]
main(None if {alone} else words)
sys.stderr.write(f"\\nGARBAGE {{inside[0]}}\\n")
"""


@pytest.mark.parametrize(
    ("alone", "words", "searched"),
    [
        (True, ["check", "a.stripe"], False),
        (True, ["run", "--memory", "a.stripe"], True),
        (False, ["check", "a.stripe"], True),
    ],
)
def test_garbage_is_searched_for_once_something_runs(alone: bool, words: list[str], searched: bool, home: Path) -> None:
    """A program of somebody else's that calls `main` keeps its garbage collector as it is."""
    (home / "a.stripe").write_text(SCRIPT)
    done = spawn("--", *words, python=("-c", GARBAGE.format(alone=alone)))
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr.decode().rpartition("GARBAGE ")[2].strip() == str(searched)
