"""Spans, the prompt's own lines, and texts that are too much."""

from __future__ import annotations

import pytest

from stripe_shell.diagnostics import SourceText, format_diagnostics, has_errors
from stripe_shell.lang.ast import Block, Directive, Loop, Script, Text, Value
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse, parse_path, parse_template
from stripe_shell.lang.tokens import tokenize


def _script(text: str, *, prompt: bool = False) -> Script:
    script, diagnostics = parse(SourceText("x", text), prompt=prompt)
    assert format_diagnostics(diagnostics) == ""
    return script


def _block(text: str, *, prompt: bool = False) -> Block:
    (block,) = _script(text, prompt=prompt).items
    assert isinstance(block, Block)
    return block


# --- spans ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "references"),
    [
        ("a: ${x}", ["x"]),
        ("a: say ${x.y[0]} and ${env:N:-d e}", ["x.y[0]", "env:N:-d e"]),
        (r'a: "\u00e9 ${x} \" ${y}"', ["x", "y"]),
        ('a: """\n   ${x}\n     ${y}\n   """', ["x", "y"]),
        ('a: {"b": ["${x}", {"c": "-${y.z}-"}]}', ["x", "y.z"]),
        ("a: '${x}'", []),
        ("a: $${x}", []),
    ],
)
def test_the_span_of_a_reference_is_what_stands_between_its_braces(line: str, references: list[str]) -> None:
    (param,) = _block(f"/c\n{line}\n").params
    assert [reference.span.text for reference in param.value.references] == references


def test_each_segment_of_a_name_has_its_span() -> None:
    (param,) = _block('/c\nitems[0].price_data.metadata."a b".c: x\n'.replace(".c:", ":")).params
    assert [span.text for span in param.key.spans] == ["items", "0", "price_data", "metadata", '"a b"']
    assert param.key.path == ("items", "0", "price_data", "metadata", "a b")


def test_words_of_the_inline_form_have_their_spans() -> None:
    block = _block('/c create customer name="Ann ${x}"\n')
    assert [param.span.text for param in block.params] == ["create", "customer", 'name="Ann ${x}"']
    assert block.params[2].value.span.text == '"Ann ${x}"'
    assert block.span.text == '/c create customer name="Ann ${x}"'


def test_a_block_reaches_from_its_header_to_its_last_line() -> None:
    block = _block("\n  /c\n\naction: create\n# end\n\n")
    assert block.span.text == "/c\n\naction: create\n# end"
    assert block.connection_span.text == "c"


def test_a_part_of_a_text_is_read_with_the_places_of_the_whole() -> None:
    source = SourceText("page", "prose: no\n/c create customer a=b\nmore prose")
    script, diagnostics = parse(source, start=10, end=33)
    assert diagnostics == ()
    (block,) = script.items
    assert isinstance(block, Block)
    assert block.span.text == "/c create customer a=b"
    assert block.span.location() == (2, 1)


def test_a_template_has_exact_spans_where_the_text_is_the_same() -> None:
    value: Value = _block('/c\na: "x ${y} z"\n').params[0].value
    inner = value.span.source
    exact = parse_template("x ${y} z", type(value.span)(inner, value.span.start + 1, value.span.end - 1))
    assert [part.span.text for part in exact] == ["x ", "y", " z"]
    apart = parse_template("${y}", value.span)
    assert [part.span for part in apart] == [value.span]
    assert parse_template("$${y}", value.span) == (Text("${y}", value.span),)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("id", ("id",)),
        ("items.data[0].price.id", ("items", "data", 0, "price", "id")),
        ("data[*].status", ("data", "*", "status")),
        ("$http", ("$http",)),
        ("metadata.order.id", ("metadata", "order.id")),
        ('metadata."a b"', ("metadata", "a b")),
        ("customer.metadata.x-y", ("customer", "metadata", "x-y")),
    ],
)
def test_a_response_path_is_read_step_by_step(text: str, steps: tuple[str | int, ...]) -> None:
    path = parse_path(text)
    assert path is not None
    assert path.steps == steps


@pytest.mark.parametrize("text", ["", "a b", "a..b", "[0]", "a[", "a[x]", "a.", "$"])
def test_what_is_no_response_path_is_none(text: str) -> None:
    assert parse_path(text) is None


# --- the prompt -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("help", "help", None),
        ("?", "help", None),
        ("? create customer", "help", "create customer"),
        ("help @expect", "help", "@expect"),
        ("exit", "quit", None),
        ("quit  ", "quit", None),
        ("@quit", "quit", None),
        ("@connect live-eu", "connect", "live-eu"),
        ("@format: json", "format", "json"),
        ('@save "my file.stripe"', "save", "my file.stripe"),
        ("@watch 5s", "watch", "5s"),
        ("@vars", "vars", None),
    ],
)
def test_a_command_works_at_the_prompt(text: str, name: str, argument: str | None) -> None:
    (directive,) = _script(text, prompt=True).items
    assert isinstance(directive, Directive)
    assert directive.name == name
    assert (directive.argument.literal if isinstance(directive.argument, Value) else None) == argument


def test_a_command_does_not_work_in_a_script() -> None:
    _, (problem,) = parse(SourceText("x", "@connect live\n"))
    assert (problem.code, problem.message) == ("E112", "`@connect` works at the prompt")


def test_the_header_may_be_left_out_at_the_prompt_only() -> None:
    text = "create customer email=a@b.co\nname: Ann\n"
    block = _block(text, prompt=True)
    assert block.connection is None
    assert block.inline == 3
    assert [param.key.path[0] for param in block.params] == ["action", "entity", "email", "name"]
    assert format_script(_script(text, prompt=True)) == text
    assert [problem.code for problem in parse(SourceText("x", text))[1]] == ["E101", "E103"]


def test_a_colon_in_a_word_of_the_inline_form_is_text() -> None:
    block = _block('create customer name="a: {b" metadata={"c": 1}\n', prompt=True)
    assert [param.value.literal for param in block.params] == ["create", "customer", "a: {b", '{"c": 1}']
    assert _block("/c\nmetadata.a b=c: d\n").params[0].key.path == ("metadata", "a b=c")


def test_the_inline_form_equals_the_block() -> None:
    inline = _block('/conn create customer email=a@b.co name="Ann Lee"\n')
    block = _block('/conn\naction: create\nentity: customer\nemail: a@b.co\nname: "Ann Lee"\n')
    assert inline.params == block.params


def test_every_problem_is_reported_by_place() -> None:
    _, problems = parse(SourceText("x", "foo\n/c\nemail:x\nA b: 1\nname: ${\n@expct a\n\nb: 1\n@end\n"))
    assert [problem.code for problem in problems] == ["E101", "E102", "E104", "E108", "E110", "E103", "E113"]
    assert [problem.span.location()[0] for problem in problems if problem.span] == [1, 3, 4, 5, 6, 8, 9]


# --- too much -------------------------------------------------------------------------------------------

EXTREMES = {
    "deep brackets": "/c\na: " + "[" * 50_000 + "]" * 50_000,
    "deep JSON": "/c\na: " + '{"a":' * 20_000 + "1" + "}" * 20_000,
    "open brackets": "/c\n" + "a: {\n" * 500,
    "open heredocs": "/c\n" + 'a: """\n' * 501,
    "open references": "/c\na: " + "${" * 20_000,
    "long name": "a." * 20_000 + "b: x",
    "deep loops": '@foreach r in "a"\n' * 500 + "/c create x\n" + "@end\n" * 500,
    "long path": "/c create x\n@expect " + "a." * 20_000 + "b == 1",
    "long string": '/c\na: "' + "x" * 300_000 + '"',
    "blanks": "/c\na:" + " " * 100_000 + "x" + " " * 100_000,
    "a table": "some,line,of,a,table\n" * 500,
    "lone returns": "/c\raction: create\rentity: customer\r",
}


@pytest.mark.parametrize("text", EXTREMES.values(), ids=EXTREMES.keys())
def test_no_text_is_too_much(text: str) -> None:
    script, diagnostics = parse(SourceText("x", text))
    format_diagnostics(diagnostics)
    formatted = format_script(script)
    assert has_errors(diagnostics) or parse(SourceText("x", formatted))[0] == script
    assert "".join(text[start:end] for _, start, end in tokenize(text)) == text


def test_loops_nest_twenty_deep() -> None:
    text = '@foreach r in "a"\n' * 20 + "/c create x\n" + "@end\n" * 20
    item = _script(text).items[0]
    for _ in range(20):
        assert isinstance(item, Loop)
        (item,) = item.items
    assert isinstance(item, Block)
    _, problems = parse(SourceText("x", f'@foreach r in "a"\n{text}@end\n'))
    assert [problem.message for problem in problems] == ["loops nested deeper than 20"]
