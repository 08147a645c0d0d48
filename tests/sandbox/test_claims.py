"""Scheduled jobs and deliveries under two workers: whatever the order of their transactions, each is done once."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.webhooks.deliveries import Deliveries
from stripe_shell.spec.table import load_table

from .conftest import NOW, Client
from .turns import SteppedStore, take_turns

DEBIT = {
    "amount": 2000,
    "currency": "usd",
    "payment_method_types": ["us_bank_account"],
    "payment_method": "pm_usBankAccount_success",
    "confirm": True,
    "mandate_data": {"customer_acceptance": {"type": "offline"}},
}

REPORT = {"report_type": "balance.summary.1", "parameters": {"interval_start": 1, "interval_end": 2}}

#: Every order of the first six transactions of two workers; after them they alternate.
SCHEDULES = [list(schedule) for schedule in itertools.product((0, 1), repeat=6)]


def open_stepped(path: Path, seed: int) -> Client:
    """A client of a sandbox on a file whose transactions can be ordered."""
    clock = FixedClock(NOW)
    mistakes: list[Exception] = []
    sandbox = Sandbox(SteppedStore(path), load_table(), clock, RandomIds(seed), on_error=mistakes.append)
    return Client(sandbox, clock, mistakes)


def store_of(client: Client) -> SteppedStore:
    store = client.sandbox.store
    assert isinstance(store, SteppedStore)
    return store


def hold(client: Client) -> None:
    """Keep the jobs of the next requests from running: as if they all came at the same moment."""
    client.sandbox._catch_up = lambda *_: None  # type: ignore[method-assign]


def release(client: Client) -> None:
    del client.sandbox._catch_up


#: How many bank debits, report runs and top-ups wait. Where a single job waits, it is the last row that was written.
WAITING = {"a debit": (1, 0, 0), "a report": (0, 1, 0), "a top-up": (0, 0, 1), "several": (2, 1, 1)}


@pytest.mark.parametrize("waiting", WAITING.values(), ids=WAITING)
@pytest.mark.parametrize("separate", [False, True], ids=["one server", "two on one file"])
def test_each_job_is_done_once_and_no_row_is_lost(
    tmp_path: Path, separate: bool, waiting: tuple[int, int, int]
) -> None:
    debits, reports, many = waiting
    for number, schedule in enumerate(SCHEDULES):
        path = tmp_path / f"{number}.db"
        first = open_stepped(path, 7)
        second = open_stepped(path, 8) if separate else first
        hold(first)
        payments = [first.post("/v1/payment_intents", DEBIT)["id"] for _ in range(debits)]
        runs = [first.post("/v1/reporting/report_runs", REPORT)["id"] for _ in range(reports)]
        topups = [first.post("/v1/topups", {"amount": 500, "currency": "usd"})["id"] for _ in range(many)]
        release(first)
        second.sandbox.accounts.number(first.sandbox.account)
        stores = [store_of(first), store_of(second)] if separate else [store_of(first)]
        take_turns(stores, schedule, [first.sandbox.catch_up, second.sandbox.catch_up])
        check_ledger(first, payments, runs, topups)
        for client in (first, second):
            assert client.mistakes == [], schedule
            client.sandbox.store.close()


def check_ledger(client: Client, payments: list[str], runs: list[str], topups: list[str]) -> None:
    """Every id that is named exists, the ledger sums to the balance, each job has left its effect once."""
    entries = client.get("/v1/balance_transactions", {"limit": 100})["data"]
    ids = {entry["id"] for entry in entries}
    for payment in payments:
        intent = client.get(f"/v1/payment_intents/{payment}", {"expand": ["latest_charge"]})
        assert intent["status"] == "succeeded"
        assert intent["latest_charge"]["balance_transaction"] in ids
    for topup in topups:
        assert client.get(f"/v1/topups/{topup}")["balance_transaction"] in ids
    balance = client.get("/v1/balance")
    told = sum(amount["amount"] for part in ("available", "pending") for amount in balance[part])
    assert told == sum(entry["net"] for entry in entries)
    assert len(entries) == len(payments) + len(topups)
    happened = Counter((event["type"], event["data"]["object"].get("id")) for event in client.events())
    for run in runs:
        assert happened["reporting.report_run.succeeded", run] == 1
    for payment in payments:
        assert happened["payment_intent.succeeded", payment] == 1
    for topup in topups:
        assert happened["topup.succeeded", topup] == 1


@pytest.mark.parametrize("separate", [False, True], ids=["one server", "two on one file"])
def test_each_delivery_is_sent_once(tmp_path: Path, separate: bool) -> None:
    for number, schedule in enumerate(SCHEDULES):
        path = tmp_path / f"{number}.db"
        first = open_stepped(path, 7)
        second = open_stepped(path, 8) if separate else first
        first.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
        for name in "abc":
            first.post("/v1/customers", {"name": name})
        sent: Counter[str] = Counter()

        def send(_url: str, body: bytes, _headers: Any, sent: Counter[str] = sent) -> int:
            sent[body.decode()] += 1
            return 200 if sent.total() % 3 else 500  # every third attempt fails

        stores = [store_of(first), store_of(second)] if separate else [store_of(first)]
        workers = [
            Deliveries(store_of(client), client.clock, send, retry_after=(0, 0, 0)) for client in (first, second)
        ]
        take_turns(stores, schedule, [lambda each=each: deliver_all(each) for each in workers])  # type: ignore[misc]
        deliver_all(workers[0])
        assert len(sent) == 3, schedule
        assert sent.total() == 4, schedule  # three deliveries, and one that was tried again
        assert [event["pending_webhooks"] for event in first.events()] == [0, 0, 0]
        for client in (first, second):
            client.sandbox.store.close()


def deliver_all(deliveries: Deliveries) -> None:
    """Carry out what is due, until nothing is due any more."""
    while found := deliveries.due():
        for waiting in found.values():
            for delivery in waiting:
                deliveries.deliver(delivery)


def test_a_number_is_never_used_again(tmp_path: Path) -> None:
    """SQLite gives the number of a deleted last row out again unless it is told not to."""
    client = open_stepped(tmp_path / "s.db", 7)
    for table, ask in (
        ("objects", lambda: client.post("/v1/customers")),
        ("jobs", lambda: client.post("/v1/topups", {"amount": 500, "currency": "usd"})),
    ):
        hold(client)
        ask()
        before = highest(client, table)
        client.sandbox.reset()
        ask()
        assert highest(client, table) > before
        release(client)
    client.sandbox.store.close()


def highest(client: Client, table: str) -> int:
    with client.sandbox.store.read() as session:
        ((number,),) = session.rows(f"SELECT max(seq) FROM {table}")
    assert isinstance(number, int)
    return number
