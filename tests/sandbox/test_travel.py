"""Back and forward: snapshots, undo, clocks that are moved."""

from __future__ import annotations

import json
import random
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.control.routes import answer_private
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.storage.queues import add_delivery, add_job, claim_delivery, due_deliveries
from stripe_shell.sandbox.storage.schema import SCHEMA_VERSION
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request

from .conftest import NOW, Client

ENDPOINT = {"url": "http://127.0.0.1:1/", "enabled_events": ["customer.created"]}
TABLES = ("accounts", "objects", "links", "idempotency", "jobs", "deliveries")


def client(path: Path | None, seed: int = 7) -> Client:
    clock = FixedClock(NOW)
    mistakes: list[Exception] = []
    store = Store.open(path)
    sandbox = Sandbox(store, load_table(), clock, RandomIds(seed), on_error=mistakes.append, undo=True)
    return Client(sandbox, clock, mistakes)


@pytest.fixture(params=["memory", "file"])
def stripe(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    made = client(tmp_path / "sandbox.db" if request.param == "file" else None)
    yield made
    made.sandbox.store.close()


def ask(stripe: Client, route: str, **body: Any) -> dict[str, Any]:
    request = Request("POST", f"/_sandbox/{route}", body=json.dumps(body).encode())
    response = answer_private(stripe.sandbox, request)
    found: dict[str, Any] = response.json()
    assert response.ok, found
    return found


def refusal(stripe: Client, route: str, **body: Any) -> str:
    response = answer_private(stripe.sandbox, Request("POST", f"/_sandbox/{route}", body=json.dumps(body).encode()))
    assert response.status == 400
    return str(response.json()["error"]["message"])


def content(stripe: Client) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table; the row that reserves numbers belongs to no account."""
    with stripe.sandbox.store.read() as session:
        return {
            table: session.rows(
                f"SELECT * FROM {table} {'WHERE account <> 0' if table == 'objects' else ''} ORDER BY 1, 2, 3"
            )
            for table in TABLES
        }


def write_at_random(stripe: Client, count: int, seed: int) -> None:
    """Creates, changes, deletes, pays and fails, with idempotency keys, jobs and deliveries."""
    choose = random.Random(seed)
    customers = [each["id"] for each in stripe.get("/v1/customers", {"limit": 100})["data"]]
    for number in range(count):
        key = f"key-{seed}-{number}" if number % 3 == 0 else None
        match choose.randrange(8) if customers else 0:
            case 0 | 1:
                customers.append(stripe.post("/v1/customers", {"email": f"{number}@x.co"}, key=key)["id"])
            case 2 | 3:
                stripe.post(f"/v1/customers/{choose.choice(customers)}", {"name": f"N{number}"}, key=key)
            case 4:
                gone = customers.pop(choose.randrange(len(customers)))
                stripe.delete(f"/v1/customers/{gone}")
            case 5:
                card = choose.choice(["pm_card_visa", "pm_card_chargeDeclined"])
                stripe.send("POST", "/v1/payment_intents", intent(card, choose.choice(customers)), key=key)
            case 6:
                stripe.send("POST", "/v1/webhook_endpoints", ENDPOINT)
            case _:
                stripe.post("/v1/products", {"name": f"P{number}"}, key=key)


def intent(card: str, customer: str) -> dict[str, Any]:
    methods = {"allowed_payment_method_types": ["card"]}
    return {"amount": 2000, "currency": "usd", "payment_method": card, "customer": customer, "confirm": True, **methods}


# --- snapshots ------------------------------------------------------------------------------------------------------


def test_rollback_after_a_thousand_random_writes(stripe: Client) -> None:
    write_at_random(stripe, 60, seed=1)
    before = content(stripe)
    assert ask(stripe, "snapshot")["name"] == "last"
    write_at_random(stripe, 1000, seed=2)
    assert content(stripe)["objects"] != before["objects"]
    assert ask(stripe, "rollback")["changed"] > 1000
    assert content(stripe) == before
    write_at_random(stripe, 50, seed=3)  # and it works on
    ask(stripe, "rollback", name="last")
    assert content(stripe) == before


def test_two_sessions_on_the_file(tmp_path: Path) -> None:
    one, other = client(tmp_path / "sandbox.db"), client(tmp_path / "sandbox.db", seed=8)
    write_at_random(one, 40, seed=1)
    before = content(other)
    ask(one, "snapshot", name="seeded")
    write_at_random(one, 500, seed=2)
    write_at_random(other, 500, seed=3)
    with other.sandbox.store.read() as reading:  # a reader keeps what it began with
        count = reading.rows("SELECT count(*) FROM objects")
        ask(one, "rollback", name="seeded")
        assert reading.rows("SELECT count(*) FROM objects") == count
    assert content(one) == before
    assert content(other) == before
    write_at_random(other, 100, seed=4)
    ask(other, "rollback")  # the other one knows the snapshot too
    assert content(one) == before


def test_numbers_are_not_used_twice(stripe: Client) -> None:
    first = stripe.post("/v1/customers", {})["id"]
    ask(stripe, "snapshot")
    with stripe.sandbox.store.write() as session:
        number = session.account(stripe.sandbox.account) or 0
        add_delivery(session, number, "evt_1", (number, "we_1"), NOW)
        add_job(session, number, at=NOW + 9, kind="x", key="x", method="x", time=NOW, platform="x")
        stale = due_deliveries(session, NOW)[0]
    stripe.post("/v1/customers", {})
    with stripe.sandbox.store.read() as session:
        highest = {table: session.rows(f"SELECT max(seq) FROM {table}") for table in ("objects", "jobs", "deliveries")}
    ask(stripe, "rollback")
    stripe.post("/v1/customers", {})
    with stripe.sandbox.store.write() as session:
        add_delivery(session, number, "evt_2", (number, "we_1"), NOW)
        add_job(session, number, at=NOW + 9, kind="y", key="y", method="y", time=NOW, platform="y")
        assert not claim_delivery(session, stale, "worker", NOW)
        for table, rows in highest.items():
            assert session.rows(f"SELECT max(seq) FROM {table}") > rows, table
    assert stripe.get("/v1/customers", {"starting_after": first})["data"] == []


def test_accounts_stay(stripe: Client) -> None:
    ask(stripe, "snapshot")
    account = stripe.sandbox.account_of_key("sk_test_another_one")
    assert stripe.send("POST", "/v1/customers", {}, account=account).ok
    ask(stripe, "rollback")
    assert stripe.sandbox.account_of_key("sk_test_another_one") == account
    assert json.loads(stripe.send("GET", "/v1/customers", account=account).body)["data"] == []


def test_names_of_snapshots(stripe: Client) -> None:
    assert "there is no snapshot yet" in refusal(stripe, "rollback")
    ask(stripe, "snapshot", name="empty")
    stripe.post("/v1/customers", {})
    stripe.clock.advance(60)
    assert ask(stripe, "snapshot", name="one") == {"name": "one", "taken": NOW + 60, "objects": 2}
    assert [each["name"] for each in ask(stripe, "snapshots")["snapshots"]] == ["one", "empty"]
    assert ask(stripe, "rollback", name="empty")["changed"] > 0
    assert "there are one, empty" in refusal(stripe, "rollback", name="two")
    assert "no name of a snapshot" in refusal(stripe, "snapshot", name="../x")
    assert ask(stripe, "drop", name="one")["name"] == "one"
    assert [each["name"] for each in ask(stripe, "snapshots")["snapshots"]] == ["empty"]


def test_snapshots_of_a_file_lie_beside_it(tmp_path: Path) -> None:
    made = client(tmp_path / "sandbox.db")
    (tmp_path / "sandbox.db.snapshot-last.partial").write_text("of a process that was killed")
    ask(made, "snapshot")
    ask(made, "snapshot")
    file = tmp_path / "sandbox.db.snapshot-last"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made.sandbox.store.close()
    again = client(tmp_path / "sandbox.db")
    ask(again, "rollback")
    ask(again, "drop", name="last")
    assert not [path.name for path in tmp_path.iterdir() if "snapshot" in path.name]


def test_what_is_no_snapshot(tmp_path: Path) -> None:
    made = client(tmp_path / "sandbox.db")
    ask(made, "snapshot", name="old")
    import sqlite3

    copy = sqlite3.connect(tmp_path / "sandbox.db.snapshot-old")
    copy.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
    copy.close()
    assert "another release" in refusal(made, "rollback", name="old")
    (tmp_path / "sandbox.db.snapshot-text").write_text("no database")
    assert "is no snapshot" in refusal(made, "rollback", name="text")
    (tmp_path / "sandbox.db.snapshot-text").unlink()
    ask(made, "drop", name="old")


def test_caches_follow_a_rollback(stripe: Client) -> None:
    ask(stripe, "snapshot")
    stripe.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:1/", "enabled_events": ["*"]})
    stripe.post("/v1/customers", {})
    assert stripe.events()[-1]["pending_webhooks"] == 1
    ask(stripe, "rollback")
    stripe.post("/v1/customers", {})
    assert stripe.events()[-1]["pending_webhooks"] == 0


# --- undo -----------------------------------------------------------------------------------------------------------


def test_undo_takes_one_write_after_the_other_back(stripe: Client) -> None:
    states = []
    choose = random.Random(5)
    for step in range(60):
        before = content(stripe)
        write_at_random(stripe, 1, seed=choose.randrange(10**6) + step)
        if content(stripe)["objects"] != before["objects"]:  # a name may be given that the customer has already
            states.append(before)
        if step % 2:
            stripe.refused("POST", "/v1/customers/cus_nobody", {"name": "x"})  # changes nothing
        stripe.get("/v1/customers")
    assert len(states) > 40
    for state in reversed(states):
        ask(stripe, "undo")
        assert content(stripe) == state
    assert "nothing to undo" in refusal(stripe, "undo")


def test_undo_of_changes_and_deletions(stripe: Client) -> None:
    customer = stripe.post("/v1/customers", {"name": "Ann"})["id"]
    before = content(stripe)
    stripe.post(f"/v1/customers/{customer}", {"name": "Anne"}, key="k1")
    stripe.delete(f"/v1/customers/{customer}")
    undone = ask(stripe, "undo")
    assert undone["title"] == f"DELETE /v1/customers/{customer}"
    assert ["changed", "customer", customer] in undone["objects"]
    assert stripe.get(f"/v1/customers/{customer}")["name"] == "Anne"
    assert ask(stripe, "undo")["title"] == f"POST /v1/customers/{customer}"
    assert content(stripe) == before


def test_undo_of_a_key_that_was_used_again(stripe: Client) -> None:
    stripe.post("/v1/products", {"name": "P"}, key="k")
    stripe.clock.advance(25 * 3600)  # the key has expired: its answer is replaced
    before = content(stripe)
    stripe.post("/v1/products", {"name": "Q"}, key="k")
    ask(stripe, "undo")
    assert content(stripe) == before


def test_undo_is_refused_after_a_write_of_another_session(tmp_path: Path) -> None:
    one, other = client(tmp_path / "sandbox.db"), client(tmp_path / "sandbox.db", seed=8)
    one.post("/v1/customers", {})
    other.post("/v1/customers", {})
    before = content(one)
    assert "another session has written" in refusal(one, "undo")
    assert content(one) == before
    one.post("/v1/products", {"name": "P"})
    assert ask(one, "undo")["title"] == "POST /v1/products"
    assert content(one) == before


def test_undo_does_not_reach_behind_a_rollback_or_a_reset(stripe: Client) -> None:
    ask(stripe, "snapshot")
    stripe.post("/v1/customers", {})
    ask(stripe, "rollback")
    assert "nothing to undo" in refusal(stripe, "undo")
    stripe.post("/v1/customers", {})
    ask(stripe, "reset")
    assert "nothing to undo" in refusal(stripe, "undo")


def test_undo_reuses_no_number(stripe: Client) -> None:
    stripe.post("/v1/customers", {})
    with stripe.sandbox.store.read() as session:
        highest = session.highest() or 0
    ask(stripe, "undo")
    stripe.post("/v1/customers", {})
    with stripe.sandbox.store.read() as session:
        assert session.rows("SELECT min(seq) FROM objects WHERE account <> 0") > [(highest,)]


def test_only_the_last_hundred_writes_are_kept(stripe: Client) -> None:
    for _ in range(105):
        stripe.post("/v1/products", {"name": "P"})
    for _ in range(100):
        ask(stripe, "undo")
    assert "nothing to undo" in refusal(stripe, "undo")
    assert len(stripe.get("/v1/products")["data"]) == 5


def test_without_undo(tmp_path: Path) -> None:
    plain = Client(Sandbox(Store.open()), FixedClock(NOW))
    assert "take a @snapshot" in refusal(plain, "undo")


# --- clocks ---------------------------------------------------------------------------------------------------------


def subscribe(stripe: Client) -> str:
    customer = stripe.post("/v1/customers", {"payment_method": "pm_card_visa"})["id"]
    methods = stripe.get("/v1/payment_methods", {"customer": customer})["data"]
    stripe.post(f"/v1/customers/{customer}", {"invoice_settings": {"default_payment_method": methods[0]["id"]}})
    data = {"currency": "usd", "unit_amount": 2000, "recurring": {"interval": "month"}, "product_data": {"name": "Pro"}}
    price = stripe.post("/v1/prices", data)["id"]
    return str(stripe.post("/v1/subscriptions", {"customer": customer, "items": [{"price": price}]})["id"])


def test_a_month_passes(stripe: Client) -> None:
    subscription = subscribe(stripe)
    assert len(stripe.get("/v1/invoices")["data"]) == 1
    before = content(stripe)
    moved = ask(stripe, "clock", months=1, seconds=2 * 3600)
    assert [clock["clock"]["name"] for clock in moved["clocks"]] == ["@clock"]
    assert moved["clocks"][0]["before"] == NOW
    types = [event["type"] for event in moved["events"]]
    assert "invoice.paid" in types
    assert "customer.subscription.updated" in types
    assert len(stripe.get("/v1/invoices")["data"]) == 2
    assert stripe.get(f"/v1/subscriptions/{subscription}")["items"]["data"][0]["current_period_start"] > NOW
    again = ask(stripe, "clock", months=3)
    assert len(again["clocks"]) == 1
    assert [event["type"] for event in again["events"]].count("invoice.paid") == 3
    ask(stripe, "undo")
    ask(stripe, "undo")
    assert content(stripe) == before


def test_clocks_that_stand_already_are_moved(stripe: Client) -> None:
    clock = stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": NOW - 86_400, "name": "mine"})
    stripe.post("/v1/customers", {"test_clock": clock["id"]})
    moved = ask(stripe, "clock", seconds=86_400)
    assert [(each["clock"]["name"], each["clock"]["frozen_time"]) for each in moved["clocks"]] == [("mine", NOW)]


def test_clocks_move_forward_only_and_not_too_far(stripe: Client) -> None:
    before = content(stripe)
    assert "forward" in refusal(stripe, "clock", seconds=-5)
    assert "forward" in refusal(stripe, "clock")
    assert "two years" in refusal(stripe, "clock", months=25)
    assert content(stripe) == before


def test_an_older_version_shows_what_was_put_back(stripe: Client) -> None:
    """A promotion code shows its coupon there, and is itself the same before and after."""
    coupon = stripe.post("/v1/coupons", {"percent_off": 5, "duration": "forever", "name": "first"})["id"]
    code = stripe.post("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}})["id"]

    def name() -> str:
        shown = stripe.get(f"/v1/promotion_codes/{code}", headers={"Stripe-Version": "2020-08-27"})
        return str(shown["coupon"]["name"])

    ask(stripe, "snapshot", name="before")
    assert name() == "first"
    stripe.post(f"/v1/coupons/{coupon}", {"name": "second"})
    assert name() == "second"
    ask(stripe, "undo")
    assert name() == "first"
    stripe.post(f"/v1/coupons/{coupon}", {"name": "third"})
    assert name() == "third"
    ask(stripe, "rollback", name="before")
    assert name() == "first"
