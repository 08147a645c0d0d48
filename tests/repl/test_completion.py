"""What a person sees of completion: the program in a real pseudo-terminal, in windows of four sizes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repl.terminal import CTRL_C, ENTER, TAB, Terminal, shell

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]
LEFT = "\x1b[D"

each_size = pytest.mark.parametrize(("columns", "lines"), SIZES)


@contextmanager
def opened(home: Path, columns: int = 80, lines: int = 24) -> Iterator[Terminal]:
    terminal = shell(home, columns=columns, lines=lines)
    try:
        terminal.wait("sandbox>")
        yield terminal
    finally:
        terminal.close()


def visible(terminal: Terminal) -> str:
    """The screen alone, without what has scrolled away."""
    return "\n".join(line.rstrip() for line in terminal.screen.display)


def wait_screen(terminal: Terminal, *wanted: str, without: str = "\0") -> str:
    """Waits until all these texts are on the screen, and one is not."""
    terminal.wait(lambda _: all(text in visible(terminal) for text in wanted) and without not in visible(terminal))
    return visible(terminal)


def is_bold(terminal: Terminal, word: str) -> bool:
    """Whether the word is drawn bold where it stands in the menu: in the last line that has it."""
    rows = [row for row, line in enumerate(terminal.screen.display) if word in line]
    column = terminal.screen.display[rows[-1]].index(word)
    return all(terminal.screen.buffer[rows[-1]][column + at].bold for at in range(len(word)))


@each_size
def test_required_fields_are_bold_with_a_star(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("create price ")
        wait_screen(terminal, "currency*", "three letters: usd")
        assert is_bold(terminal, "currency*")
        assert not is_bold(terminal, "three letters")


@each_size
def test_an_optional_field_is_not_bold(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("create customer descr")
        wait_screen(terminal, "description", "your own words")
        assert not is_bold(terminal, "your own words")
        row = next(line for line in terminal.screen.display if "your own words" in line)
        assert "description " in row
        assert not is_bold(terminal, row.split()[0])


@each_size
def test_in_the_middle_of_a_word_its_rest_is_replaced(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(f"list customers limit=5{LEFT * 14}")
        terminal.type(TAB)
        wait_screen(terminal, "customer.bank_accounts")
        terminal.type(TAB + TAB)
        wait_screen(terminal, "list customer.balance_transactions limit=5")


def test_tab_writes_the_only_item_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.type(f"create customer phon{LEFT}{LEFT}{TAB}")
        wait_screen(terminal, "create customer phone=")
        terminal.type(CTRL_C)


def test_what_has_its_letters_alone_is_no_action(tmp_path: Path) -> None:
    """`ct` has two letters of `create` in order."""
    with opened(tmp_path) as terminal:
        terminal.type(f"ct{TAB}x{ENTER}")
        shown = terminal.wait("E205")
        assert "create " not in shown.split("ctx")[0]
