"""The completion menu as a table: menus.txt, row by row."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_shell.records import record
from stripe_shell.suggest.known import IdScope
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources
from tests.suggest.world import CUSTOMERS, LIVE, SANDBOX, TEST, make_files, offers, sources

TABLE = Path(__file__).with_name("menus.txt")
PAGE = Path(__file__).parents[2] / "docs" / "prompt.md"
PLACES = {"sandbox": SANDBOX, "test": TEST, "live": LIVE, "unknown": IdScope("sandbox", "unknown")}

#: How many items a row shows of a longer menu.
_SHOWN = 6
_ITEM = re.compile(r"(?P<name>.*?)(?: «(?P<note>.*?)»)?(?:, |$)")


@record
class MenuRow:
    """A text with its cursor at `|`, where it goes, and the items of its menu: all, or the first ones."""

    line: int
    text: str
    place: str
    items: tuple[tuple[str, str], ...]
    whole: bool


def around(place: str) -> SuggestionSources:
    """What is offered from where a row says that it goes; `list`: behind a list of the sandbox."""
    if place == "list":
        return sources(names={"last": {"object": "list", "data": CUSTOMERS}})
    return sources(PLACES[place])


def read_rows(text: str) -> Iterator[MenuRow]:
    """The rows of the table."""
    above, place = "", "sandbox"
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("## "):
            above, place = "", "sandbox"
        elif line.startswith("in: "):
            above = line.removeprefix("in: ").replace("⏎", "\n")
        elif line.startswith("at: "):
            place = line.removeprefix("at: ")
        elif line and not line.startswith("# "):
            typed, _, shown = line.partition(" ⇒ ")
            yield _row(number, above + typed.rstrip().replace("⏎", "\n"), place, shown.strip())


def _row(number: int, text: str, place: str, shown: str) -> MenuRow:
    listed = "" if shown == "nothing" else shown.removesuffix("…").removesuffix(", ").rstrip()
    items = tuple((match["name"], match["note"] or "") for match in _ITEM.finditer(listed) if match[0])
    return MenuRow(number, text, place, items, whole=not shown.endswith("…"))


def shown_name(suggestion: Suggestion) -> str:
    """The name of an item as the menu shows it."""
    return f"{suggestion.display}*" if suggestion.required else suggestion.display


ROWS = list(read_rows(TABLE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.line}: {row.text[-40:]!r}" for row in ROWS])
def test_row(row: MenuRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = offers(row.text, around(row.place))
    names = [shown_name(suggestion) for suggestion in found]
    assert names[: None if row.whole else len(row.items)] == [name for name, _ in row.items]
    for suggestion, (_, note) in zip(found, row.items, strict=False):
        assert suggestion.meta.startswith(note)


_FENCED = re.compile(r"^```menu\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_menus_of_the_page_are_so() -> None:
    shown = 0
    for example in _FENCED.findall(PAGE.read_text(encoding="utf-8")):
        for part in example.split("sandbox> ")[1:]:
            typed, *items = part.rstrip("\n").split("\n")
            found = [f"{shown_name(each)} {each.meta}".strip() for each in offers(f"{typed}|", sources())]
            assert [" ".join(item.split()) for item in items] == found[: len(items)]
            shown += 1
    assert shown >= 6


def test_the_table_is_long_and_every_row_says_what_is_offered() -> None:
    lines = [
        line for line in TABLE.read_text(encoding="utf-8").split("\n") if "|" in line and not line.startswith("# The")
    ]
    assert all(" ⇒ " in line for line in lines if not line.startswith("#"))
    assert len(ROWS) >= 300


def holds(row: MenuRow) -> bool:
    """Whether the menu is as the row says."""
    found = offers(row.text, around(row.place))
    names = [shown_name(suggestion) for suggestion in found]
    notes = all(each.meta.startswith(note) for each, (_, note) in zip(found, row.items, strict=False))
    return notes and names[: None if row.whole else len(row.items)] == [name for name, _ in row.items]


def filled(text: str, folder: Path) -> str:
    """The table with the rows that do not hold as the program has them now, for a person to look at."""
    make_files(folder)
    os.chdir(folder)
    rows = {row.line: row for row in read_rows(text)}
    lines = text.split("\n")
    for number, row in rows.items():
        if " ⇒ " in lines[number - 1] and holds(row):
            continue
        found = offers(row.text, around(row.place))
        names = [shown_name(each) for each in found[:_SHOWN]]
        more = ", …" if len(found) > _SHOWN else ""
        typed = lines[number - 1].partition(" ⇒ ")[0].rstrip()
        lines[number - 1] = f"{typed:<48} ⇒ {', '.join(names) or 'nothing'}{more}"
    return "\n".join(lines)
