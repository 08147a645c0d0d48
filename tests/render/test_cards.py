"""Cards and lists of thirty kinds of objects, kept in golden files, and the facts that they are made of.

`UPDATE_GOLDEN=1 pytest tests/render/test_cards.py` writes them anew; read the diff before you commit it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.render.cards.card import card_lines
from stripe_shell.render.cards.computed import COMPUTED
from stripe_shell.render.cards.facts import LAYOUTS
from stripe_shell.render.cards.money import money_text
from stripe_shell.render.cards.rows import row_table
from stripe_shell.render.cards.times import relative
from stripe_shell.render.cards.tree import change_lines, changes, tree_lines
from stripe_shell.render.cards.values import SEPARATORS, Display, fact_line, short_id
from stripe_shell.render.cells import text_width
from stripe_shell.spec.shapes import response_field
from stripe_shell.spec.table import load_table

from .bodies import ODD
from .record_objects import FILE, NOW

GOLDEN = Path(__file__).with_name("golden_cards")
OBJECTS: dict[str, Any] = json.loads(FILE.read_text())
LISTS: dict[str, Any] = OBJECTS.pop("lists")
KNOWN = {body["id"]: body for body in OBJECTS.values() if "id" in body}
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

OTHERS: dict[str, Any] = {
    "unknown kind": {
        "id": "foo_1",
        "object": "foo",
        "livemode": False,
        "opened_at": NOW,
        "shape": {"side": 3, "corner": None, "amount": 500},
        "currency": "jpy",
        "colour": "red",
        "amount_left": 1500,
        "name": "A foo",
        "status": "pending",
        "parts": [{"id": "prt_1", "object": "part"}, {"size": 2}],
        "tags": ["a", "b"],
        "none": None,
    },
    "deleted": {"id": "cus_1", "object": "customer", "deleted": True},
    "v2": {"id": "evt_1", "object": "v2.core.event", "created": "2026-05-28T20:26:40Z", "type": "v1.billing.error"},
    "no object": {"url": "https://example.com"},
}


def display(width: int, *, color: bool = False, full: bool = False) -> Display:
    return Display(width, color, NOW, KNOWN, full=full)


def cards(width: int) -> Iterator[str]:
    for name, body in {**OBJECTS, **OTHERS}.items():
        yield from ("", f"--- {name}", *card_lines(body, display(width)))


def lists(width: int) -> Iterator[str]:
    for name, body in {**LISTS, "odd": ODD, "empty": {"data": []}}.items():
        table = row_table(body["data"], display(width))
        yield from (
            "",
            f"--- {name}",
            *table.lines,
            f"cut: {', '.join(table.cut)}; left out: {', '.join(table.left_out)}",
        )


def compare(name: str, lines: Iterator[str]) -> str:
    text = "".join(f"{line}\n" for line in lines)
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(text.encode())
    assert text.encode() == file.read_bytes(), f"{name} differs"
    return text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_cards(width: int) -> None:
    text = compare(f"cards-{width}.txt", cards(width))
    assert max(map(text_width, text.split("\n"))) <= width


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lists(width: int) -> None:
    text = compare(f"lists-{width}.txt", lists(width))
    rows = [line for line in text.split("\n") if not line.startswith("cut: ")]
    assert max(map(text_width, rows)) <= width


def test_colours() -> None:
    lines = [*card_lines(OBJECTS["subscription"], display(80, color=True))]
    lines += row_table(LISTS["subscriptions"]["data"], display(80, color=True)).lines
    text = compare("color.txt", iter(lines))
    assert re.sub(r"\x1b\[[0-9]*m", "", text).splitlines() == [
        *card_lines(OBJECTS["subscription"], display(80)),
        *row_table(LISTS["subscriptions"]["data"], display(80)).lines,
    ]


def test_everything() -> None:
    text = compare("everything.txt", tree_lines(OBJECTS["subscription"], display(80)))
    assert "Pro monthly" in text


def test_a_card_has_about_ten_lines() -> None:
    for body in {**OBJECTS, **OTHERS}.values():
        assert len(list(card_lines(body, display(80)))) <= 12


def test_chosen_fields_are_lines_and_columns() -> None:
    chosen = Display(80, now=NOW, known=KNOWN, fields={"customer": ("email", "address.city")})
    assert list(card_lines(OBJECTS["customer"], chosen))[1:3] == [
        "  email         ann@example.com",
        "  address.city  Zürich",
    ]
    lines = row_table(LISTS["customers"]["data"], chosen).lines
    assert lines[0].split() == ["#", "email", "address.city"]


def test_full_rows_are_whole() -> None:
    row = LISTS["customers"]["data"][1]
    assert row["description"].strip() in "".join(row_table([row], display(80, full=True)).lines)


def test_thirty_kinds_have_a_layout() -> None:
    kinds = {body.get("object") for body in OBJECTS.values()} | {
        row["object"] for body in LISTS.values() for row in body["data"]
    }
    assert len(kinds & LAYOUTS.keys()) >= 30


def test_every_path_of_the_facts_is_a_member_that_stripe_answers() -> None:
    table = load_table()
    unknown = []
    for kind, layout in LAYOUTS.items():
        name = table.schema_of_object(kind)
        assert name, kind
        texts = [*layout.card, *layout.columns, *layout.title, layout.state, layout.brief, layout.cell]
        texts += [layout.id] * (layout.id != "id")
        for _, path in (part for text in filter(None, texts) for part in fact_line(text).parts):
            steps = tuple(re.findall(r"[^.\[\]]+", path))
            known = path in COMPUTED or response_field(table, table.schema(name), steps) is not None
            unknown += [] if known else [f"{kind}: {path}"]
    assert unknown == []


def test_the_separators_are_those_of_the_facts() -> None:
    words = {word for layout in LAYOUTS.values() for line in (*layout.card, layout.brief) for word in line.split()}
    assert {word for word in words if len(word) == 1 and not word.isalnum()} <= SEPARATORS


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (2000, "usd", "20.00 USD"),
        (123_456_789, "eur", "1,234,567.89 EUR"),
        (-5, "usd", "-0.05 USD"),
        (500_000, "jpy", "500,000 JPY"),
        (5125, "kwd", "5.125 KWD"),
        (0, "KWD", "0.000 KWD"),
    ],
)
def test_money(amount: int, currency: str, text: str) -> None:
    assert money_text(amount, currency) == text


@pytest.mark.parametrize(
    ("apart", "text"),
    [
        (0, "just now"),
        (-59, "just now"),
        (-120, "2 min ago"),
        (-3 * 3600, "3 h ago"),
        (-86_400 * 6, "6 d ago"),
        (-86_400 * 7, "21 Nov"),
        (-86_400 * 400, "24 Oct 2025"),
        (3 * 3600, "in 3 h"),
        (86_400 * 8, "6 Dec"),
    ],
)
def test_relative_times(apart: int, text: str) -> None:
    assert relative(NOW + apart, NOW) == text


def test_changes() -> None:
    before = {"id": "cus_1", "name": "Ann", "balance": 0, "currency": "usd", "metadata": {}, "tags": [1], "gone": 1}
    after = {"id": "cus_1", "name": "Anne", "balance": -750, "currency": "usd", "metadata": {"a": "b"}, "tags": []}
    found = changes(before, after)
    assert found == [
        ("name", "Ann", "Anne"),
        ("balance", "0.00 USD", "-7.50 USD"),
        ("metadata.a", "(none)", "b"),
        ("tags[0]", "1", "(none)"),
        ("gone", "1", "(none)"),
    ]
    assert next(change_lines(found, display(80))) == "  name        Ann → Anne"
    assert list(change_lines(found, display(80), most=2))[-1].startswith("  + 3 more changes")


@pytest.mark.parametrize("width", [30, 60, 80])
def test_changes_and_trees_fold_at_the_width_with_a_hanging_indent(width: int) -> None:
    body = {"description": "the order of last week " * 6, "name": "Ann Lee", "url": "https://example.com/" + "a" * 90}
    found = changes({"description": "an older text " * 9, "name": "Ann"}, body)
    for rows in (list(change_lines(found, display(width))), list(tree_lines(body, display(width)))):
        assert all(text_width(row) <= width or len(row.split()) <= 2 for row in rows), rows
        words = " ".join(rows).split()
        assert words.count("week") == 6 and body["url"] in words, "no word is lost or broken"
        assert all(row.startswith((" ", *body)) for row in rows)


def test_the_id_of_a_card_with_chosen_fields_is_the_id_alone() -> None:
    intent = OBJECTS["payment_intent"]
    known = {intent["id"]: intent}
    shown = list(card_lines(intent, Display(80, False, NOW, known, fields={"payment_intent": ("id", "amount")})))
    assert shown[1].split() == ["id", intent["id"]]


def test_nothing_has_changed() -> None:
    body = OBJECTS["invoice"]
    assert changes(body, json.loads(json.dumps(body))) == []


def test_short_ids() -> None:
    assert short_id("cus_mNLOvDoshT5442") == "cus_…5442"
    assert short_id("cs_test_a1b2c3d4e5f6") == "cs_test_…e5f6"
    assert short_id("OmsYa9J1") == "OmsYa9J1"


texts = st.text(st.characters(), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
bodies = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)
kinds = st.sampled_from([*LAYOUTS, "foo"])


@given(kinds, st.dictionaries(texts, bodies, max_size=6), st.sampled_from([10, 20, 80]))
def test_any_object_is_shown_and_nothing_drives_a_terminal(kind: str, body: dict[str, Any], width: int) -> None:
    body = {**body, "object": kind}
    shown = [
        *card_lines(body, display(width)),
        *row_table([body], display(width)).lines,
        *tree_lines(body, display(width)),
    ]
    shown += change_lines(changes({}, body), display(width))
    assert not UNSAFE.search("".join(shown))


@given(kinds, st.data())
def test_any_value_of_a_member_is_shown(kind: str, data: st.DataObject) -> None:
    paths = [path for text in LAYOUTS.get(kind, LAYOUTS["customer"]).card for _, path in fact_line(text).parts]
    names = {re.split(r"[.\[]", path)[0] for path in paths if path not in COMPUTED} | {
        "recurring",
        "card",
        "type",
    }
    body = {name: data.draw(bodies) for name in names} | {"object": kind, "id": "x_1"}
    shown = [*card_lines(body, display(80)), *row_table([body], display(80)).lines]
    assert not UNSAFE.search("".join(shown))
