"""The question of a live run on a terminal: only the number of writes, typed after it, sends anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stripe_shell.cli.planning import is_count
from tests.repl.remote import LIVE_KEY, Remote, listening
from tests.repl.terminal import CTRL_C, CTRL_D, ENTER, Terminal, unfolded

QUESTION = "Type their number to send them"
LOOP = '@foreach row in "rows.csv" key=n\n/stripe create product name=p${row.n}\n@end\n'


@pytest.fixture
def remote() -> Iterator[Remote]:
    with listening() as remote:
        yield remote


@contextmanager
def live_run(home: Path, remote: Remote, *words: str, rows: int = 2, script: str = LOOP) -> Iterator[Terminal]:
    """A run of a script in live mode, in a terminal."""
    (home / "rows.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(rows)))
    (home / "live.stripe").write_text(script)
    command = [sys.executable, "-m", "stripe_shell", "run", *(words or ("live.stripe",)), "--live"]
    environment = {"STRIPE_API_KEY": LIVE_KEY, "STRIPE_API_BASE": remote.url}
    terminal = Terminal(command, home, columns=100, environment=environment)
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("rows", "typed", "sent"),
    [
        (2, "2", True), (2, " 2 ", True), (2, "1", False), (2, "3", False), (2, "", False), (2, "yes", False),
        (2, "2 writes", False), (2, "02", False), (2, "²", False),
        (12, "1,2", False), (12, "1_2", False),
    ],
)  # fmt: skip
def test_the_number_of_writes_sends_them(tmp_path: Path, remote: Remote, rows: int, typed: str, sent: bool) -> None:
    with live_run(tmp_path, remote, rows=rows) as terminal:
        terminal.wait(lambda text: QUESTION in unfolded(text))
        assert remote.writes == []
        terminal.type(f"{typed}{ENTER}")
        assert terminal.wait_end() == (0 if sent else 2)
        assert len(remote.writes) == (rows if sent else 0)
        assert ("not confirmed. Nothing was written." in unfolded(terminal.text)) == (not sent)


@pytest.mark.parametrize(
    ("answer", "count", "same"),
    [
        ("1234", 1_234, True), ("1,234\n", 1_234, True), ("1_234", 1_234, True), ("1234567", 1_234_567, True),
        ("1,234,567", 1_234_567, True), ("12,34", 1_234, False), ("1.234", 1_234, False), ("1 234", 1_234, False),
        ("1,234,567", 1_234, False), ("+1234", 1_234, False), ("", 0, False), ("0", 0, True),
    ],
)  # fmt: skip
def test_the_number_may_have_separators_of_thousands(answer: str, count: int, same: bool) -> None:
    assert is_count(answer, count) == same


@pytest.mark.parametrize(("key", "code"), [(CTRL_C, 130), (CTRL_D, 2)])
def test_keys_that_leave_send_nothing(tmp_path: Path, remote: Remote, key: str, code: int) -> None:
    with live_run(tmp_path, remote) as terminal:
        terminal.wait(lambda text: QUESTION in unfolded(text))
        terminal.type(key)
        assert terminal.wait_end() == code
        assert remote.writes == []
        assert terminal.restored
        assert "Traceback" not in terminal.text


@pytest.mark.parametrize("early", [f"2{ENTER}", "2", f"2{ENTER}2{ENTER}"])
def test_what_is_typed_before_the_question_is_no_answer(tmp_path: Path, remote: Remote, early: str) -> None:
    with live_run(tmp_path, remote) as terminal:
        terminal.type(early)
        terminal.wait(lambda text: QUESTION in unfolded(text))
        terminal.type(ENTER)
        assert terminal.wait_end() == 2
        assert remote.writes == []


def test_an_answer_pasted_with_the_script_is_none(tmp_path: Path, remote: Remote) -> None:
    pasted = "/stripe create product name=A\n"
    with live_run(tmp_path, remote, "-") as terminal:
        terminal.type(f"{pasted}{CTRL_D}1{ENTER}")
        terminal.wait(lambda text: QUESTION in unfolded(text))
        terminal.type(ENTER)
        assert terminal.wait_end() == 2
        assert remote.writes == []
