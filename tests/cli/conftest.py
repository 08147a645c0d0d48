"""The command line in a world of its own: no key, no settings, a home that is empty."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stripe_shell.cli import main
from stripe_shell.records import record

TEST_KEY = "sk_test_51Abcdefghijklmnopqrstuvwx"
LIVE_KEY = "sk_live_51Abcdefghijklmnopqrstuvwx"

#: A page whose response differs from what the sandbox answers.
PAGE = """\
/your-stripe-connection
action: create
entity: customer
email: a@b.co
name: Ann
Response:
{"id": "cus_1234567890", "name": "Bob"}
"""


@record
class Result:
    """What a command said and answered."""

    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and the folder that commands run in."""
    for name in [name for name in os.environ if name.startswith(("STRIPE_", "XDG_", "PINKCONNECT", "PARAGON"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stripe_shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command line in this process; `stdin` is what it reads."""

    def run(*words: str, stdin: str | bytes = "") -> Result:
        content = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return run


def spawn(
    *words: str, stdin: bytes = b"", python: tuple[str, ...] = ("-m", "stripe_shell")
) -> subprocess.CompletedProcess[bytes]:
    """Run it as a process of its own."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, *python, *words]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment, timeout=60, check=False)
