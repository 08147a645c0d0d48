"""The lexer: no character is lost, and each piece is called what it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from stripe_shell.lang.highlight import StripeLexer
from stripe_shell.lang.lines import read_lines
from stripe_shell.lang.tokens import tokenize

from .strategies import texts


@given(texts())
@settings(max_examples=200, deadline=None)
def test_the_tokens_of_any_text_joined_are_the_text(text: str) -> None:
    tokens = tokenize(text)
    assert "".join(text[start:end] for _, start, end in tokens) == text
    assert all(start < end for _, start, end in tokens)


@given(texts())
@settings(max_examples=200, deadline=None)
def test_the_lines_of_any_text_cover_it(text: str) -> None:
    pos = 0
    for line in read_lines(text):
        assert line.start == pos
        assert line.start <= line.body <= line.word <= line.value
        assert line.body <= line.end <= line.next
        pos = line.next
    assert pos == len(text)


@given(texts())
@settings(max_examples=100, deadline=None)
def test_the_highlighter_loses_nothing(text: str) -> None:
    assert "".join(piece for _, _, piece in StripeLexer().get_tokens_unprocessed(text)) == text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("/c create customer a=b", "connection:/c action:create entity:customer key:a operator:= text:b"),
        ("/c list a b=${x} y", "connection:/c action:list entity:a key:b operator:= reference:${x} error:y"),
        ("email: a ${x.y} b", "key:email punctuation:: text:a\u00b7 reference:${x.y} text:\u00b7b"),
        ("a[0]: $${x}", "key:a punctuation:[ key:0 punctuation:] punctuation:: escape:$${ text:x}"),
        (r'a: "b\n${c}"', r'key:a punctuation:: string:"b escape:\n reference:${c} string:"'),
        ("a: 'b ${c}'", "key:a punctuation:: string:'b\u00b7${c}'"),
        ("a: 'tis", "key:a punctuation:: text:'tis"),
        ('a: {"b": 1}', 'key:a punctuation:: punctuation:{ json_key:"b" punctuation:: json_number:1 punctuation:}'),
        (
            '@match ["x${y}"]',
            'directive:@match punctuation:[ json_string:"x reference:${y} json_string:" punctuation:]',
        ),
        ("# note", "comment:#\u00b7note"),
        ("@as x", "directive:@as text:x"),
        ("@as: x", "directive:@as punctuation:: text:x"),
        ("@let a = b", "directive:@let key:a operator:= text:b"),
        ("@expect $http == 402", "directive:@expect reference:$http operator:== number:402"),
        ("@expect a in [b]", "directive:@expect text:a keyword:in punctuation:[ text:b punctuation:]"),
        ("@retry 5 every 2s until a", "directive:@retry number:5 keyword:every number:2s keyword:until text:a"),
        ("Response:\n{}", "keyword:Response: punctuation:{}"),
        ("help me", "command:help text:me"),
        ("create customer", "action:create entity:customer"),
        ("!", "error:!"),
    ],
)
def test_a_piece_is_called_what_it_is(text: str, kinds: str) -> None:
    named = [
        f"{kind}:{text[start:end].replace(' ', chr(0xB7))}"
        for kind, start, end in tokenize(text)
        if kind not in ("whitespace", "newline")
    ]
    assert " ".join(named) == kinds


def test_pygments_finds_the_lexer_by_its_name() -> None:
    assert StripeLexer.name == "Stripe shell"
    assert StripeLexer.aliases == ["stripe"]
    assert StripeLexer.filenames == ["*.stripe"]
    assert "".join(piece for _, piece in StripeLexer().get_tokens("\n/c\n\n")) == "\n/c\n\n"
