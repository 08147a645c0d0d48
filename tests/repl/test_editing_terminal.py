"""Editing in a real terminal of several sizes: Enter, the arrows, the menu, small windows."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repl.terminal import CTRL_D, DOWN, ENTER, ESCAPE, TAB, Terminal, shell

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]
LEFT, UP, HOME, META_ENTER = "\x1b[D", "\x1b[A", "\x01", "\x1b\r"
CREATE = "create customer email=a@b.co name=Ann"
BLOCK = f"/sandbox{ENTER}action: create{ENTER}entity: customer{ENTER}"

each_size = pytest.mark.parametrize(("columns", "lines"), SIZES)


@contextmanager
def opened(
    home: Path, columns: int = 80, lines: int = 24, environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    terminal = shell(home, columns=columns, lines=lines, environment=environment)
    try:
        terminal.wait("sandbox>")
        yield terminal
    finally:
        terminal.close()


def visible(terminal: Terminal) -> list[str]:
    """The rows of the window alone."""
    return [line.rstrip() for line in terminal.screen.display]


def written(text: str) -> Callable[[str], bool]:
    """The last prompt stands before this text."""
    return lambda screen: screen.rpartition("sandbox>")[2].split("\n")[0].strip() == text


@each_size
def test_enter_in_the_middle_of_a_line_runs_it(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(CREATE + LEFT * 5)
        terminal.wait(lambda _: terminal.screen.cursor.x == len(f"sandbox> {CREATE}") - 5)
        terminal.run("", "req_")


@each_size
def test_up_in_a_block_with_an_open_menu_moves_the_cursor(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(f"{BLOCK}em")
        terminal.wait(lambda text: "… em" in text and "string" in text)
        terminal.type(UP)
        terminal.wait(lambda text: "string" not in text)
        terminal.type("X")
        terminal.wait("… enXtity: customer")
        assert "… em" in terminal.text
        assert "email:" not in terminal.text


@each_size
def test_up_on_a_word_brings_what_began_with_it(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.run("@format json")
        terminal.run("@let x = 1")
        terminal.type("@fo")
        terminal.wait("@format")
        terminal.type(UP)
        terminal.wait(written("@format json"))
        terminal.type(DOWN)
        terminal.wait(written("@fo"))


@each_size
def test_esc_closes_the_menu_and_puts_the_text_back(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("@fo")
        terminal.wait("@format")
        terminal.type(TAB)
        terminal.wait(written("@format"))
        terminal.type(ESCAPE)
        terminal.wait(lambda text: written("@fo")(text) and "@format" not in text)


@each_size
def test_alt_enter_begins_a_line(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(CREATE + META_ENTER)
        terminal.wait(lambda text: any(line.strip() == "…" for line in text.split("\n")))
        assert "req_" not in terminal.text
        terminal.type(ENTER)
        terminal.wait("req_")


@each_size
def test_an_empty_line_of_a_block_opens_no_menu(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(BLOCK)
        terminal.wait(lambda text: any(line.strip() == "…" for line in text.split("\n")))
        assert "email*" not in terminal.text
        terminal.type("em")
        terminal.wait("email*")


# --- history --------------------------------------------------------------------------------------------


@each_size
def test_a_card_number_comes_back_and_is_not_kept(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.run("@let card = 4242 4242 4242 4242")
        terminal.type(UP)
        terminal.wait(written("@let card = 4242 4242 4242 4242"))
        terminal.drop()
        terminal.type(CTRL_D)
        assert terminal.wait_end() == 0
    path = tmp_path / "state" / "stripe-shell" / "history"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "4242" not in path.read_text()
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(UP)
        terminal.wait(written("@let card = ********"))


@each_size
def test_search_ignores_case_and_says_when_nothing_is_found(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.run("@let who = Ann")
        terminal.type("\x12ann")
        terminal.wait(written("@let who = Ann"))
        terminal.type("x")
        terminal.wait("nothing found for `annx`")
        terminal.type(ESCAPE)
        terminal.wait(lambda text: "nothing found" not in text and written("")(text))


# --- the editor, and pasting ----------------------------------------------------------------------------


@each_size
def test_the_editor_opens_what_is_being_written(tmp_path: Path, columns: int, lines: int) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/Ann/Bob/ "$1"\n')
    editor.chmod(0o755)
    with opened(tmp_path, columns, lines, {"EDITOR": str(editor)}) as terminal:
        terminal.type("@let who = Ann\x18\x05")
        terminal.wait(written("@let who = Bob"))
        terminal.run("")


@each_size
def test_pasted_text_neither_runs_nor_opens_a_menu(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.paste("@let a = 1\r\n@let b = 2\r\ncreate cust")
        terminal.wait(lambda text: "create cust" in text.rpartition("sandbox>")[2])
        assert "customer" not in terminal.text.rpartition("sandbox>")[2], "no menu is open"
        assert terminal.text.count("sandbox>") == 1
        terminal.drop()
        terminal.run("@vars")


# --- what can be taken back -----------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "lines"), SIZES[:3])
def test_an_account_is_taken_back(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.run("@account acct_1")
        terminal.wait(lambda _: "acct_1" in visible(terminal)[-1])
        terminal.run("@account none")
        terminal.wait(lambda _: "sandbox" in visible(terminal)[-1] and "acct_1" not in visible(terminal)[-1])
        terminal.enter("@help @account")
        terminal.wait("none: as the")


# --- small windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "lines"), [(80, 8), (80, 4), (20, 24), (20, 4), (80, 2), (80, 1)])
def test_a_small_window_shows_a_prompt_that_works(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("@fo")
        terminal.wait(written("@fo"))
        terminal.type(TAB)
        terminal.wait(written("@format"))
        assert "too small" not in terminal.text
        terminal.drop()
        terminal.type(CTRL_D)
        assert terminal.wait_end() == 0


@pytest.mark.parametrize("typed", ["@fo", f"{BLOCK}em"])
def test_a_window_that_changes_shows_the_text_still(tmp_path: Path, typed: str) -> None:
    end = typed.rpartition(ENTER)[2]
    with opened(tmp_path) as terminal:
        terminal.type(typed)
        terminal.wait(lambda _: any(line.endswith(end) for line in visible(terminal)))
        for columns, lines in [(40, 8), (20, 4), (100, 6), (120, 40)]:
            terminal.resize(columns, lines)
            terminal.screen.reset()
            terminal.wait(lambda _: any(line.endswith(end) for line in visible(terminal)))
        assert "too small" not in terminal.text
        terminal.drop()


def test_a_window_that_changes_during_a_call_does_no_harm(tmp_path: Path) -> None:
    fifo = tmp_path / "answer"
    os.mkfifo(fifo)
    terminal = Terminal([sys.executable, str(Path(__file__).with_name("slow_shell.py")), str(fifo)], tmp_path)
    try:
        terminal.wait("sandbox>")
        terminal.enter("list customers")
        with fifo.open("w"):  # opens once the request is under way, and ends it when it closes
            terminal.resize(40, 6)
        terminal.wait(lambda text: "cus_1" in text and written("")(text))
        terminal.type("@fo")
        terminal.wait(written("@fo"))
        assert "too small" not in terminal.text
        terminal.drop()
        terminal.type(CTRL_D)
        assert terminal.wait_end() == 0
    finally:
        terminal.close()
