"""What is offered works: every command and directive of the menu, and every kind of argument."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.load import load_program
from stripe_shell.lang.directives import DIRECTIVES, DirectiveDefinition, directives_at
from stripe_shell.repl.commands import commands
from tests.repl.sandboxed import Sandboxed
from tests.suggest.world import make_files, offers, sources

BLOCK = "/sandbox\naction: create\nentity: subscription\n"

#: Where the first word of an argument is one's own, what the cursor stands behind.
LEADS = {"assignment": "x = "}

#: An argument for what a usage calls by a word of its own.
_EXAMPLES = {
    "JSON": "{}", "TYPE[/CODE]": "card_error", "PATH OP VALUE": "status == active", "NAME = VALUE": "x = 1",
    "FILE": "setup.stripe", "NAME": "sandbox",
}  # fmt: skip

each_directive = pytest.mark.parametrize("directive", DIRECTIVES.values(), ids=list(DIRECTIVES))


def names(text: str) -> list[str]:
    return [suggestion.display.removeprefix("@") for suggestion in offers(text, sources())]


def test_every_command_and_directive_is_offered_where_it_works() -> None:
    assert sorted(names("@|")) == sorted({*commands(), *directives_at("top")})
    assert sorted(names(f"{BLOCK}@|")) == sorted(directives_at("block"))


@pytest.mark.parametrize("name", list(commands()))
def test_every_command_that_is_offered_is_available(name: str, tmp_path: Path) -> None:
    """Alone it may want an argument or an earlier call; it never says that it does not exist yet."""
    shown = Sandboxed(tmp_path).type(f"@{name}")
    for text in (shown, commands()[name].meaning):
        assert "not available" not in text
        assert "not implemented" not in text
    assert "E104" not in shown


@each_directive
def test_every_directive_that_is_offered_is_available(directive: DirectiveDefinition, tmp_path: Path) -> None:
    """Its example is read without a mistake in it."""
    make_files(tmp_path)
    argument = directive.example or _first_choice(directive) or _EXAMPLES.get(directive.usage, directive.usage)
    argument = re.sub(r" \[[^]]*\]", "", argument)
    line = f"@{directive.name} {argument}".rstrip()
    text = f"{line}\n" if directive.place == "top" else f"{BLOCK}{line}\n"
    found = load_program(SourceText(str(tmp_path / "x.stripe"), text), prompt=True).diagnostics
    assert not {each.code for each in found} & {"E104", "E111"}


def _first_choice(directive: DirectiveDefinition) -> str:
    return directive.choices[0][0] if directive.choices else ""


@each_directive
def test_every_directive_says_what_its_argument_is(directive: DirectiveDefinition) -> None:
    assert (directive.parse is None) == (not directive.choices and directive.completes is None)


@each_directive
def test_every_argument_that_is_no_text_of_one_s_own_is_offered(
    directive: DirectiveDefinition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    above = BLOCK if directive.place != "top" else ""
    found = names(f"{above}@{directive.name} {LEADS.get(directive.completes or '', '')}|")
    assert bool(found) == (bool(directive.choices) or directive.completes not in {None, "text"})
