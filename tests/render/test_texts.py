"""Cards and lists of every kind of object with every kind of text: in golden files, and as a terminal draws them.

`UPDATE_GOLDEN=1 pytest tests/render/test_texts.py` writes them anew; read the diff before you commit it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyte
import pytest

from stripe_shell.render.cards.card import card_lines
from stripe_shell.render.cards.rows import row_table
from stripe_shell.render.cards.values import Display
from stripe_shell.render.cells import text_width

from .record_objects import FILE, NOW
from .test_cards import UNSAFE
from .texts import TEXTS, with_text

GOLDEN = Path(__file__).with_name("golden_cards")
RECORDED: Mapping[str, Any] = json.loads(FILE.read_text())
#: One object of each kind.
KINDS = {body["object"]: body for body in reversed(list(RECORDED.values())) if "object" in body}
#: The texts of the golden cards; lists have a row for each text.
IN_CARDS = ("wide", "hebrew", "control", "long", "null")
#: What terminals draw in different widths, so that no layout is right on all of them; and where pyte draws nothing
#: behind a character without a width that is not a combining one.
UNSETTLED = frozenset({"sequences", "thai", "zero width"})
WIDTHS = (80, 120)


def rows_of_texts(body: Any) -> list[Any]:
    return [with_text(body, text) for text in TEXTS.values()]


def cards(width: int) -> Iterator[str]:
    for kind, body in sorted(KINDS.items()):
        for name in IN_CARDS:
            known = {each["id"]: with_text(each, TEXTS[name]) for each in KINDS.values() if "id" in each}
            display = Display(width, False, NOW, known)
            yield from ("", f"--- {kind}, {name}", *card_lines(with_text(body, TEXTS[name]), display))


def lists(width: int) -> Iterator[str]:
    for kind, body in sorted(KINDS.items()):
        yield from ("", f"--- {kind}", *row_table(rows_of_texts(body), Display(width, False, NOW, {})).lines)


def test_there_are_thirty_kinds_and_every_text() -> None:
    assert len(KINDS) >= 30
    assert len(TEXTS) >= 12


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("drawn", [cards, lists])
def test_golden(drawn: Any, width: int) -> None:
    file = GOLDEN / f"texts-{drawn.__name__}-{width}.txt"
    text = "\n".join(drawn(width)) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", (20, 40, 60, *WIDTHS))
def test_nothing_is_wider_than_the_terminal_or_drives_it(width: int) -> None:
    for line in (*cards(width), *lists(width)):
        assert text_width(line) <= width or not line.strip() or line.startswith("--- "), line
        assert not UNSAFE.search(line), line


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_stand_below_each_other_on_a_terminal(width: int) -> None:
    for kind, body in KINDS.items():
        rows = [with_text(body, text) for name, text in TEXTS.items() if name not in UNSETTLED]
        header, *lines = row_table(rows, Display(width, False, NOW, {})).lines
        if header.split()[-1:] != ["created"]:
            continue
        column = header.rindex("created")
        screen = pyte.Screen(width, len(lines))
        stream = pyte.Stream(screen)
        for number, line in enumerate(lines, 1):
            stream.feed(f"\x1b[{number};1H{line}")
        for number in range(len(lines)):
            row = [screen.buffer[number][at].data for at in range(width)]
            assert row[column - 1] == " ", (kind, screen.display[number])
            assert row[column].isdigit(), (kind, screen.display[number])
