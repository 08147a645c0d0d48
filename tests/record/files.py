"""Makes the SQLite files of tests/sandbox/files, of the layout that the code has when it is run.

A file is put together from stories of the corpus, each on an account of its own: as few as hold, between them, every
job that is noted for later, every private member that is stored beside an object, and every status.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .corpus import take
from .sandboxes import NOW, Opened, deliver, open_sandbox

Json = dict[str, Any]
Features = frozenset[tuple[str, ...]]

#: The steps of a story up to one of them, and what the file then holds.
Candidate = tuple[list[Json], Features]

#: Kinds whose statuses stand in statuses.db and private members in billing.db; those of other kinds in private.db.
BILLING = ("subscription", "subscription_schedule", "subscription_item", "quote", "invoice", "test_helpers.test_clock")
#: No step of a story that goes into a file is later than this.
LATEST = NOW + 86_400 * 40
LONGEST = 120


def make(folder: Path, stories: Iterable[Json]) -> None:
    """Make the five files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    candidates = [found for story in stories if "steps" in story for found in _candidates(story["steps"])]
    _put_together(folder / "jobs.db", list(_chosen(candidates, ("job", "deleted"))))
    _put_together(folder / "statuses.db", list(_chosen(candidates, ("status",))))
    _put_together(folder / "billing.db", list(_chosen(candidates, ("billing",))))
    _put_together(folder / "private.db", list(_chosen(candidates, ("private", "link"))))
    _make_webhooks(folder / "webhooks.db")


def _candidates(steps: list[Json]) -> Iterator[Candidate]:
    """Every beginning of a story that brings something new."""
    steps = [step for step in steps if step["at"] <= LATEST][:LONGEST]
    platform = all("request" in step and step["account"] is None for step in steps)
    if not platform or _on_other_accounts(steps):
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        path = Path(name, "sandbox.db")
        opened = open_sandbox(path)
        looked = sqlite3.connect(path)
        before: Features = frozenset()
        for number, step in enumerate(steps, 1):
            answer = take(opened, step)
            if step["request"]["method"] != "GET" and answer["status"] == 200:
                features = frozenset(_features(looked))
                if not features <= before:
                    yield steps[:number], features
                before = features
        looked.close()
        opened.close()


def _on_other_accounts(steps: list[Json]) -> bool:
    """Whether a step makes or names connected accounts, whose ids would be the same in two stories."""
    sent = json.dumps([step.get("request") for step in steps])
    return "acct_" in sent or "/accounts" in sent or "account_links" in sent


def _features(connection: sqlite3.Connection) -> Iterator[tuple[str, ...]]:
    query = "SELECT object, id, json, hidden, deleted FROM objects WHERE object != 'event' ORDER BY seq"
    statuses: dict[tuple[str, str], str] = {}
    for kind, key, text, hidden, deleted in connection.execute(query):
        statuses[kind, key] = str(json.loads(text).get("status"))
        if kind == "sandbox.due":
            note = json.loads(text)
            yield "job", note["kind"], note["method"], statuses.get((note["kind"], note["key"]), "")
        elif deleted:
            yield "deleted", kind
        elif kind in BILLING:
            yield "status", kind, statuses[kind, key]
        yield from (("billing" if kind in BILLING else "private", kind, name) for name in json.loads(hidden or "{}"))
    for (name,) in connection.execute("SELECT DISTINCT name FROM links"):
        yield "link", name


def _chosen(candidates: list[Candidate], kinds: tuple[str, ...]) -> Iterator[list[Json]]:
    """The beginnings of stories that hold every feature of some kinds; each brings most for its length in steps."""
    left = {feature for _, features in candidates for feature in features if feature[0] in kinds}
    while left:
        steps, features = max(candidates, key=lambda found: len(left & found[1]) / _weight(found[0]))
        left -= features
        yield steps


def _weight(steps: list[Json]) -> float:
    return len(steps) + 3 + (steps[-1]["at"] - NOW) / 3600


def _put_together(path: Path, stories: list[list[Json]]) -> None:
    """Tell each story on an account of its own; the ids that its steps name are made again with that account."""
    path.unlink(missing_ok=True)
    opened = open_sandbox(path)
    first = opened.sandbox.account
    opened.close()
    for number, steps in enumerate(stories):
        account = first if not number else f"{first[:-10]}{number:0>10}"
        opened = open_sandbox(path)
        opened.sandbox.ids.account(NOW)  # which the sandbox of the story drew for its first account
        for step in steps:
            moved = json.loads(json.dumps(step).replace(first[-10:], account[-10:]))
            answer = take(opened, moved, account)
            if answer["status"] != step["answer"]["status"]:
                raise SystemExit(f"{step['request']} is answered {answer}, recorded {step['answer']}")
        opened.close()
    _drop_events(path)
    _compact(path)


def _drop_events(path: Path) -> None:
    """Leave out all events, which are most of a file; those of webhooks.db are enough."""
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM links WHERE seq IN (SELECT seq FROM objects WHERE object = 'event')")
        connection.execute("DELETE FROM objects WHERE object = 'event'")
    connection.close()


def _make_webhooks(path: Path) -> None:
    """Endpoints, some of them with deliveries that failed and wait; connected accounts with events."""
    path.unlink(missing_ok=True)
    opened = open_sandbox(path)
    for endpoint in ("all", "connect", "deleted", "disabled", "customers"):
        wanted = "customer.created" if endpoint == "customers" else "*"
        body = f"url=http://localhost:1/{endpoint}&enabled_events[]={wanted}"
        made = _post(opened, "/v1/webhook_endpoints", body + ("&connect=true" if endpoint == "connect" else ""))
        if endpoint == "disabled":
            _post(opened, f"/v1/webhook_endpoints/{made['id']}", "disabled=true")
        if endpoint == "deleted":
            removed = made["id"]
    connected = [_post(opened, "/v1/accounts", f"country=US&metadata[n]={number}")["id"] for number in range(2)]
    _events(opened, [None, *connected])
    deliver(opened, lambda url, body, headers: 200 if b"account" in body and url.endswith("all") else 500)
    opened.clock.advance(300)
    deliver(opened, lambda url, body, headers: 500 if url.endswith("customers") else 200)
    _events(opened, connected)
    deliver(opened, lambda url, body, headers: 503)
    opened.clock.advance(120)
    _events(opened, [None, connected[0]])
    request = {"method": "DELETE", "path": f"/v1/webhook_endpoints/{removed}", "body": ""}
    take(opened, {"at": opened.clock.seconds, "request": request, "account": None})
    opened.close()
    _compact(path)


def _events(opened: Opened, accounts: list[str | None]) -> None:
    for number, account in enumerate(accounts):
        customer = _post(opened, "/v1/customers", f"name=Customer {number}", account)
        _post(opened, f"/v1/customers/{customer['id']}", "metadata[k]=v", account)
        payment = "amount=700&currency=usd&payment_method=pm_card_visa&payment_method_types[]=card&confirm=true"
        _post(opened, "/v1/payment_intents", payment, account)


def _post(opened: Opened, path: str, body: str, account: str | None = None) -> Json:
    headers = {} if account is None else {"Stripe-Account": account}
    request = {"method": "POST", "path": path, "body": body, "headers": headers}
    answer = take(opened, {"at": opened.clock.seconds, "request": request, "account": None})
    found: Json = json.loads(answer["body"])
    if answer["status"] != 200:
        raise SystemExit(f"{path}: {found}")
    return found


def _compact(path: Path) -> None:
    """Leave one small file, without a log beside it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("VACUUM")
    connection.close()
