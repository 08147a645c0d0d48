"""What is rendered can be read back, and nothing in it can drive a terminal."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from stripe_shell.escaping import restore_cell, visible, visible_json
from stripe_shell.render import FORMATS, renderer
from stripe_shell.render.formats.csv import cell_text, flat_row
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.row_text import guarded_text
from stripe_shell.render.shape import flatten, pick, rows_of
from stripe_shell.wire import ExactFloat, parse_json

texts = st.text(st.characters(), max_size=20)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers() | floats | texts
bodies = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
rows = st.lists(st.dictionaries(texts.filter(bool), scalars, min_size=1, max_size=5), min_size=1, max_size=5)


def render(format_: str, body: Any, width: int | None = None, *, color: bool = False) -> str:
    return renderer(format_)(body, width=width, color=color)


@given(bodies)
def test_json_is_read_back(body: Any) -> None:
    assert json.loads(render("json", body)) == json.loads(compact_json(body)) == body


@given(bodies)
def test_json_looks_as_the_standard_library_writes_it(body: Any) -> None:
    assert render("json", body) == visible_json(json.dumps(body, indent=2, ensure_ascii=False)) + "\n"


@given(bodies)
def test_numbers_go_through_unharmed(body: Any) -> None:
    text = render("json", body)
    assert render("json", parse_json(text)) == text


@given(st.lists(bodies, max_size=5))
def test_json_lines_are_one_value_a_line(body: list[Any]) -> None:
    lines = render("jsonl", body).split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == body


@given(bodies)
@example({"yes": "no", "null": "~", "a": "1e3", "b": "0x1f", "c": "12:30:00", "d": "2026-05-28", "e": "<<", "f": "="})
@example(
    {"": "", " a": "a ", "b": "a: b", "c": "a #b", "d": "- x", "e": "? x", "f": "&a", "g": "*a", "h": "!x", "i": "%"}
)
@example(["---", "...", "a\nb\n", "\x85\xa0\u2028\ufeff", "\U0001f600", [[[]], [{}]], [{"a": [{"b": []}]}]])
@example([1e5, 1e-7, ExactFloat("1e400"), -0.0, 123456789012345678901234567890, ExactFloat("1E+2"), ExactFloat("1.10")])
@example("y")
def test_yaml_is_read_back(body: Any) -> None:
    assert yaml.safe_load(render("yaml", body)) == body


def parse_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(rows)
def test_csv_is_read_back(body: list[dict[str, Any]]) -> None:
    head, *lines = parse_csv(render("csv", body))
    assert head == list(dict.fromkeys(name for row in body for name in row))
    assert lines == [[cell_text(row.get(name)) for name in head] for row in body]


@given(texts)
def test_a_cell_is_its_text_and_a_guarded_one_is_no_formula(text: str) -> None:
    assert cell_text(text) == text
    assert not re.match(r"[=@+\-\t\r]", guarded_text(text))
    assert restore_cell(guarded_text(text)) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "=1+1"),
        ("-Ann", "-Ann"),
        ("+41 44 123-45 (67)", "+41 44 123-45 (67)"),
        ("-", "-"),
        (-500, "-500"),
        (ExactFloat("-1.50"), "-1.50"),
        ("plain", "plain"),
        (None, ""),
        (True, "true"),
        (["a", {"b": 1}], '["a", {"b": 1}]'),
    ],
)
def test_cells(value: Any, shown: str) -> None:
    assert cell_text(value) == shown


UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@given(bodies, st.sampled_from(FORMATS))
@example({"object": "list", "data": [{"id": "\x1b[2J", "name": "\x9b2J"}]}, "table")
@example({"a\x1b]0;x\x07": {"b\r": "\n"}}, "table")
@example([{"amount": 1, "currency": "usd"}, 5, None, [], {"amount": "\x1b", "currency": "\x1b"}], "table")
def test_nothing_drives_a_terminal(body: Any, format_: str) -> None:
    assert not UNSAFE.search(render(format_, body, 80))


@given(bodies, st.sampled_from(FORMATS), st.sampled_from([10, 80, None]))
def test_every_text_can_be_written_and_ends_a_line(body: Any, format_: str, width: int | None) -> None:
    rendered = render(format_, body, width)
    assert rendered == "" or rendered.endswith("\n")
    if format_ != "csv" or width:  # CSV off a terminal holds what Stripe sent, to the character
        rendered.encode()


@given(rows)
def test_a_table_without_a_terminal_has_a_line_per_row(body: list[dict[str, Any]]) -> None:
    telling = any(value not in (None, "") for row in body for value in row.values())
    assert len(render("table", body).split("\n")) == (len(body) + 4 if telling else 2)


@given(texts)
def test_visible_text_is_one_line(text: str) -> None:
    assert len(visible(text).splitlines()) <= 1


@given(st.dictionaries(st.text("abc", min_size=1), st.dictionaries(st.text("x.y[0]", min_size=1), scalars)))
def test_what_flatten_names_pick_finds(row: dict[str, Any]) -> None:
    for name, value in flat_row(row).items():
        if not re.search(r"[.\[\]]", name.partition(".")[2]):
            assert pick(row, name) == value


def test_pick() -> None:
    row = {"items": {"data": [{"price": {"id": "p"}}]}, "metadata": {"order.id": "7"}, "a.b": 1}
    assert pick(row, "items.data[0].price.id") == pick(row, "items.data.0.price.id") == "p"
    assert pick(row, "metadata.order.id") == "7"
    assert pick(row, "a.b") == 1
    for nothing in (
        "items.data[1].price",
        "items.x.y",
        "metadata.order",
        "items.data[x]",
        "a",
        "items.data[0].price.id.z",
    ):
        assert pick(row, nothing) is None


def test_flatten_keeps_lists_and_empty_objects() -> None:
    assert list(flatten({"a": {"b": {}, "c": [1]}, "d": None})) == [("a.b", {}), ("a.c", [1]), ("d", None)]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({"object": "list", "data": [1, 2]}, 2),
        ({"object": "search_result", "data": []}, 0),
        ({"data": [1], "next_page_url": None}, 1),
        ([1, 2, 3], 3),
        ({"object": "customer", "data": [1]}, None),
        ({"object": "list", "data": {"a": 1}}, None),
        ({"id": "cus_1"}, None),
        (None, None),
    ],
)
def test_what_is_a_list(body: Any, count: int | None) -> None:
    found = rows_of(body)
    assert (None if found is None else len(found)) == count


def test_an_unknown_format_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        renderer("xml")


def test_infinity_by_overflow_stays_what_was_written() -> None:
    number = parse_json("1e400")
    assert math.isinf(number)
    assert render("json", number) == "1e400\n"
