"""docs/grammar.ebnf accepts what the parser accepts, and refuses each mistake of syntax in the corpus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tatsu
from tatsu.exceptions import FailedParse

from stripe_shell.diagnostics import Diagnostic, SourceText
from stripe_shell.lang.directives import DIRECTIVES
from stripe_shell.lang.expressions import SYMBOL_OPERATORS, WORD_OPERATORS
from stripe_shell.lang.lines import read_lines
from stripe_shell.lang.parser import parse

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "grammar.ebnf").read_text(encoding="utf-8")
GRAMMAR = tatsu.compile(TEXT)

#: Given twice: each line is well formed, and the grammar leaves it to the parser.
CONTEXT_CODES = frozenset({"E105", "E116"})
#: The codes that are about the form of a script.
SYNTAX_CODES = frozenset(f"E{number}" for number in range(101, 116)) - CONTEXT_CODES
#: Where a line of the corpus is tried: alone, then in a block.
FRAMES = ("", "/c\naction: create\nentity: customer\n")

_EXAMPLE = re.compile(r"^```stripe\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")


def _read(path: Path) -> str:
    return path.read_bytes().decode()


def _scripts() -> Iterator[tuple[str, str]]:
    """Each script that should pass, with its name."""
    for path in sorted([*(ROOT / "tests/lang/ok").glob("*.stripe"), *(ROOT / "scripts/examples").rglob("*.stripe")]):
        yield path.name, _read(path)
    for match in _EXAMPLE.finditer(_PAGE):
        yield f"language.md:{_PAGE.count(chr(10), 0, match.start()) + 1}", match[1]


def _accepts(text: str) -> bool:
    try:
        GRAMMAR.parse(text, start="script")
    except FailedParse:
        return False
    return True


def _mistakes(text: str) -> list[Diagnostic]:
    """The errors of the form of a line, as the parser finds them."""
    found = parse(SourceText("x.stripe", text))[1]
    return [each for each in found if each.severity == "error" and each.code not in CONTEXT_CODES]


def _lines() -> Iterator[str]:
    """Each line of the scripts with mistakes, alone and in a block, so that no other mistake hides it."""
    folders = (ROOT / "tests/lang/errors", ROOT / "tests/diagnostics")
    for path in sorted(each for folder in folders for each in folder.glob("*.stripe")):
        text = path.read_bytes().decode(errors="replace")
        for line in read_lines(text):
            for frame in FRAMES:
                yield frame + text[line.start : line.next]


SCRIPTS = dict(_scripts())
LINES = {text: [each.code for each in _mistakes(text)] for text in _lines()}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_accepted(name: str) -> None:
    text = SCRIPTS[name]
    assert _accepts(text) == (not _mistakes(text))


def test_only_the_example_of_a_block_that_ended_early_is_refused() -> None:
    refused = {name: [each.code for each in found] for name, text in SCRIPTS.items() if (found := _mistakes(text))}
    assert list(refused.values()) == [["E103"]]


@pytest.mark.parametrize("text", LINES)
def test_a_line_is_accepted_unless_it_has_a_mistake_of_syntax(text: str) -> None:
    assert _accepts(text) == (not LINES[text])


def test_the_lines_have_mistakes_of_each_code_of_syntax() -> None:
    assert {code for codes in LINES.values() for code in codes} == SYNTAX_CODES


def _rule(name: str) -> str:
    """What stands right of `name =`."""
    match = re.search(rf"^{name}\s*= (.*?) ;$", TEXT, re.MULTILINE | re.DOTALL)
    assert match is not None, name
    return match[1]


def _choices(name: str) -> set[str]:
    return {each.strip().strip("'") for each in _rule(name).split("|")}


def test_the_directives_are_those_of_the_parser() -> None:
    block = {each.name for each in DIRECTIVES.values() if each.place in ("block", "both")}
    top = {each.name for each in DIRECTIVES.values() if each.place in ("top", "both")}
    assert _choices("block_directive") == block
    assert _choices("top_directive") | {"foreach", "end"} == top
    for name in DIRECTIVES:
        assert f"'@{name}'" in _rule(name)


def test_the_operators_are_those_of_the_parser() -> None:
    words = ("word_operator", "list_operator", "presence_operator", "count_operator")
    assert _choices("symbol_operator") == set(SYMBOL_OPERATORS)
    assert set().union(*map(_choices, words)) == set(WORD_OPERATORS)
