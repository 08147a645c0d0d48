"""What must hold for every text and every tree: nothing raises, lexing loses nothing, format and parse are inverse."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_shell.diagnostics import SourceText, format_diagnostics, has_errors
from stripe_shell.lang.ast import Script
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse

from .strategies import scripts, texts


def _parse(text: str, *, prompt: bool = False) -> Script:
    script, diagnostics = parse(SourceText("<test>", text), prompt=prompt)
    assert not has_errors(diagnostics), f"{text!r}\n{format_diagnostics(diagnostics)}"
    return script


@given(texts(), st.booleans())
@settings(max_examples=250, deadline=None)
def test_any_text_is_parsed_and_drawn_without_an_exception(text: str, prompt: bool) -> None:
    _, diagnostics = parse(SourceText("<test>", text), prompt=prompt)
    format_diagnostics(diagnostics)
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


@given(texts())
@settings(max_examples=250, deadline=None)
def test_what_is_formatted_reads_back_the_same_and_formats_the_same(text: str) -> None:
    script, diagnostics = parse(SourceText("<test>", text))
    if has_errors(diagnostics):
        return
    formatted = format_script(script)
    assert _parse(formatted) == script
    assert format_script(_parse(formatted)) == formatted


@given(scripts())
@settings(max_examples=150, deadline=None)
def test_a_generated_script_reads_back_the_same(script: Script) -> None:
    formatted = format_script(script)
    assert _parse(formatted) == script
    assert format_script(_parse(formatted)) == formatted
