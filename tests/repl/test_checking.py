"""While typing: wrong names are underlined after a pause, and the toolbar has the words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stripe_shell.repl.checking import LONGEST, wrong_words
from stripe_shell.repl.style import style_of
from tests.repl.driver import CTRL_C, Moment, drive
from tests.repl.fakes import session
from tests.repl.terminal import shell


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("create customer emial=a@b.co name=Ann", ["emial"]),
        ("create customer emial=a@b.co phnoe=1 name=Ann", ["emial", "phnoe"]),
        ("/sandbox\naction: create\nentity: customer\nemial: a@b.co\nname: Ann", ["emial"]),
        ("create cusomer email=a@b.co name=Ann", ["cusomer"]),
        ("create customer emial", []),
        ("create custo", []),
        ("crea", []),
        ("cancel subscription 2 ", []),
        ("create price ", []),
        ("create price currency=usd product=${product.id} ", []),
        ("create customer email=a@b.co name=", []),
        ('create customer email=a@b.co name="Ann', []),
        ("@include nowhere.stripe\n", []),
        (f"create customer emial=a@b.co name={'x' * LONGEST}", []),
    ],
)
def test_what_is_wrong_is_found_and_what_is_unfinished_is_not(text: str, wrong: list[str]) -> None:
    found = wrong_words(session()[0], text, len(text))
    assert [each.span.text for each in found if each.span] == wrong


def test_the_word_at_the_cursor_is_left_alone() -> None:
    text = "create customer emial=a@b.co name=Ann"
    assert not wrong_words(session()[0], text, text.index("emial") + 2)


def in_toolbar(words: str) -> Callable[[Moment], bool]:
    return lambda moment: words in moment.toolbar


def test_the_words_stand_in_the_toolbar_after_a_pause_and_go_with_the_next_change(tmp_path: Path) -> None:
    shown: list[str] = []

    def gone(moment: Moment) -> bool:
        shown.append(moment.toolbar)
        return moment.buffer.text.endswith("Anna") and "no such parameter" not in moment.toolbar

    drive(
        tmp_path,
        "create customer emial=a@b.co name=Ann",
        (in_toolbar("no such parameter; email?"), "a"),
        (gone, CTRL_C),
    )
    assert all("no such parameter" not in each for each in shown)


def test_without_colours_it_is_underlined_alone() -> None:
    attributes = style_of("plain", {}).get_attrs_for_style_str("class:wrong")
    assert attributes.underline
    assert not attributes.color


def test_a_wrong_name_is_underlined_on_the_screen(tmp_path: Path) -> None:
    terminal = shell(tmp_path)
    try:
        terminal.wait("sandbox>")
        terminal.type("create customer emial=ann@x.co name=Ann")
        terminal.wait("no such parameter; email?")
        row = next(number for number, line in enumerate(terminal.screen.display) if "emial" in line)
        marked = [column for column, char in terminal.screen.buffer[row].items() if char.underscore]
        start = terminal.screen.display[row].index("emial")
        assert sorted(marked) == list(range(start, start + len("emial")))
        assert "no such parameter" in terminal.screen.display[-1]
        terminal.type("a")
        terminal.wait(lambda text: "name=Anna" in text and "no such parameter" not in text)
        assert not any(char.underscore for char in terminal.screen.buffer[row].values())
    finally:
        terminal.close()
