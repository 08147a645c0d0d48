"""What the menus of the table are drawn from: a session with a few objects, names, files and connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stripe_shell.lang.cursor import cursor_context
from stripe_shell.repl.commands import commands
from stripe_shell.spec.table import load_table
from stripe_shell.suggest.known import IdScope, KnownIds
from stripe_shell.suggest.menu import suggest
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources

NOW = 1_769_860_800
DAY = 86_400
SANDBOX, TEST, LIVE = IdScope("sandbox", "sandbox"), IdScope("eu-test", "test"), IdScope("stripe", "live")

CUSTOMERS = [
    {"id": "cus_Ann1", "name": "Ann Lee", "email": "ann@x.co", "created": NOW - 2 * DAY},
    {"id": "cus_Zoe2", "name": "Зоя Ли", "email": "zoe@пример.рф", "created": NOW - 3 * 3600},
    {"id": "cus_Jo3", "name": "José Groß", "email": "jose@y.co", "created": NOW - 40 * DAY},
    {"id": "cus_Wei4", "name": "王伟", "created": NOW - 800 * DAY, "metadata": {"order.id": "7", "plan": "gold"}},
]
OTHERS = [
    {"id": "price_Pro1", "object": "price", "nickname": "Pro plan", "unit_amount": 2000, "currency": "usd",
     "recurring": {"interval": "month"}, "product": "prod_1"},
    {"id": "price_Yen2", "object": "price", "unit_amount": 500, "currency": "jpy"},
    {"id": "pi_1", "object": "payment_intent", "amount": 1999, "currency": "eur", "description": "Order 42"},
    {"id": "pm_1", "object": "payment_method", "card": {"brand": "visa", "last4": "4242"}},
    {"id": "clock_1", "object": "test_helpers.test_clock", "name": "leap"},
    {"id": "acct_1", "object": "account", "email": "shop@x.co"},
    {"id": "sub_1", "object": "subscription", "status": "active"},
    {"id": "sub_2", "object": "subscription", "items": {"data": [{"id": "si_1", "price": {"nickname": "Pro plan"}}]}},
    {"id": "in_1", "object": "invoice", "number": "A-0001", "total": 2000, "currency": "usd"},
    {"id": "prod_1", "object": "product", "name": "Gold"},
]  # fmt: skip
SAVED = {"id": "cus_9", "object": "customer", "address": {"city": "Oslo"}, "tags": ["a", "b"]}
FILES = ("setup.stripe", "customers.csv", "my rows.csv", "notes.txt", "out.jsonl", ".hidden.stripe")
FOLDERS = {"scripts": ("nightly.stripe", "rows.csv"), ".git": ("config.stripe",)}


def known() -> KnownIds:
    found = KnownIds()
    found.learn(SANDBOX, {"object": "list", "data": [{"object": "customer", **row} for row in CUSTOMERS]})
    found.learn(SANDBOX, OTHERS)
    found.learn(TEST, {"id": "cus_test", "object": "customer"})
    found.learn(LIVE, {"id": "cus_live", "object": "customer"})
    return found


def date_of(text: str) -> str:
    """The date of a few times, as the prompt says it."""
    return {"now+14d": "Sat 14 Feb 2026", "now-1d": "Fri 30 Jan 2026 12:00 UTC"}.get(text, "")


def sources(place: IdScope | None = SANDBOX, **changes: Any) -> SuggestionSources:
    given: dict[str, Any] = {
        "table": load_table(),
        "known": known(),
        "place": place,
        "connections": {"sandbox": "sandbox", "stripe": "LIVE", "eu-test": "test"},
        "names": {"customer": SAVED, "last": SAVED, "plan": "gold", "now": "epoch seconds"},
        "environment": ["PRICE_ID", "HOME"],
        "commands": commands(),
        "now": float(NOW),
        "date_of": date_of,
        "blocks": lambda: ["refund-last", "new-customer"],
        "snapshots": lambda: {"seeded": "28 Nov 2026 15:08 · 2 objects", "last": "28 Nov 2026 15:00 · 1 object"},
    }
    return SuggestionSources(**(given | changes))


def offers(marked: str, around: SuggestionSources) -> list[Suggestion]:
    """The suggestions for a text whose cursor is at `|`."""
    before, _, after = marked.partition("|")
    return suggest(cursor_context(before + after, len(before)), around)


def make_files(folder: Path) -> None:
    """The files that the menus offer."""
    for name in FILES:
        (folder / name).write_text("email,full name\n" if name.endswith(".csv") else "", encoding="utf-8")
    for name, inner in FOLDERS.items():
        (folder / name).mkdir()
        for file in inner:
            (folder / name / file).write_text("", encoding="utf-8")
