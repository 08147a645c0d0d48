"""F1 on the word at the cursor, and the panel of F3 on the field."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.repl.word_help import field_lines, help_at, word_at
from tests.repl.fakes import session
from tests.repl.test_terminal import opened

BLOCK = "/sandbox\naction: create\nentity: subscription\nitems[0].price_data.currency: usd\ncustomer: cus_1\n@as x"


@pytest.mark.parametrize(
    ("text", "at", "wanted"),
    [
        ("create customer email=a@b.co", "customer", ["POST /v1/customers", "email"]),
        ("create customer email=a@b.co", "email", ["create customer · email: string"]),
        ("create customer email=a@b.co", "b.co", ["create customer · email: string"]),
        ("create customer email=a@b.co", "create", ["create: "]),
        ("@watch 5s", "watch", ["@watch 5s"]),
        (
            BLOCK,
            "price_data",
            ["items[].price_data.currency", "required", "in items[].price_data: object", "in items: array"],
        ),
        (BLOCK, "cus_1", ["create subscription · customer: "]),
        (BLOCK, "as x", ["@as NAME"]),
        ("get customer id=cus_1", "cus_1", ["retrieve customer · id: the id of the customer"]),
        ("", "", ["A block talks to Stripe"]),
        ("frobnicate", "frob", ["there is no help on `frobnicate`"]),
    ],
)
def test_help_on_the_word_at_the_cursor(text: str, at: str, wanted: list[str]) -> None:
    shown = help_at(session()[0], text, text.index(at))
    assert [words for words in wanted if words not in shown] == []


def test_word_at() -> None:
    assert word_at("a bcd e", 3) == ("bcd", 5)
    assert word_at("a  ", 2) == ("", 2)


def test_no_field() -> None:
    assert list(field_lines(session()[0], "create customer email=a", 3)) == []


def test_in_a_terminal(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.type("create customer tax_exempt=none")
        terminal.type("\x1bOR")
        terminal.wait("create customer · tax_exempt: ")
        terminal.type("\x1bOR")
        terminal.wait(lambda text: "tax_exempt: " not in text)
        terminal.type("\x1bOP")
        terminal.wait(lambda text: "· tax_exempt: " in text.split("sandbox> create customer tax_exempt=none")[0])
