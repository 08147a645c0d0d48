"""What is prepared for the first Enter while the prompt waits."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from stripe_shell.connections import Connection, load_connections
from stripe_shell.errors import ConfigurationError
from stripe_shell.repl.prompt import Prompt
from stripe_shell.repl.warming import run_unseen, warm_up
from stripe_shell.wire import Request


def connection(home: Path, name: str = "sandbox", **environ: str) -> Connection:
    found = load_connections({"HOME": str(home), **environ}, database=str(home / "sandbox.db")).get(name)
    assert found is not None
    return found


def test_a_call_runs_on_a_sandbox_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_never_used")
    shown = run_unseen("create customer email=ann@example.com name=Ann")
    assert "ann@example.com" in shown
    assert "✓ create customer" in shown
    assert "create customer" not in run_unseen("list customers")  # the one before is gone
    assert list(tmp_path.iterdir()) == []


def test_the_first_call_imports_nothing_then(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "import stripe_shell.repl.commands as commands\n"
        "commands.commands()\n"
        "from tests.repl.sandboxed import Sandboxed\n"
        "session = Sandboxed(Path(sys.argv[1]), sys.argv[1] + '/sandbox.db')\n"
        "from stripe_shell.repl.warming import warm_up\n"
        "warm_up(session.state.connection)\n"
        "before = set(sys.modules)\n"
        "assert 'cus_' in session.type('create customer email=a@b.co name=Ann')\n"
        "off_a_terminal = {'stripe_shell.render.summary'}\n"
        "print(sorted(set(sys.modules) - before - off_a_terminal))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_file_that_is_there_is_opened(tmp_path: Path) -> None:
    connection(tmp_path).send(Request("POST", "/v1/customers"))
    early = connection(tmp_path)
    warm_up(early)
    (tmp_path / "sandbox.db").rename(tmp_path / "moved.db")
    assert early.send(Request("GET", "/v1/customers")).ok
    assert not (tmp_path / "sandbox.db").exists()


def test_no_file_is_made(tmp_path: Path) -> None:
    warm_up(connection(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_first_request_reports_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "sandbox.db").write_text("not a database, but long enough to be read as the head of one" * 9)
    early = connection(tmp_path)
    warm_up(early)
    with pytest.raises(ConfigurationError):
        early.send(Request("GET", "/v1/customers"))


def test_nothing_is_sent_to_stripe(tmp_path: Path) -> None:
    warm_up(connection(tmp_path, "stripe", STRIPE_API_KEY="sk_test_123", STRIPE_SHELL_API_BASE="http://127.0.0.1:9"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fails", [False, True])
def test_the_thread_that_prepares_makes_room_for_keys(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    """The calls alone are looked at, as threads of other tests may be preparing at the same time."""
    did: list[float | str] = []

    def load(_: Prompt) -> None:
        did.append("loaded")
        if fails:
            raise ImportError("nothing")

    monkeypatch.setattr(Prompt, "_import_the_rest", load)
    monkeypatch.setattr(sys, "getswitchinterval", lambda: 0.005)
    monkeypatch.setattr(sys, "setswitchinterval", did.append)
    with suppress(ImportError):
        object.__new__(Prompt)._load()
    assert did == [did[0], "loaded", 0.005]
    assert float(did[0]) < 0.0025
