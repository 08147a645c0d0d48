"""Problems are drawn below the line they are on, and told as data."""

from __future__ import annotations

import pytest

from stripe_shell.diagnostics import (
    CODES,
    Diagnostic,
    Fix,
    SourceText,
    Span,
    closest,
    diagnostic_as_json,
    excerpt,
    format_diagnostics,
    has_errors,
    sort_diagnostics,
)

TEXT = "/sandbox\r\naction: create\r\n\tentity: custmer\n名前: q\nlast"
SOURCE = SourceText("a.stripe", TEXT)


def span_of(word: str) -> Span:
    start = TEXT.index(word)
    return Span(SOURCE, start, start + len(word))


def test_lines_and_columns_count_from_one_in_code_points() -> None:
    assert SOURCE.location(0) == (1, 1)
    assert span_of("custmer").location() == (3, 10)
    assert span_of("q").location() == (4, 5)
    assert SOURCE.location(len(TEXT)) == (5, 5)
    assert SOURCE.line(1) == "/sandbox"
    assert SOURCE.line(6) == ""


def test_the_excerpt_shows_what_where_and_how_to_mend() -> None:
    found = Diagnostic(
        "E206", "unknown entity `custmer`", span_of("custmer"), label="did you mean `customer`?",
        fix=Fix(span_of("custmer"), "customer"), notes=("one note",),
    )  # fmt: skip
    assert excerpt(found).splitlines() == [
        "error[E206]: unknown entity `custmer`",
        "  --> a.stripe:3:10",
        "3 | \tentity: custmer",
        "  | \t        ^^^^^^^ did you mean `customer`?  (fix: check --fix)",
        "    = one note",
    ]


def test_what_stands_in_no_file_is_not_mended_in_one() -> None:
    span = Span(SourceText("<prompt>", "emial"), 0, 5)
    lines = excerpt(Diagnostic("E201", "m", span, label="did you mean `email`?", fix=Fix(span, "email"))).splitlines()
    assert lines[-1] == "  | ^^^^^ did you mean `email`?"


def test_carets_stand_below_wide_characters() -> None:
    lines = excerpt(Diagnostic("E101", "m", span_of("q"))).splitlines()
    assert lines[-1] == "  |       ^"  # two characters of two columns each, a colon and a blank


def test_other_places_are_shown_in_the_order_of_the_lines() -> None:
    other = Span(SourceText("b.stripe", "x"), 0, 1)
    found = Diagnostic(
        "E103", "m", span_of("last"), context=((span_of("action"), "here it began"), (other, "and there")),
    )  # fmt: skip
    assert excerpt(found).splitlines() == [
        "error[E103]: m",
        "  --> a.stripe:5:1",
        "2 | action: create",
        "  | - here it began",
        "5 | last",
        "  | ^^^^",
        "  ::: b.stripe:1 and there",
    ]


def test_a_span_at_the_end_of_the_text_has_one_caret() -> None:
    end = Span(SOURCE, len(TEXT), len(TEXT))
    assert excerpt(Diagnostic("E106", "m", end)).splitlines()[-1] == "  |     ^"


def test_one_without_a_place_is_one_line() -> None:
    assert excerpt(Diagnostic("E501", "not sent")) == "error[E501]: not sent"
    assert format_diagnostics([]) == ""


def test_the_same_as_data() -> None:
    found = Diagnostic("E206", "m", span_of("custmer"), label="hint", fix=Fix(span_of("custmer"), "customer"))
    place = {"file": "a.stripe", "line": 3, "column": 10, "end_line": 3, "end_column": 17}
    assert diagnostic_as_json(found) == {
        "code": "E206", "severity": "error", "message": "m", **place, "hint": "hint",
        "fix": {**place, "replacement": "customer"},
    }  # fmt: skip


def test_order_and_gravity() -> None:
    late, early = Diagnostic("E101", "b", span_of("last")), Diagnostic("E101", "a", span_of("action"))
    nowhere = Diagnostic("W201", "c", severity="warning")
    assert sort_diagnostics([nowhere, late, early, late]) == [early, late, nowhere]
    assert has_errors([late])
    assert not has_errors([nowhere])


def test_a_code_must_be_listed() -> None:
    with pytest.raises(ValueError, match="E999"):
        Diagnostic("E999", "m")
    assert len(set(CODES.values())) == len(CODES)


def test_the_word_that_was_meant() -> None:
    assert closest("emial", ["email", "name"]) == "email"
    assert closest("zzz", ["email", "name"]) is None
