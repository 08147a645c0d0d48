"""Webhooks: who hears of what, signatures, attempts, and that nothing is lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.sandbox.webhooks.client import WebhookClient
from stripe_shell.sandbox.webhooks.deliveries import RETRY_AFTER, Deliveries, delivery_problem, signature
from stripe_shell.wire import Request, encode_form

from .conftest import Client, running

NOW = 1_780_315_200
HOOK = "http://127.0.0.1:4242/hook"

Json = dict[str, Any]


@dataclass
class Post:
    """An endpoint in memory: answers with the next of `statuses`, 200 at the end; an exception is raised."""

    statuses: list[int | Exception] = field(default_factory=list)
    got: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.got.append((url, body, headers))
        status = self.statuses.pop(0) if self.statuses else 200
        if isinstance(status, Exception):
            raise status
        return status

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body, _ in self.got]


@dataclass
class World:
    """A sandbox whose deliveries are carried out when the test says so."""

    sandbox: Sandbox
    clock: FixedClock
    post: Post
    deliveries: Deliveries
    said: list[str]

    def send(self, method: str, path: str, params: Any = None, **headers: str) -> Json:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.sandbox.send(Request(method, path, body=encode_form(params or {}).encode(), headers=sent))
        assert answer.status == 200, answer.body
        found: Json = json.loads(answer.body)
        return found

    def endpoint(self, events: list[str], url: str = HOOK, **more: Any) -> Json:
        return self.send("POST", "/v1/webhook_endpoints", {"url": url, "enabled_events": events, **more})

    def deliver(self) -> None:
        for waiting in self.deliveries.due().values():
            for delivery in waiting:
                self.deliveries.deliver(delivery)

    def pending(self) -> list[int]:
        return [event["pending_webhooks"] for event in self.send("GET", "/v1/events")["data"]]


def open_world(store: Store, post: Post, **options: Any) -> World:
    clock, said = FixedClock(NOW), list[str]()
    sandbox = Sandbox(store, clock=clock, ids=RandomIds(3))
    return World(sandbox, clock, post, Deliveries(store, clock, post, log_line=said.append, **options), said)


@pytest.fixture
def world() -> Iterator[World]:
    made = open_world(Store.open(), Post())
    yield made
    made.sandbox.store.close()


# --- who hears of what -----------------------------------------------------------------------------------------


def test_an_endpoint_gets_the_events_it_names(world: World) -> None:
    world.endpoint(["customer.created", "product.created"])
    customer = world.send("POST", "/v1/customers")
    world.send("POST", f"/v1/customers/{customer['id']}", {"name": "Ann"})
    world.send("POST", "/v1/products", {"name": "Shirt"})
    world.deliver()
    assert world.post.types == ["customer.created", "product.created"]
    assert {url for url, _, _ in world.post.got} == {HOOK}


def test_a_star_means_every_event(world: World) -> None:
    world.endpoint(["*"])
    world.send("POST", "/v1/customers")
    world.deliver()
    assert world.post.types == ["customer.created"]


def test_what_happened_before_an_endpoint_was_made_is_not_sent(world: World) -> None:
    world.send("POST", "/v1/customers")
    world.endpoint(["*"])
    world.deliver()
    assert world.post.got == []


@pytest.mark.parametrize("change", [{"disabled": True}, {"enabled_events": ["product.created"]}])
def test_a_changed_endpoint_hears_what_it_asks_for_now(world: World, change: Json) -> None:
    endpoint = world.endpoint(["customer.created"])
    world.send("POST", f"/v1/webhook_endpoints/{endpoint['id']}", change)
    world.send("POST", "/v1/customers")
    world.deliver()
    assert world.post.got == []


def test_a_deleted_endpoint_gets_nothing_that_still_waits(world: World) -> None:
    endpoint = world.endpoint(["*"])
    world.send("POST", "/v1/customers")
    world.send("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}")
    world.deliver()
    assert world.post.got == []
    assert world.pending() == [0]


def test_connect_endpoints_hear_of_connected_accounts_alone(world: World) -> None:
    account = world.send("POST", "/v1/accounts")
    world.endpoint(["customer.created"], connect=True)
    world.endpoint(["customer.created"], url="http://127.0.0.1/own")
    world.send("POST", "/v1/customers", Stripe_Account=account["id"])
    world.send("POST", "/v1/customers")
    world.deliver()
    got = [(url, json.loads(body).get("account")) for url, body, _ in world.post.got]
    assert got == [(HOOK, account["id"]), ("http://127.0.0.1/own", None)]


# --- what is sent ----------------------------------------------------------------------------------------------


def test_the_body_is_the_event_as_it_is_shown_and_signed(world: World) -> None:
    secret = world.endpoint(["*"])["secret"]
    world.send("POST", "/v1/customers", {"name": "Jürgen"})
    event = world.send("GET", "/v1/events")["data"][0]
    assert event["pending_webhooks"] == 1
    world.deliver()
    _, body, headers = world.post.got[0]
    assert json.loads(body) == event
    assert body.decode().startswith('{\n  "id": "evt_')
    assert headers["User-Agent"].startswith("Stripe/1.0 ")
    stamp, first, _ = headers["Stripe-Signature"].split(",")
    signed = hmac.new(secret.encode(), f"{NOW}.".encode() + body, hashlib.sha256).hexdigest()
    assert (stamp, first) == (f"t={NOW}", f"v1={signed}")


def test_the_official_library_verifies_the_signature(world: World) -> None:
    stripe = pytest.importorskip("stripe")
    secret = world.endpoint(["*"])["secret"]
    world.send("POST", "/v1/customers")
    world.deliver()
    _, body, headers = world.post.got[0]
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret, tolerance=None)
    assert event["type"] == "customer.created"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", headers["Stripe-Signature"], secret, tolerance=None)


def test_a_signature_holds_for_its_time_and_body_alone() -> None:
    assert signature("whsec_a", b"{}", 1) != signature("whsec_a", b"{}", 2)
    assert signature("whsec_a", b"{}", 1) != signature("whsec_b", b"{}", 1)


# --- attempts --------------------------------------------------------------------------------------------------


def test_pending_webhooks_counts_down(world: World) -> None:
    world.endpoint(["*"])
    world.endpoint(["*"], url="http://localhost/other")
    world.send("POST", "/v1/customers")
    assert world.pending() == [2]
    world.deliver()
    assert world.pending() == [0]
    world.deliver()
    assert len(world.post.got) == 2


@pytest.mark.parametrize("failure", [500, 302, 404, ConnectionRefusedError("refused"), TimeoutError("too slow")])
def test_a_failed_delivery_is_tried_again_later(world: World, failure: int | Exception) -> None:
    world.endpoint(["*"])
    world.post.statuses = [failure]
    world.send("POST", "/v1/customers")
    world.deliver()
    assert world.pending() == [1]
    world.clock.advance(RETRY_AFTER[0] - 1)
    world.deliver()
    assert len(world.post.got) == 1
    world.clock.advance(1)
    world.deliver()
    (_, first, head), (_, second, again) = world.post.got
    assert first == second
    assert head["Stripe-Signature"] != again["Stripe-Signature"]
    assert world.pending() == [0]


def test_after_the_last_attempt_it_is_given_up(world: World) -> None:
    world.endpoint(["*"])
    world.post.statuses = [500] * 10
    world.send("POST", "/v1/customers")
    for _ in range(6):
        world.deliver()
        world.clock.advance(max(RETRY_AFTER))
    assert len(world.post.got) == 1 + len(RETRY_AFTER)
    assert world.pending() == [1]
    assert "no further attempt" in world.said[-1]


def test_one_endpoint_that_fails_does_not_keep_the_others_waiting(world: World) -> None:
    world.endpoint(["*"])
    world.endpoint(["*"], url="http://127.0.0.1/other")
    world.send("POST", "/v1/customers")
    busy, waiting = world.deliveries.due().keys()
    assert list(world.deliveries.due([busy])) == [waiting]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "app.localhost", "[::1]"])
def test_this_machine_is_allowed(host: str) -> None:
    assert delivery_problem(f"http://{host}:1/", ()) == ""


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "[::2]"])
def test_other_machines_are_refused_unless_they_are_named(world: World, host: str) -> None:
    url = f"https://{host}/hook"
    name = host.strip("[]")
    assert f"--webhook-host {name}" in delivery_problem(url, ())
    assert delivery_problem(url, {name}) == ""
    world.endpoint(["*"], url=url)
    world.send("POST", "/v1/customers")
    world.deliver()
    assert world.post.got == []
    assert "not delivered" in world.said[0]
    assert world.pending() == [1]


def test_reset_takes_back_what_still_waits(world: World) -> None:
    world.endpoint(["*"])
    world.send("POST", "/v1/customers")
    world.sandbox.reset()
    world.deliver()
    assert world.post.got == []


def test_what_was_noted_before_a_restart_is_done_and_told_after_it(tmp_path: Path) -> None:
    first = open_world(Store.open(tmp_path / "s.db"), Post())
    first.endpoint(["checkout.session.expired"])
    price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Mug"}}
    lines = {"line_items": [{"price_data": price, "quantity": 1}], "success_url": "https://a.test"}
    first.send("POST", "/v1/checkout/sessions", {"mode": "payment", **lines})
    first.sandbox.store.close()
    again = open_world(Store.open(tmp_path / "s.db"), Post())
    again.clock.advance(86_400)
    again.sandbox.load_pending_accounts()
    again.sandbox.catch_up()
    again.deliver()
    assert again.post.types == ["checkout.session.expired"]
    again.sandbox.store.close()


# --- with a real server ----------------------------------------------------------------------------------------


@dataclass
class Hook:
    """An endpoint that listens: what it got, and a flag that says when it got so many."""

    address: str
    got: list[Json]
    wanted: int
    enough: threading.Event

    def expect(self, count: int) -> None:
        """Wait until so many events have come."""
        self.wanted = count
        if len(self.got) >= count:
            self.enough.set()
        assert self.enough.wait(15), f"{len(self.got)} of {count} events came"


@pytest.fixture
def hook() -> Iterator[Hook]:
    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append({"body": body, "headers": dict(self.headers)})
            self.send_response(200)
            self.end_headers()
            if len(found.got) >= found.wanted:
                found.enough.set()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    found = Hook(f"http://127.0.0.1:{server.server_port}/hook", [], 1 << 30, threading.Event())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def test_events_arrive_in_order_and_verify(client: Client, hook: Hook) -> None:
    stripe = pytest.importorskip("stripe")
    secret = client.post("/v1/webhook_endpoints", {"url": hook.address, "enabled_events": ["*"]})["secret"]
    made = [client.post("/v1/customers", {"name": str(number)})["id"] for number in range(20)]
    hook.expect(20)
    events = [
        stripe.Webhook.construct_event(each["body"], each["headers"]["Stripe-Signature"], secret) for each in hook.got
    ]
    assert [event["data"]["object"]["id"] for event in events] == made


def test_what_was_not_delivered_survives_a_restart(tmp_path: Path, hook: Hook) -> None:
    pytest.importorskip("uvicorn")
    options = ("--db", str(tmp_path / "s.db"), "--webhook-retries", "1s,1s,1s,1s,1s")
    gone = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    gone.server_close()
    with running(*options) as address:
        client = Client(address, "sk_test_restart")
        dead = f"http://127.0.0.1:{gone.server_port}/hook"
        endpoint = client.post("/v1/webhook_endpoints", {"url": dead, "enabled_events": ["*"]})
        client.post("/v1/customers")
        client.post(f"/v1/webhook_endpoints/{endpoint['id']}", {"url": hook.address})
    with running(*options):
        hook.expect(1)
    assert json.loads(hook.got[0]["body"])["type"] == "customer.created"


def test_redirects_are_not_followed_and_paths_are_kept() -> None:
    seen: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(307)
            self.send_header("Location", "/other")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert WebhookClient().post(f"http://localhost:{server.server_port}/a%20b/ü?x=1", b"{}", {}) == 307
    server.shutdown()
    server.server_close()
    assert seen == ["/a%20b/%C3%BC?x=1"]
