"""What is being written where: `|` is the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_shell.lang.cursor import CursorContext, cursor_context, is_complete, needs_more

from .strategies import texts

BLOCK = "/live\naction: create\nentity: customer\n"


def _at(marked: str) -> CursorContext:
    offset = marked.index("|")
    return cursor_context(marked.replace("|", "", 1), offset)


@pytest.mark.parametrize(
    ("marked", "kind", "prefix", "word"),
    [
        ("|", "action", "", ""),
        ("cre|", "action", "cre", "cre"),
        ("cr|eate", "action", "cr", "create"),
        ("create |", "entity", "", ""),
        ("create cus| x=1", "entity", "cus", "cus"),
        ("create customer |", "key", "", ""),
        ("create customer em|", "key", "em", "em"),
        ("create customer em|=5", "key", "em", "em"),
        ("create customer email=|", "value", "", ""),
        ("create customer email=a| name=b", "value", "a", "a"),
        ('create customer name="Ann L|', "value", "Ann L", "Ann L"),
        ('create customer name="Ann| Lee" a=b', "value", "Ann", "Ann Lee"),
        ("create customer name=${cus|}", "reference", "cus", "cus"),
        ('create customer name="a: b|" x=1', "value", "a: b", "a: b"),
        ("create customer note=a: b x|", "key", "x", "x"),
        ("create entity=cus|", "entity", "cus", "cus"),
        ("/|", "connection", "", ""),
        ("/li|", "connection", "li", "li"),
        ("/live |", "action", "", ""),
        ("/live create cu|", "entity", "cu", "cu"),
        ("/live\n|", "key", "", ""),
        ("/live\naction: |", "action", "", ""),
        ("/live\naction: cr|", "action", "cr", "cr"),
        ("/live\naction:|", "none", "", ""),
        ("/live\nentity: cus|", "entity", "cus", "cus"),
        (BLOCK + "em|", "key", "em", "em"),
        (BLOCK + "  em|", "key", "em", "em"),
        (BLOCK + "em|ail: x", "key", "em", "email"),
        (BLOCK + "address.ci|", "key", "address.ci", "address.ci"),
        (BLOCK + "email: a@|", "value", "a@", "a@"),
        (BLOCK + "email: |", "value", "", ""),
        (BLOCK + "email:x|", "key", "email:x", "email:x"),
        (BLOCK + 'email: "a|"', "value", "a", "a"),
        (BLOCK + "email: ${|", "reference", "", ""),
        (BLOCK + "email: x ${customer.i|d} y", "reference", "customer.i", "customer.id"),
        (BLOCK + "email: ${env:KE|", "reference", "env:KE", "env:KE"),
        (BLOCK + "email: ${a:-b|", "none", "", ""),
        (BLOCK + "email: $${a|", "value", "$${a", "$${a"),
        (BLOCK + "email: '${a|'", "value", "${a", "${a"),
        (BLOCK + 'metadata: {"a|', "none", "", ""),
        (BLOCK + 'metadata: {\n "a": "${x|', "reference", "x", "x"),
        (BLOCK + "@|", "directive", "", ""),
        (BLOCK + "@ex|", "directive", "ex", "ex"),
        (BLOCK + "@expect st|", "directive_argument", "st", "st"),
        (BLOCK + "@expect status is |", "directive_argument", "", ""),
        (BLOCK + "@expect id == ${cus|", "reference", "cus", "cus"),
        (BLOCK + "# no|", "none", "", ""),
        (BLOCK + "\n|", "action", "", ""),
        ("@|", "command", "", ""),
        ("@he|", "command", "he", "he"),
        ("@connect li|", "directive_argument", "li", "li"),
        ("@let a = ${en|", "reference", "en", "en"),
        ("@foreach row in x.csv\n/c cre|", "action", "cre", "cre"),
    ],
)
def test_the_word_at_the_cursor(marked: str, kind: str, prefix: str, word: str) -> None:
    context = _at(marked)
    text = marked.replace("|", "", 1)
    assert (context.kind, context.prefix, text[context.start : context.end]) == (kind, prefix, word)


def test_the_block_around_the_cursor_is_known() -> None:
    context = _at("/live\naction: create\nentity: customer\nmetadata[a]: 1\nem|ail: x\nname: y\n\n/other\nphone: 1\n")
    assert (context.connection, context.action, context.entity) == ("live", "create", "customer")
    assert context.used == ("action", "entity", "metadata.a", "name")
    assert context.in_block
    assert not context.inline


def test_the_inline_form_is_known_word_by_word() -> None:
    context = _at("create customer email=a na| phone=1")
    assert (context.connection, context.action, context.entity) == (None, "create", "customer")
    assert context.used == ("action", "entity", "email", "phone")
    assert context.inline


def test_a_body_line_below_an_inline_header_is_in_its_block() -> None:
    context = _at("/live create customer email=x\nna|")
    assert (context.connection, context.action, context.entity) == ("live", "create", "customer")
    assert context.used == ("action", "entity", "email")


def test_a_closed_block_is_not_around_the_cursor() -> None:
    context = _at(BLOCK + "\ncre|")
    assert (context.connection, context.action, context.in_block) == (None, None, True)
    assert _at(BLOCK + "\n@he|").in_block is False


def test_the_key_of_a_value_is_named_as_the_formatter_names_it() -> None:
    assert _at(BLOCK + "items.0.price: p|").key == "items[0].price"
    assert _at("create subscription items[0][price]=p|").key == "items[0].price"


def test_what_stands_before_a_word_of_an_argument_is_told() -> None:
    context = _at(BLOCK + "@expect status is ac|")
    assert (context.directive, context.before, context.prefix) == ("expect", "status is ", "ac")


@given(texts(), st.data())
@settings(max_examples=200, deadline=None)
def test_there_is_a_context_at_every_place_of_any_text(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    context = cursor_context(text, offset)
    assert 0 <= context.start <= offset <= context.end <= len(text)
    assert context.prefix == text[context.start : offset]
    assert is_complete(text) is not needs_more(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "create customer email=a@b.co",
        "@help",
        "help",
        "?",
        "quit",
        "exit",
        "@connect live",
        "@let a = 1",
        "# note",
        BLOCK,
        BLOCK + "email: x\n",
        "/live create customer email=x\n",
        "create customer\nemail: x\n",
        "email: x",
        "@as x",
        "@foreach row in a.csv\n/c create customer\n@end",
        "/live\n\n",
        BLOCK + "Response:\n{}",
        "!",
        BLOCK + "a: [1, 2}\n",
        BLOCK + 'a: "open\n',
        BLOCK + "@help",
    ],
)
def test_enter_submits(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    "text",
    [
        "/live",
        "/live\n",
        BLOCK[:-1],
        BLOCK + "email: x",
        "/live create customer email=x",
        BLOCK + 'metadata: {"a": 1\n',
        BLOCK + 'name: """\nline\n\n',
        "create customer\nemail: x",
        "@foreach row in a.csv",
        "@foreach row in a.csv\n\n",
        BLOCK + "Response:",
        BLOCK + "Response:\n{\n",
        BLOCK + "bad line",
        "@let a = '''\n",
    ],
)
def test_enter_goes_on(text: str) -> None:
    assert needs_more(text)
