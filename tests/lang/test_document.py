"""The blocks of the source document, and the examples of the language's own description, mean what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stripe_shell.diagnostics import Fix, SourceText, Span, format_diagnostics
from stripe_shell.lang.ast import Block, Directive, Loop
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse

SHARED = Path(__file__).parents[2] / ".." / "shared"
DOCUMENT = SHARED / "seed" / "stripe-connection.txt"
LANGUAGE = SHARED / "language.md"

needs_document = pytest.mark.skipif(not DOCUMENT.exists(), reason="the source document is not beside the repository")
needs_language = pytest.mark.skipif(not LANGUAGE.exists(), reason="language.md is not beside the repository")


def _examples(text: str) -> list[tuple[int, int]]:
    """From each header line up to and with the JSON after `Response:`."""
    decoder = json.JSONDecoder()
    starts = re.finditer(r"^/[\w-]+\n(?:\w+: .+\n)+Response:\n", text, re.MULTILINE)
    return [(match.start(), decoder.raw_decode(text, match.end())[1]) for match in starts]


@needs_document
def test_every_block_of_the_source_document_parses_unchanged() -> None:
    source = SourceText("stripe-connection.txt", DOCUMENT.read_text(encoding="utf-8"))
    examples = _examples(source.text)
    assert len(examples) == 11
    for start, end in examples:
        script, diagnostics = parse(source, start=start, end=end)
        assert diagnostics == ()
        (block,) = script.items
        assert isinstance(block, Block)
        assert block.response is not None
        expected = dict(re.findall(r"^(\w+): (.+)$", source.text[start : block.response.span.start], re.MULTILINE))
        assert {param.key.path[0]: param.value.literal for param in block.params} == expected
        assert block.connection == "your-stripe-connection"
        assert source.text[end - 1] == block.response.text[-1] == "}"
        assert format_script(script) == source.text[start:end] + "\n"


@needs_language
def test_the_worked_examples_of_the_language_parse_and_are_canonical() -> None:
    text = LANGUAGE.read_text(encoding="utf-8")
    section = text[text.index("## 6.") : text.index("## 7.")]
    examples = re.findall(r"\n```\n(.*?)```", section, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        script, diagnostics = parse(SourceText("example.stripe", example))
        assert diagnostics == ()
        assert format_script(script) == example


def test_the_second_worked_example_is_a_loop_and_a_block() -> None:
    source = SourceText("x", (Path(__file__).parent / "ok" / "worked_example_2.stripe").read_text(encoding="utf-8"))
    let, loop, block = parse(source)[0].items
    assert isinstance(let, Directive)
    assert isinstance(loop, Loop)
    assert isinstance(block, Block)
    assert [type(item) for item in loop.items] == [Block, Block]
    assert loop.directive.name_span.text == "@foreach"


def test_a_parameter_outside_a_block_is_drawn_as_the_language_says() -> None:
    text = "# a\n/c\naction: create\nentity: customer\nname: x\n\nemail: a@b.co\n"
    (problem,) = parse(SourceText("a.stripe", text))[1]
    assert format_diagnostics([problem]) == (
        "error[E103]: parameter outside a block\n"
        "  --> a.stripe:7:1\n"
        "6 |\n"
        "  | - this blank line ended the block that starts on line 2\n"
        "7 | email: a@b.co\n"
        "  | ^^^^^ (fix: delete line 6)"
    )
    assert _applied(text, problem.fix) == text.replace("\n\n", "\n")


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("/c\naction: create\nemail:x\n", "/c\naction: create\nemail: x\n"),
        ("/c\naction: create\nPayment-Method: x\n", "/c\naction: create\npayment_method: x\n"),
        ("/c\naction: create\nname = x y\n", "/c\naction: create\nname: x y\n"),
        ("/c create customer\n@expct id is cus\n", "/c create customer\n@expect id is cus\n"),
        ("/c create customer\n@expect id = cus\n", "/c create customer\n@expect id == cus\n"),
        ("/c create customer\n@expect data count 3\n", "/c create customer\n@expect data count == 3\n"),
        ("/c create customer\n@expect a in b, c\n", "/c create customer\n@expect a in [b, c]\n"),
        ("/c\naction: create\n\n\n@as x\n", "/c\naction: create\n@as x\n"),
        ("@connection /live\n", "@connection live\n"),
    ],
)
def test_the_fix_of_a_problem_removes_it(text: str, fixed: str) -> None:
    (problem,) = parse(SourceText("a.stripe", text))[1]
    assert _applied(text, problem.fix) == fixed
    assert parse(SourceText("a.stripe", fixed))[1] == ()


def _applied(text: str, fix: Fix | None) -> str:
    assert fix is not None
    span: Span = fix.span
    return text[: span.start] + fix.replacement + text[span.end :]
