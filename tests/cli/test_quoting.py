"""Words of a command line and the block that they make are an inverse pair: what is typed is what is read."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stripe_shell.cli.sources import block_text
from stripe_shell.diagnostics import SourceText
from stripe_shell.lang.ast import Block
from stripe_shell.lang.parser import parse
from stripe_shell.lang.values import is_json

#: What means something somewhere: to a shell, in a script, in JSON, on a terminal.
PIECES = (
    *('"', "'", '"""', "'''", "{", "}", "[", "]", '{"a": 1}', "\\", "\\n", "#", "@as x", ": ", "=", " ", "\t", "\n"),
    *("\r\n", "/", "Response:", "a", "é", "日", "\u200b", "\u00a0", "\x00", "\x1b", "-", ",", "%", "&", "$", "`"),
)
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.text(max_size=20))
VALUES = TEXTS.filter(lambda text: "${" not in text)


def read(words: list[str]) -> dict[tuple[str, ...], str | None]:
    script, problems = parse(SourceText("<command line>", block_text(words)), prompt=True)
    assert problems == ()
    (block,) = script.items
    assert isinstance(block, Block)
    return {param.key.path: param.value.literal for param in block.params}


@given(VALUES, VALUES)
@example('{"a": 1}\n', "[1] ")
def test_values_are_read_as_they_were_typed(one: str, other: str) -> None:
    params = read(["create", "customer", f"description={one}", "email=a@b.co", f"metadata.x={other}"])
    assert params == {
        ("action",): "create",
        ("entity",): "customer",
        ("description",): _without_blanks_behind_json(one),
        ("email",): "a@b.co",
        ("metadata", "x"): _without_blanks_behind_json(other),
    }


def _without_blanks_behind_json(text: str) -> str:
    return text.rstrip() if text[:1] in {"{", "["} and is_json(text) else text


@pytest.mark.parametrize("value", ["${x}", "a ${env:B} c", '"${x}" and more', " ${x} ", "$${x}"])
def test_references_are_references_however_they_are_quoted(value: str) -> None:
    script, problems = parse(
        SourceText("<command line>", block_text(["create", "customer", f"name={value}"])), prompt=True
    )
    assert problems == ()
    (block,) = script.items
    assert isinstance(block, Block)
    assert bool(block.params[-1].value.references) == ("$$" not in value)
