"""Where a block goes, what stands under a line with a mistake, and dumb terminals: as the screen shows them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_shell.wire import Request, Response
from tests.repl.remote import LIVE_KEY, Remote, at_prompt, echo, listening, remote_shell, respond
from tests.repl.terminal import CTRL_C, ENTER, TAB, Terminal, shell

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]


@pytest.fixture
def remote() -> Iterator[Remote]:
    with listening() as server:
        yield server


@pytest.mark.parametrize("size", SIZES)
def test_the_label_follows_the_header_of_the_block(tmp_path: Path, remote: Remote, size: tuple[int, int]) -> None:
    with remote_shell(tmp_path, remote, "--memory", "--connection", "sandbox", key=LIVE_KEY, size=size) as terminal:
        terminal.type(f"/stripe{ENTER}action: list")
        terminal.wait(lambda text: f"LIVE stripe via {remote.host} > /stripe" in text and "… action: list" in text)
        row = next(number for number, line in enumerate(terminal.screen.display) if "LIVE stripe via" in line)
        column = terminal.screen.display[row].index("LIVE")
        assert terminal.screen.buffer[row][column].bg == "red"
        assert "sandbox>" not in terminal.text
        terminal.type(CTRL_C)
        terminal.wait(lambda text: text.rstrip("\n").count("sandbox>") == 1)


@pytest.mark.parametrize("size", SIZES)
def test_the_account_stands_in_the_prompt_once_it_is_known(
    tmp_path: Path, remote: Remote, size: tuple[int, int]
) -> None:
    def answer(request: Request) -> Response:
        account = {"id": "acct_1AbcDef9x2f", "object": "account", "settings": {"dashboard": {"display_name": "Acme"}}}
        return respond(account) if request.path == "/v1/account" else echo(request)

    remote.answer = answer
    with remote_shell(tmp_path, remote, size=size) as terminal:
        assert f"via {remote.host}" in terminal.text
        assert "key from the environment variable STRIPE_API" in " ".join(terminal.text.split())
        terminal.type(f"/stripe{ENTER}action: get{ENTER}entity: /v1/account{ENTER}{ENTER}")
        terminal.wait(lambda text: re.search(rf"^stripe (Acme )?…9x2f via {remote.host}>$", text, re.M) is not None)


@pytest.mark.parametrize("size", SIZES)
def test_an_error_stands_under_its_line_which_stands_corrected(tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = shell(tmp_path, columns=size[0], lines=size[1])
    try:
        terminal.wait(at_prompt)
        terminal.enter("create customer emial=ann@x.co name=Ann")
        terminal.wait(
            lambda text: re.search(r"^sandbox> create customer email=ann@x.co name=Ann$", text, re.M) is not None
        )
        shown = terminal.lines
        wrong = next(number for number, line in enumerate(shown) if "emial" in line)
        assert shown[wrong + 1].index("^^^^^ no such parameter; email?") == shown[wrong].index("emial")
        assert "Tab puts it right" in terminal.text
        assert terminal.screen.cursor.x == len("sandbox> create customer email")
        terminal.type("\t")
        terminal.wait(lambda _: terminal.screen.cursor.x == len("sandbox> create customer email=ann@x.co name=Ann"))
        terminal.type(CTRL_C)
        terminal.wait(at_prompt)
    finally:
        terminal.close()


@pytest.mark.parametrize("size", SIZES)
def test_of_a_wide_line_the_surroundings_are_shown(tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = shell(tmp_path, columns=size[0], lines=size[1])
    try:
        terminal.wait(at_prompt)
        terminal.paste(f"create customer email=a@b.co name=Ann description={'x' * 150} phnoe=1 metadata.a={'y' * 150}")
        terminal.wait("yyy")
        terminal.type(ENTER)
        terminal.wait("no such parameter; phone?")
        shown = terminal.lines
        carets = next(number for number, line in enumerate(shown) if "^^^^^" in line)
        assert shown[carets].index("^") == shown[carets - 1].index("phnoe")
        assert shown[carets - 1].count("…") == 2
        assert all(len(line) <= size[0] for line in shown)
    finally:
        terminal.close()


def test_a_dumb_terminal_has_no_menu_and_writes_nothing_unseen(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stripe_shell", "--memory"]
    terminal = Terminal(command, tmp_path, environment={"TERM": "dumb"})
    try:
        terminal.wait("sandbox>")
        assert terminal.reads, "Ctrl-C is a key as soon as the label is shown"
        terminal.type("create cust")
        terminal.wait("create cust")
        terminal.type(TAB + TAB)
        terminal.enter("omer email=a@b.co name=Ann")
        terminal.wait("✓ create customer")
        assert "\x1b[3" not in terminal.text
    finally:
        terminal.close()
