"""SQLite files that an older version left behind: today's code does what is pending in them, and loses nothing.

The files are never made anew. Each is opened, its clocks are moved on, and what its accounts then hold is compared
with the JSON beside it. Ids and tokens that came into being after the file are numbered. `UPDATE_GOLDEN=1` writes the
JSON anew.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.errors import ConfigurationError
from stripe_shell.sandbox.storage.store import Store
from tests.record.corpus import take
from tests.record.sandboxes import Opened, deliver, lists, open_sandbox

Json = dict[str, Any]

FILES = Path(__file__).with_name("files")
STORED = ("billing", "jobs", "private", "statuses", "billing_4", "jobs_4")
DAY = 86_400
#: What may be an id or a token: the parts after the prefix.
TOKEN = re.compile(r"[0-9A-Za-z]{8,}")


def copied(name: str, folder: Path) -> Path:
    return Path(shutil.copy(FILES / f"{name}.db", folder))


def opened_at_its_end(path: Path, seed: int) -> tuple[Opened, list[str]]:
    """The file opened when its last object was made, and its accounts."""
    with closing(sqlite3.connect(path)) as connection:
        (now,) = connection.execute("SELECT max(created) FROM objects WHERE object != 'sandbox.due'").fetchone()
        accounts = [key for (key,) in connection.execute("SELECT id FROM accounts ORDER BY number")]
    return open_sandbox(path, now=now, seed=seed), accounts


def ask(opened: Opened, account: str, path: str, *, body: str = "", query: str = "") -> Json:
    """The answer to a POST with a body, to a GET without one."""
    request = {"method": "POST" if body else "GET", "path": path, "body": body, "query": query}
    answer = take(opened, {"at": opened.clock.seconds, "request": request, "account": None}, account)
    assert not opened.mistakes
    found: Json = json.loads(answer["body"])
    return found


def rows(opened: Opened, account: str, path: str) -> list[Json]:
    found: list[Json] = ask(opened, account, path, query="limit=100").get("data") or []
    return found


def state(opened: Opened, accounts: list[str]) -> Json:
    """Every object in every list, newest first; of an event its type and its object."""
    found: Json = {}
    for account in accounts:
        for path in lists():
            objects = [shown(obj) for obj in rows(opened, account, path)]
            if objects:
                found[f"{account} {path}"] = objects
    return found


def shown(obj: Json) -> Any:
    if obj["object"] != "event":
        return obj
    return f"{obj['type']} {obj['data']['object'].get('id')} {obj['pending_webhooks']}"


def names(found: Json) -> Json:
    """The state without what stands in its objects."""
    return {path: [obj if isinstance(obj, str) else obj.get("id") for obj in objs] for path, objs in found.items()}


def advance_test_clocks(opened: Opened, accounts: list[str]) -> None:
    for account in accounts:
        for clock in rows(opened, account, "/v1/test_helpers/test_clocks"):
            path = f"/v1/test_helpers/test_clocks/{clock['id']}/advance"
            for days in (11, 22, 33):  # no more than two weeks at a time are allowed
                moved = ask(opened, account, path, body=f"frozen_time={clock['frozen_time'] + days * DAY}")
                assert "error" not in moved


def lived(path: Path, seed: int) -> Json:
    """What the file holds when it is opened, an hour later, after its test clocks moved on, and 40 days later."""
    known = set(TOKEN.findall(path.read_bytes().decode("latin-1")))
    opened, accounts = opened_at_its_end(path, seed)
    stages: Json = {"opened": names(state(opened, accounts))}
    opened.clock.advance(3600)
    stages["an hour later"] = names(state(opened, accounts))
    advance_test_clocks(opened, accounts)
    stages["with test clocks moved on"] = state(opened, accounts)
    opened.clock.advance(40 * DAY)
    stages["40 days later"] = state(opened, accounts)
    opened.close()
    return numbered(stages, known)


def numbered(found: Json, known: set[str]) -> Json:
    """The same with each token that is not known replaced by its number, in the order in which they occur."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        token = match[0]
        if token in known or not re.search(r"\d|[a-z][A-Z]", token) or token.isdecimal():
            return token
        return numbers.setdefault(token, f"#{len(numbers) + 1}")

    return json.loads(TOKEN.sub(number, json.dumps(found)))


def compare(name: str, found: Json) -> None:
    golden = FILES / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(json.dumps(found, separators=(",", ":")).replace('{"id"', '\n{"id"') + "\n", encoding="utf-8")
    recorded = json.loads(golden.read_text(encoding="utf-8"))
    for stage, objects in recorded.items():
        for path, expected in objects.items():
            assert found[stage].get(path) == expected, (stage, path)
    assert found == recorded


@pytest.mark.parametrize("name", STORED)
def test_what_is_pending_is_done_in_time(name: str, tmp_path: Path) -> None:
    """Jobs run, subscriptions renew, and lists keep their order."""
    compare(name, lived(copied(name, tmp_path), seed=8))


#: What a job makes of its object: where it is found, its status in the file, and its status afterwards.
EFFECTS: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("checkout.session", "run_out"): ("/v1/checkout/sessions", "open", "expired"),
    ("dispute", "decide"): ("/v1/disputes", "under_review", "won"),
    ("payment_intent", "run_out"): ("/v1/payment_intents", "requires_capture", "canceled"),
    ("payment_intent", "settle"): ("/v1/payment_intents", "processing", "succeeded"),
    ("payout", "arrive"): ("/v1/payouts", "pending", "paid"),
    ("payout", "depart"): ("/v1/payouts", "pending", "paid"),
    ("refund", "fail"): ("/v1/refunds", "succeeded", "failed"),
    ("refund", "succeed"): ("/v1/refunds", "pending", "succeeded"),
    ("reporting.report_run", "finish"): ("/v1/reporting/report_runs", "pending", "succeeded"),
    ("topup", "arrive"): ("/v1/topups", "pending", "succeeded"),
}
#: Jobs that are looked at in a way of their own.
OTHERS = {("balance", "turned_available"), ("customer", "catch_up"), ("test_helpers.test_clock", "expire")}


def noted(path: Path) -> list[tuple[str, str, str, str, str]]:
    """The jobs in the file, each with its account, kind and method, and the id and status of its object."""
    query = """
        SELECT a.id, o.json, of.json FROM objects o JOIN accounts a ON a.number = o.account
        LEFT JOIN objects of ON of.account = o.account AND of.object = o.json ->> 'kind' AND of.id = o.json ->> 'key'
        WHERE o.object = 'sandbox.due'
    """
    with closing(sqlite3.connect(path)) as connection:
        found = [(row[0], json.loads(row[1]), json.loads(row[2] or "{}")) for row in connection.execute(query)]
    return [(account, note["kind"], note["method"], note["key"], obj.get("status", "")) for account, note, obj in found]


def test_every_job_leaves_its_effect(tmp_path: Path) -> None:
    """A payout arrives, a debit settles, a hold runs out: each kind of job that is noted stands in the file."""
    path = copied("jobs", tmp_path)
    jobs = noted(path)
    assert {(kind, method) for _, kind, method, _, _ in jobs} == {*EFFECTS, *OTHERS}
    opened, _ = opened_at_its_end(path, seed=9)
    opened.clock.advance(40 * DAY)
    seen = set()
    for account, kind, method, key, before in jobs:
        address, waits, after = EFFECTS.get((kind, method), ("", None, ""))
        if before == waits:
            assert ask(opened, account, f"{address}/{key}")["status"] == after, (kind, method)
            seen.add((kind, method))
        elif kind == "customer":
            assert renewed(rows(opened, account, "/v1/subscriptions"), opened.clock.seconds), (account, key)
        elif kind == "balance":
            assert all(money["amount"] == 0 for money in ask(opened, account, "/v1/balance")["pending"])
        elif method == "expire":
            answer = ask(opened, account, f"/v1/test_helpers/test_clocks/{key}")
            assert answer["error"]["code"] == "resource_missing"
    assert seen == set(EFFECTS)
    opened.close()


def renewed(subscriptions: list[Json], now: int) -> bool:
    """Whether each subscription that is listed is in a period that is not over."""
    items = [item for subscription in subscriptions for item in subscription["items"]["data"]]
    return all(item["current_period_start"] <= now < item["current_period_end"] for item in items)


def test_webhooks_are_delivered(tmp_path: Path) -> None:
    """What waits is delivered at once, what was put off in its time; an endpoint that fails is given up."""
    path = copied("webhooks", tmp_path)
    known = set(TOKEN.findall(path.read_bytes().decode("latin-1")))
    opened, accounts = opened_at_its_end(path, seed=8)
    opened.sandbox.load_pending_accounts()
    delivered: Json = {}

    def receive(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        event = json.loads(body)
        told = [opened.clock.seconds, event["type"], event["data"]["object"].get("id"), event.get("account")]
        if event["id"].partition("_")[2] in known:
            told += [event["id"], headers["Stripe-Signature"]]
        delivered.setdefault(url, []).append(told)
        return 500 if url.endswith("customers") else 200

    for seconds in (0, 180, 300, 3600, 3 * 3600, 3 * 3600, 10 * DAY):
        opened.clock.advance(seconds)
        opened.sandbox.catch_up()
        deliver(opened, receive)
    waiting = [event["pending_webhooks"] for account in accounts for event in rows(opened, account, "/v1/events")]
    opened.close()
    assert len(waiting) > 30
    compare("webhooks", {"delivered": delivered, "pending_webhooks": {"all": waiting}})


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    copied("jobs", tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX deliveries_in_order")  # which the migration drops after much else
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match=r"jobs\.db"):
        Store.open(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["jobs.db"]


def test_two_processes_that_open_an_old_file_at_once_migrate_it_once(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    copied("jobs", tmp_path)
    opened: list[Store] = []
    threads = [threading.Thread(target=lambda: opened.append(Store.open(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    with opened[0].read() as session, sqlite3.connect(FILES / "jobs.db") as old:
        notes = old.execute("SELECT count(*) FROM objects WHERE object = 'sandbox.due'").fetchone()
        assert session.rows("SELECT count(*) FROM jobs") == [notes]
        order = "SELECT id FROM objects WHERE object != 'sandbox.due' ORDER BY account, object, created, seq"
        assert session.rows(order) == old.execute(order).fetchall()
    old.close()
    for store in opened:
        store.close()
