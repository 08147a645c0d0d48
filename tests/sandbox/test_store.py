"""The file: transactions, threads, processes that die, and files that are not ours."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stripe_shell.errors import ConfigurationError
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.wire import Request

from .conftest import Client, open_client

CREATE = Request("POST", "/v1/customers", body=b"name=x")


def test_what_was_made_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    first = open_client(path)
    made = first.post("/v1/customers", {"name": "Jane"}, key="k")
    account = first.sandbox.account
    first.sandbox.store.close()
    second = open_client(path)
    assert second.sandbox.account == account
    assert second.get(f"/v1/customers/{made['id']}") == made
    assert second.post("/v1/customers", {"name": "Jane"}, key="k") == made
    second.sandbox.store.close()


def test_two_threads_write_and_two_read(filed: Client) -> None:
    statuses: list[int] = []
    read = Request("GET", "/v1/customers", query="limit=100")

    def work(request: Request) -> None:
        for _ in range(60):
            statuses.append(filed.sandbox.send(request).status)

    threads = [threading.Thread(target=work, args=(request,)) for request in (CREATE, CREATE, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not filed.mistakes
    assert statuses == [200] * 240
    with filed.sandbox.store.read() as session:
        number = session.account(filed.sandbox.account)
        assert number is not None
        assert session.count(number, "customer") == session.count(number, "event") == 120


def test_two_sandboxes_on_one_file(tmp_path: Path) -> None:
    one, two = open_client(tmp_path / "s.db"), open_client(tmp_path / "s.db")
    made = one.post("/v1/customers", {"name": "Jane"})
    assert two.get(f"/v1/customers/{made['id']}") == made
    two.post(f"/v1/customers/{made['id']}", {"name": "Joan"})
    assert one.get(f"/v1/customers/{made['id']}")["name"] == "Joan"
    for client in (one, two):
        client.sandbox.store.close()


def test_reading_goes_on_while_something_is_written(filed: Client) -> None:
    filed.post("/v1/customers", {"name": "before"})
    with filed.sandbox.store.write() as session:
        number = session.account(filed.sandbox.account) or 0
        session.insert(number, "customer", "cus_x", created=1, json="{}")
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(len(filed.get("/v1/customers")["data"])))
        thread.start()
        thread.join(10)
    assert found == [1]


def test_a_killed_process_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    script = (
        "import sys\n"
        "from stripe_shell.sandbox.app import Sandbox\n"
        "from stripe_shell.sandbox.storage.store import Store\n"
        "from stripe_shell.wire import Request\n"
        "sandbox = Sandbox(Store.open(sys.argv[1]))\n"
        "while True:\n"
        "    print(sandbox.send(Request('POST', '/v1/customers', body=b'name=x')).json()['id'], flush=True)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(40)]
        process.send_signal(signal.SIGKILL)
        answered += [line.strip() for line in process.stdout if len(line) == len("cus_12345678901234\n")]
    sandbox = Sandbox(Store.open(path))
    for customer in answered:
        assert sandbox.send(Request("GET", f"/v1/customers/{customer}")).status == 200
    assert sandbox.send(CREATE).status == 200
    sandbox.store.close()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("these are not the pages you are looking for" * 100)
    with pytest.raises(ConfigurationError, match=r"notes\.txt"):
        Store.open(text)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    with pytest.raises(ConfigurationError, match="name another file"):
        Store.open(other)
    with pytest.raises(ConfigurationError):
        Store.open(tmp_path / "no" / "such" / "folder.db")
    assert text.read_text().startswith("these")


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    Store.open(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigurationError, match="99"):
        Store.open(path)


def test_an_empty_file_is_a_new_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.touch()
    Store.open(path).close()
    assert path.stat().st_size > 0


def test_a_new_file_is_opened_by_many_at_once(tmp_path: Path) -> None:
    for number in range(10):
        path, opened, start = tmp_path / f"{number}.db", list[Store](), threading.Barrier(8)

        def open_it(path: Path = path, opened: list[Store] = opened, start: threading.Barrier = start) -> None:
            start.wait()
            opened.append(Store.open(path))

        threads = [threading.Thread(target=open_it) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(opened) == 8
        for store in opened:
            store.close()


def test_lists_walk_an_index(filed: Client) -> None:
    """Neither a plain nor a filtered list sorts or reads all rows, however many there are."""
    filed.post("/v1/customers", {"email": "a@b.c"})
    plans: list[str] = []
    with filed.sandbox.store.read() as session:
        connection = session._connection
        connection.set_trace_callback(plans.append)
        number = session.account(filed.sandbox.account) or 0
        session.page(number, "customer", limit=10, after=(1, 1))
        session.page(number, "customer", link=("email", "a@b.c"), limit=10, before=(1, 1))
        connection.set_trace_callback(None)
        for sql in [sql for sql in plans if "ORDER BY" in sql]:
            steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
            assert all(step.startswith("SEARCH") for step in steps), steps


def test_accounts_do_not_see_each_other(stripe: Client) -> None:
    other = stripe.sandbox.account_of_key("sk_test_1")
    assert other == stripe.sandbox.account_of_key("sk_test_1") != stripe.sandbox.account_of_key("sk_test_2")
    made = stripe.post("/v1/customers", {"name": "Jane"})
    assert stripe.get("/v1/customers", account=other)["data"] == []
    assert stripe.refused("GET", f"/v1/customers/{made['id']}", account=other)["code"] == "resource_missing"
    assert stripe.get("/v1/account", account=other)["id"] == other


def test_keys_are_not_kept(tmp_path: Path) -> None:
    client = open_client(tmp_path / "s.db")
    client.sandbox.account_of_key("sk_test_verysecret")
    client.sandbox.store.close()
    assert b"verysecret" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_reset_forgets_all_but_the_accounts(stripe: Client) -> None:
    account = stripe.sandbox.account_of_key("sk_test_1")
    made = stripe.post("/v1/customers", key="k")
    stripe.post("/v1/customers", account=account)
    stripe.sandbox.reset()
    assert stripe.get("/v1/customers")["data"] == stripe.get("/v1/events")["data"] == []
    assert stripe.get("/v1/customers", account=account)["data"] == []
    assert stripe.sandbox.account_of_key("sk_test_1") == account
    assert stripe.post("/v1/customers", key="k")["id"] != made["id"]


def test_reset_of_an_account_that_was_not_used_yet(stripe: Client) -> None:
    made = stripe.post("/v1/customers")
    stripe.sandbox.reset(stripe.sandbox.account_of_key("sk_test_unused"))
    assert stripe.get(f"/v1/customers/{made['id']}") == made


def test_a_transaction_within_another_is_refused_in_words(filed: Client) -> None:
    store = filed.sandbox.store
    with store.write(), pytest.raises(RuntimeError, match="do not nest"), store.write():
        pass
    filed.post("/v1/customers")


def test_seeding(stripe: Client) -> None:
    row = {"object": "balance_transaction", "id": "txn_1", "amount": 500, "created": 17}
    stripe.sandbox.seed([row, {"object": "customer", "id": "cus_1", "name": "Jane"}])
    found = stripe.get("/v1/balance_transactions/txn_1")
    assert found | row == found
    assert {"fee", "net", "currency", "status", "type"} <= set(found)
    assert stripe.get("/v1/customers/cus_1")["name"] == "Jane"
    stripe.sandbox.seed([{"object": "customer", "id": "cus_1", "name": "Joan"}])
    assert stripe.get("/v1/customers/cus_1")["name"] == "Joan"
    assert stripe.events() == []
    with pytest.raises(ValueError, match="object"):
        stripe.sandbox.seed([{"id": "x"}])


def test_connected_accounts(stripe: Client) -> None:
    account = stripe.post("/v1/accounts", {"type": "custom"})["id"]
    header = {"Stripe-Account": account}
    made = stripe.post("/v1/customers", {"name": "theirs"}, headers=header)
    assert stripe.get("/v1/customers")["data"] == []
    assert stripe.get("/v1/customers", headers=header)["data"] == [made]
    event, created = stripe.get("/v1/events", headers=header)["data"]
    assert (event["type"], created["type"]) == ("customer.created", "account.updated")
    assert event["account"] == created["account"] == account
    assert stripe.get("/v1/account", headers=header)["id"] == account
    error = stripe.refused("GET", "/v1/customers", headers={"Stripe-Account": "acct_x"})
    assert (error["status"], error["code"]) == (403, "account_invalid")
    assert "does not have access to account 'acct_x'" in error["message"]
    other = stripe.sandbox.account_of_key("sk_test_other")
    assert stripe.refused("GET", "/v1/customers", headers=header, account=other)["status"] == 403
