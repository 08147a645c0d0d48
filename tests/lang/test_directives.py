"""The definitions of directives, and what reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stripe_shell.diagnostics import SourceText
from stripe_shell.lang.commands import COMMANDS
from stripe_shell.lang.cursor import cursor_context
from stripe_shell.lang.directives import DIRECTIVES, DirectiveDefinition, directives_at
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse
from stripe_shell.repl.help import help_text
from stripe_shell.spec.table import load_table
from stripe_shell.suggest.known import IdScope as KnownPlace
from stripe_shell.suggest.known import KnownIds
from stripe_shell.suggest.menu import suggest
from stripe_shell.suggest.suggestion import SuggestionSources

DIAGNOSTICS = (Path(__file__).parents[2] / "docs" / "diagnostics.md").read_text(encoding="utf-8")
BLOCK = "/c\naction: create\nentity: customer\n"
#: Arguments of directives whose example stands for several.
ARGUMENTS = {
    "expect": "all data[*].status in [active, trialing]",
    "match": '{"a": [1]}',
    "fails": "card_error/card_declined",
    "may_fail": "card_error",
    "out": "a.csv fields=id,email",
    "foreach": 'row in "a.csv" key=email jobs=4 on_error=continue',
}
EACH = pytest.mark.parametrize("directive", DIRECTIVES.values(), ids=lambda each: each.name)


def script_with(directive: DirectiveDefinition) -> str:
    """A script in which the directive stands."""
    argument = ARGUMENTS.get(directive.name, directive.example or directive.usage)
    line = f"@{directive.name} {argument}".rstrip()
    if directive.name == "end":
        return f'@foreach row in "a.csv"\n{line}\n'
    if directive.name == "foreach":
        return f"{line}\n@end\n"
    return f"{line}\n" if directive.place == "top" else f"{BLOCK}{line}\n"


@EACH
def test_it_is_parsed_and_formatted(directive: DirectiveDefinition) -> None:
    text = script_with(directive)
    script, problems = parse(SourceText("a", text))
    assert problems == ()
    formatted = format_script(script)
    assert f"@{directive.name}" in formatted
    assert parse(SourceText("a", formatted))[0] == script


@EACH
def test_it_needs_its_argument_or_takes_none(directive: DirectiveDefinition) -> None:
    start = BLOCK if directive.place == "block" else "@foreach row in a.csv\n" if directive.name == "end" else ""
    text = f"{start}@{directive.name}{'' if directive.parse else ' x'}\n"
    codes = [(problem.code, problem.message) for problem in parse(SourceText("a", text))[1]]
    wrong = "needs an argument" if directive.parse else "takes no argument"
    assert ("E111", f"`@{directive.name}` {wrong}") in codes


@EACH
def test_help_and_the_menu_know_it(directive: DirectiveDefinition) -> None:
    table = load_table()
    assert f"@{directive.name} {directive.usage}".rstrip() in help_text(table, f"@{directive.name}")
    around = SuggestionSources(table, KnownIds(), KnownPlace("sandbox", "sandbox"))
    text = f"@{directive.name[:-1]}" if directive.place == "top" else f"{BLOCK}@{directive.name[:-1]}"
    assert f"@{directive.name}" in [each.display for each in suggest(cursor_context(text, len(text)), around)]


@pytest.mark.parametrize(
    "directive", [each for each in DIRECTIVES.values() if each.choices], ids=lambda each: each.name
)
def test_the_menu_offers_its_choices(directive: DirectiveDefinition) -> None:
    around = SuggestionSources(load_table(), KnownIds(), KnownPlace("sandbox", "sandbox"))
    text = f"@{directive.name} " if directive.place == "top" else f"{BLOCK}@{directive.name} "
    found = [each.display for each in suggest(cursor_context(text, len(text)), around)]
    assert sorted(found) == sorted(word for word, _ in directive.choices)


def test_a_directive_of_both_places_says_what_it_means_at_the_top() -> None:
    assert [each.name for each in DIRECTIVES.values() if (each.place == "both") != bool(each.meaning_at_top)] == []
    assert directives_at("block")["account"] == ("ID", "act for this connected account; none: as the connection does")
    assert directives_at("top")["account"] == (
        "ID",
        "act for this connected account from here on; none: as the connection does again",
    )


def test_no_command_has_the_name_of_a_directive() -> None:
    assert DIRECTIVES.keys() & set(COMMANDS) == set()


def test_exclusions_are_mutual() -> None:
    pairs = {(each.name, other) for each in DIRECTIVES.values() for other in each.excludes}
    assert pairs == {(other, name) for name, other in pairs}
    assert pairs >= {("fails", "may_fail")}


def test_the_page_names_the_directives_that_a_block_may_repeat() -> None:
    said = re.search(r"Only (.*) may stand in a block several times", DIAGNOSTICS)
    assert said is not None
    assert set(re.findall(r"@(\w+)", said[1])) == {each.name for each in DIRECTIVES.values() if each.repeatable}
