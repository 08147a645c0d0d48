"""Exceptions injected into the store and the encoder, one after the other: each is answered as `api_error` in JSON."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.objects import identity_map
from stripe_shell.sandbox.storage import schema, store
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.server.app import Application
from tests.server.conftest import Answer, Client

uvicorn = pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")


class Plan:
    """The n-th call from when it is armed raises an exception; `reached` says whether there was one."""

    def __init__(self) -> None:
        self.left, self.error = 0, Exception()

    def arm(self, at: int, error: Exception) -> None:
        self.left, self.error = at, error

    def disarm(self) -> None:
        self.left = 0

    @property
    def reached(self) -> bool:
        return self.left == 0

    def count(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                raise self.error


class Served:
    """A server in this process, whose store and encoder follow a plan."""

    def __init__(self, path: Path) -> None:
        self.plan = Plan()
        self.path = path
        self.reported: list[Exception] = []
        self.sandbox: Sandbox
        self.client: Client


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    from stripe_shell.server.protocol import HttpProtocol

    here = Served(tmp_path / "sandbox.db")

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql != "ROLLBACK":
                here.plan.count()
            return super().execute(sql, *values)

    def connect(path: str | None) -> sqlite3.Connection:
        opened = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, factory=Connection)
        opened.executescript(schema._CONNECTION)
        return opened

    plain = identity_map.encode

    def encode(value: Any) -> str:
        here.plan.count()
        return plain(value)

    monkeypatch.setattr(store, "connect", connect)
    here.sandbox = Sandbox(Store.open(here.path), on_error=here.reported.append)
    server = uvicorn.Server(
        uvicorn.Config(
            Application(here.sandbox), http=HttpProtocol, ws="none", interface="asgi3", lifespan="off",
            log_config=None,
        )
    )  # fmt: skip
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    here.client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
    here.client.get("/v1/customers")
    monkeypatch.setattr(identity_map, "encode", encode)
    yield here
    server.should_exit = True
    here.client.connection.close()
    thread.join(timeout=10)
    assert not thread.is_alive()
    here.sandbox.store.close()


ERRORS = [sqlite3.OperationalError("database or disk is full"), sqlite3.DatabaseError("malformed"), KeyError("a")]


def is_api_error(answer: Answer) -> bool:
    """Whether it is Stripe's form of a fault of its own."""
    return answer.status == 500 and answer.error["type"] == "api_error" and "json" in answer.headers["content-type"]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_statement_and_encoding_may_fail(
    served: Served, error: Exception, request: pytest.FixtureRequest
) -> None:
    created, at = 0, 0
    while True:
        at += 1
        key = {"Idempotency-Key": f"key-{at}"}
        served.plan.arm(at, error)
        first = served.client.send("POST", "/v1/customers", {"name": f"n{at}"}, key)
        reached = served.plan.reached
        served.plan.disarm()
        if not reached:
            assert first.status == 200
            break
        assert is_api_error(first), (at, first.body)
        again = served.client.send("POST", "/v1/customers", {"name": f"n{at}"}, key)
        assert again.status == 200, (at, again.body)
        created += 1
    assert at > 3
    request.node.user_properties.append(("attack", [at, at]))  # for `scripts/attack`
    assert len(served.client.get("/v1/customers", {"limit": 100})["data"]) == created + 1
    with sqlite3.connect(served.path) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(served.reported) >= at - 1


#: Requests of other kinds; `{customer}`, `{invoice}` … are ids that exist.
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "list": ("GET", "/v1/customers", {"limit": 5, "expand[]": "data.default_source"}),
    "retrieve": ("GET", "/v1/customers/{customer}", {}),
    "search": ("GET", "/v1/customers/search", {"query": "name:'Ann'"}),
    "events": ("GET", "/v1/events", {"limit": 3}),
    "update": ("POST", "/v1/customers/{customer}", {"name": "Bob", "metadata[a]": "b"}),
    "delete": ("DELETE", "/v1/customers/{spare}", {}),
    "subscribe": ("POST", "/v1/subscriptions", {"customer": "{customer}", "items[0][price]": "{price}"}),
    "pay": ("POST", "/v1/payment_intents", {
        "amount": 100, "currency": "usd", "customer": "{customer}", "payment_method": "pm_card_visa", "confirm": "true",
        "return_url": "https://example.com",
    }),
    "finalize": ("POST", "/v1/invoices/{invoice}/finalize", {}),
    "generic": ("POST", "/v1/radar/value_lists", {"alias": "a{at}", "name": "A"}),
    "account": ("GET", "/v1/account", {}),
}  # fmt: skip


def prepared(served: Served) -> dict[str, str]:
    """Makes the objects that the requests name; returns their ids."""
    post = served.client.post
    customer = post("/v1/customers", {"name": "Ann", "payment_method": "pm_card_visa"})["id"]
    card = served.client.get("/v1/payment_methods", {"customer": customer})["data"][0]["id"]
    post(f"/v1/customers/{customer}", {"invoice_settings[default_payment_method]": card})
    product = {"currency": "usd", "unit_amount": 500, "recurring[interval]": "month", "product_data[name]": "Plan"}
    return {
        "customer": customer,
        "price": post("/v1/prices", product)["id"],
        "spare": post("/v1/customers", {"name": "Spare"})["id"],
        "invoice": post("/v1/invoices", {"customer": customer})["id"],
    }


@pytest.mark.parametrize("name", REQUESTS)
def test_every_statement_of_other_requests_may_fail(served: Served, name: str, request: pytest.FixtureRequest) -> None:
    """Each is answered as `api_error`, changes nothing, and succeeds when it is sent again under the same key."""
    ids = prepared(served)
    method, path, params = REQUESTS[name]
    error, at = ERRORS[0], 0
    while True:
        at += 1
        facts = {**ids, "at": str(at)}
        words = {key: value.format(**facts) if isinstance(value, str) else value for key, value in params.items()}
        key = {"Idempotency-Key": f"key-{at}"} if method == "POST" else {}
        before = counts(served)
        served.plan.arm(at, error)
        first = served.client.send(method, path.format(**facts), words, key)
        reached = served.plan.reached
        served.plan.disarm()
        if not reached:
            assert first.status == 200, (name, at, first.body)
            break
        assert is_api_error(first), (name, at, first.body)
        assert counts(served) == before, (name, at)
    assert at > 1
    request.node.user_properties.append(("attack", [at, at]))
    assert len(served.reported) >= at - 1
    with sqlite3.connect(served.path) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def counts(served: Served) -> dict[str, str]:
    """A digest of every object in the file, by its id."""
    with closing(sqlite3.connect(served.path)) as file:
        return {f"{row[0]} {row[1]}": row[2] for row in file.execute("SELECT object, id, json FROM objects")}


@pytest.mark.parametrize("route", ["reset", "seed", "snapshot", "rollback", "undo"])
def test_a_private_route_may_fail(served: Served, route: str) -> None:
    served.client.post("/v1/customers", {"name": "kept"})
    bodies = {"seed": b'{"objects": [{"object": "customer", "id": "cus_1"}]}'}
    for at in range(1, 4):
        served.plan.arm(at, sqlite3.OperationalError("database or disk is full"))
        answer = served.client.send("POST", f"/_sandbox/{route}", body=bodies.get(route, b"{}"))
        served.plan.disarm()
        assert answer.headers["content-type"] == "application/json"
        assert answer.status in (200, 400, 404) or is_api_error(answer), answer.body
    assert served.client.send("GET", "/v1/customers").status == 200
