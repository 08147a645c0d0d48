"""Snapshots in a real terminal: their names are offered, also those that another session took on the same file."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.repl.sandboxed import Sandboxed
from tests.repl.terminal import ENTER, TAB, Terminal


def test_the_snapshots_of_the_file_are_offered(tmp_path: Path) -> None:
    database = tmp_path / "mine.db"
    other = Sandboxed(tmp_path, str(database))
    other.type("create customer email=a@b.co name=Ann")
    other.type("@snapshot seeded")
    command = [sys.executable, "-m", "stripe_shell", "--db", str(database)]
    terminal = Terminal(command, tmp_path)
    try:
        terminal.wait("sandbox>")
        terminal.type("@rollback ")
        terminal.wait(lambda text: "seeded" in text and "2 objects" in text)
        terminal.type(f"{TAB}{ENTER}{ENTER}")
        terminal.wait("back at `seeded`")
    finally:
        terminal.close()
