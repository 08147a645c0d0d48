"""Event destinations: thin events and snapshots are delivered, and the official library reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox.webhooks.deliveries import Deliveries
from tests.sandbox.conftest import Client, Json

PATH = "/v2/core/event_destinations"
Received = list[tuple[str, str, str]]


def destination(client: Client, payload: str, events: list[str], **more: Any) -> Json:
    given = {
        "name": "Mine",
        "type": "webhook_endpoint",
        "event_payload": payload,
        "enabled_events": events,
        "webhook_endpoint": {"url": "http://localhost/hook"},
        "include": ["webhook_endpoint.url", "webhook_endpoint.signing_secret"],
        **more,
    }
    return client.post(PATH, given)


def deliver(client: Client) -> Received:
    """Carry out what is due; return URL, body and signature of each delivery."""
    found: Received = []

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        found.append((url, body.decode(), headers["Stripe-Signature"]))
        return 200

    deliveries = Deliveries(client.sandbox.store, client.clock, post, render=client.sandbox.render_event)
    for waiting in deliveries.due().values():
        for delivery in waiting:
            deliveries.deliver(delivery)
    return found


def test_the_secret_is_returned_once_on_request(stripe: Client) -> None:
    made = destination(stripe, "thin", ["v1.customer.created"])
    assert made["webhook_endpoint"]["url"] == "http://localhost/hook"
    assert made["webhook_endpoint"]["signing_secret"].startswith("whsec_")
    assert "webhook_endpoint" not in destination(stripe, "thin", ["*"], include=[])
    found = stripe.get(f"{PATH}/{made['id']}", {"include": ["webhook_endpoint.url"]})
    assert found["webhook_endpoint"] == {"url": "http://localhost/hook"}
    assert "webhook_endpoint" not in stripe.get(f"{PATH}/{made['id']}")
    changed = stripe.post(f"{PATH}/{made['id']}", {"webhook_endpoint": {"url": "http://localhost/b"}, "name": "B"})
    assert (changed["name"], changed["status"]) == ("B", "enabled")


def test_what_is_wrong_is_refused(stripe: Client) -> None:
    given = {"name": "A", "type": "webhook_endpoint", "enabled_events": ["*"], "event_payload": "thin"}
    wrong = {**given, "webhook_endpoint": {"url": "nowhere"}}
    assert stripe.refused("POST", PATH, wrong)["code"] == "url_invalid"
    wrong = {**given, "webhook_endpoint": {"url": "http://localhost"}, "snapshot_api_version": "2024-06-20"}
    assert stripe.refused("POST", PATH, wrong)["param"] == "snapshot_api_version"


def test_a_thin_event_names_its_object(stripe: Client) -> None:
    destination(stripe, "thin", ["v1.customer.created"])
    customer = stripe.post("/v1/customers", key="k1")
    stripe.post(f"/v1/customers/{customer['id']}", {"name": "A"})
    ((url, body, _),) = deliver(stripe)
    event = json.loads(body)
    assert (url, event["object"], event["type"]) == ("http://localhost/hook", "v2.core.event", "v1.customer.created")
    assert event["related_object"] == {
        "id": customer["id"],
        "type": "customer",
        "url": f"/v1/customers/{customer['id']}",
    }
    assert event["reason"]["request"]["idempotency_key"] == "k1"
    snapshot = stripe.events(type="customer.created")[0]
    assert (event["snapshot_event"], snapshot["pending_webhooks"]) == (snapshot["id"], 0)
    assert "data" not in event
    assert "api_version" not in event
    assert stripe.get(f"/v2/core/events/{event['id']}") == event
    assert stripe.get("/v2/core/events", {"object_id": customer["id"]})["data"] == [event]
    assert stripe.get("/v2/core/events", {"types": ["v1.customer.created"]})["data"] == [event]
    assert stripe.get("/v2/core/events", {"object_id": "cus_other"})["data"] == []
    assert stripe.get("/v2/core/events", {"created": {"gt": event["created"]}})["data"] == []
    assert stripe.get("/v2/core/events", {"created": {"gte": event["created"]}})["data"] == [event]
    assert stripe.refused("GET", "/v2/core/events", {"created": {"gte": "now"}})["param"] == "created[gte]"


def test_a_snapshot_has_the_version_of_its_destination(stripe: Client) -> None:
    for version in ("2024-06-20", "2026-10-28.endive"):
        destination(stripe, "snapshot", ["product.*"], snapshot_api_version=version)
    stripe.post("/v1/products", {"name": "Gold", "marketing_features": [{"name": "fast"}]})
    seen = {event["api_version"]: event["data"]["object"] for event in (json.loads(row[1]) for row in deliver(stripe))}
    assert set(seen) == {"2024-06-20", "2026-10-28.endive"}
    assert stripe.events()[0]["pending_webhooks"] == 0


def test_a_disabled_destination_gets_nothing(stripe: Client) -> None:
    made = destination(stripe, "thin", ["*"])
    assert stripe.post(f"{PATH}/{made['id']}/disable")["status_details"] == {"disabled": {"reason": "user"}}
    stripe.post("/v1/customers")
    assert deliver(stripe) == []
    assert "status_details" not in stripe.post(f"{PATH}/{made['id']}/enable")
    stripe.post("/v1/customers")
    assert len(deliver(stripe)) == 1
    stripe.delete(f"{PATH}/{made['id']}")
    stripe.post("/v1/customers")
    assert deliver(stripe) == []


def test_a_ping_goes_to_its_destination_alone(stripe: Client) -> None:
    first, second = (destination(stripe, "thin", [name]) for name in ("v1.customer.created", "*"))
    event = stripe.post(f"{PATH}/{first['id']}/ping")
    assert (event["type"], event["related_object"]["id"]) == ("v2.core.event_destination.ping", first["id"])
    assert [json.loads(body) for _, body, _ in deliver(stripe)] == [event]
    assert second["id"] != first["id"]


def test_events_of_connected_accounts(stripe: Client) -> None:
    destination(stripe, "thin", ["v1.customer.created"], events_from=["@accounts"])
    account = stripe.post("/v1/accounts")["id"]
    stripe.post("/v1/customers")
    assert deliver(stripe) == []
    stripe.post("/v1/customers", headers={"Stripe-Account": account})
    assert [json.loads(body)["context"] for _, body, _ in deliver(stripe)] == [account]
