"""`replay --update`: what is written into a page, and that all else stays as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .conftest import Command

MARKDOWN = """\
# Customers  \r
\r
```\r
/your-stripe-connection\r
action: create\r
entity: customer\r
email: a@b.co\r
name: Ann\r
```\r
\r
**Response:**\r
\r
```json\r
{ "id": "cus_1234567890" ,\t"name":"Bob",  "balance": 5, "metadata": {"a": 1},\r
   "address": "none", "email":   "a@b.co"}\r
```\r
\r
    /your-stripe-connection\r
    action: create\r
    entity: payment_intent\r
    amount: 500\r
    currency: usd\r
    customer: cus_1234567890\r
\r
The end.\r
"""


def test_only_the_leaves_that_differ_are_rewritten(stripe_shell: Command, home: Path) -> None:
    page = home / "page.md"
    page.write_bytes(MARKDOWN.replace(', "metadata": {"a": 1}', "").encode())
    result = stripe_shell("replay", "page.md", "--update")
    assert result.code == 0
    assert [line for line in result.out.splitlines() if line.startswith("updated")] == [
        'updated  name: "Bob" → "Ann"',
        "updated  balance: 5 → 0",
        'updated  address: "none" → null',
    ]
    wanted = MARKDOWN.replace(', "metadata": {"a": 1}', "")
    for before, after in (('"Bob"', '"Ann"'), ('"balance": 5', '"balance": 0'), ('"none"', "null")):
        wanted = wanted.replace(before, after)
    assert page.read_bytes().decode() == wanted
    assert stripe_shell("replay", "page.md").code == 0


def test_what_an_answer_lacks_is_not_removed(stripe_shell: Command, home: Path) -> None:
    page = home / "page.md"
    page.write_bytes(MARKDOWN.encode())
    result = stripe_shell("replay", "page.md", "--update")
    assert result.code == 4
    assert "metadata.a" in result.err
    assert page.read_bytes() == MARKDOWN.encode()


def test_missing_answers_are_filled_in_and_nothing_else_is_changed(stripe_shell: Command, home: Path) -> None:
    page = home / "page.md"
    page.write_bytes(MARKDOWN.encode())
    result = stripe_shell("replay", "page.md", "--update=new")
    assert result.code == 4
    text = page.read_bytes().decode()
    head, tail = MARKDOWN.split("    customer: cus_1234567890\r\n")
    assert text.startswith(f"{head}    customer: cus_1234567890\r\n    Response:\r\n    {{\r\n")
    assert text.endswith(f"    }}\r\n{tail}")
    assert "\n" not in text.replace("\r\n", "")
    filled = text[len(head) : -len(tail)]
    assert '"customer": "cus_1234567890"' in filled
    assert re.search(r'"id": "pi_\d{10}"', filled)
    for volatile in ("created", "client_secret"):
        assert volatile not in filled


@pytest.mark.parametrize("name", ["page.md", "page.rst", "page.txt"])
def test_a_page_that_was_filled_in_replays(name: str, stripe_shell: Command, home: Path) -> None:
    blocks = """\
/your-stripe-connection
action: create
entity: customer
email: a@b.co
name: Ann
payment_method: pm_card_visa

/your-stripe-connection
action: create
entity: product
name: Gold

/your-stripe-connection list customers limit=3

/your-stripe-connection
action: create
entity: price
unit_amount: 500
currency: usd
product_data.name: x
"""
    indent = "   " if name == "page.rst" else ""
    start = {"page.md": "Text.\n\n```\n", "page.rst": "Text::\n\n", "page.txt": "Text.\n\n"}[name]
    end = "```\n" if name == "page.md" else "\nThe end.\n"
    body = "".join(f"{indent}{line}\n" if line else "\n" for line in blocks.splitlines())
    (home / name).write_text(f"{start}{body}{end}")
    assert stripe_shell("replay", name, "--update=new").code == 0
    text = (home / name).read_text()
    assert text.count("Response:") == 4
    assert text.startswith(start)
    assert text.endswith(end)
    result = stripe_shell("replay", name)
    assert result.code == 0, result.err
    assert "4 of 4 examples" in result.out
    assert stripe_shell("replay", name, "--update").code == 0
    assert (home / name).read_text() == text


def test_the_ids_of_a_page_stay_symbols(stripe_shell: Command, home: Path) -> None:
    page = home / "page.txt"
    page.write_text(
        "/your-stripe-connection create customer email=a@b.co name=A\nResponse:\n"
        '{"id": "cus_1234567890"}\n\n'
        "/your-stripe-connection\naction: create\nentity: payment_intent\namount: 500\ncurrency: usd\n"
        "customer: cus_1234567890\npayment_method: pm_card_visa\nallowed_payment_method_types: card\n"
        'Response:\n{"customer": "none", "payment_method": "none"}\n'
    )
    assert stripe_shell("replay", "page.txt", "--update").code == 0
    text = page.read_text()
    assert '"customer": "cus_1234567890"' in text
    assert re.search(r'"payment_method": "pm_\d{10}"', text)
    assert stripe_shell("replay", "page.txt").code == 0


def test_what_an_erratum_settles_is_left(stripe_shell: Command, home: Path) -> None:
    page = "/your-stripe-connection create customer email=a@b.co name=A\nResponse:\n{" + '"name": "B", "email": "x"}\n'
    (home / "page.txt").write_text(page)
    (home / "page.errata.toml").write_text(
        '[[erratum]]\nexample = "create customer"\npath = "name"\nsays = "B"\nexpect = "A"\nreason = "r"\n'
    )
    assert stripe_shell("replay", "page.txt", "--update").code == 0
    assert (home / "page.txt").read_text() == page.replace('"x"', '"a@b.co"')


def test_a_call_that_fails_updates_nothing(stripe_shell: Command, home: Path) -> None:
    page = "/your-stripe-connection get customer id=cus_none\n"
    (home / "page.txt").write_text(page)
    assert stripe_shell("replay", "page.txt", "--update=new").code == 3
    assert (home / "page.txt").read_text() == page


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("replay", "-", "--update"), "standard input"),
        (("replay", "page.txt", "--update=old"), "--update is one of all, new"),
    ],
)
def test_what_cannot_be_updated_is_1(words: tuple[str, ...], why: str, stripe_shell: Command, home: Path) -> None:
    (home / "page.txt").write_text("/sandbox list customers\n")
    result = stripe_shell(*words)
    assert result.code == 1
    assert why in result.err
