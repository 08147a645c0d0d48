"""Events: kept in the account's default version, delivered in the version of each endpoint, never stored in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.control.routes import answer_private
from stripe_shell.sandbox.webhooks.deliveries import Deliveries
from stripe_shell.spec.versions.known import known_versions
from stripe_shell.wire import Request
from tests.sandbox.conftest import Client, Json, open_client
from tests.sandbox.shop import Shop

from .older import older, without

ACACIA, BASIL, TODAY = "2025-02-24.acacia", "2025-03-31.basil", "2026-10-28.endive"


def stored_events(client: Client) -> list[Json]:
    with client.sandbox.store.read() as session:
        return [json.loads(text) for (text,) in session.rows("SELECT json FROM objects WHERE object = 'event'")]  # type: ignore[arg-type]


def delivered(client: Client) -> list[Json]:
    """What each endpoint gets."""
    bodies: list[Json] = []

    def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        bodies.append({"url": url, **json.loads(body)})
        return 200

    deliveries = Deliveries(client.sandbox.store, client.clock, post, render=client.sandbox.render_event)
    for waiting in deliveries.due().values():
        for delivery in waiting:
            deliveries.deliver(delivery)
    return bodies


def test_an_event_is_listed_in_the_default_version_of_its_account(stripe: Client) -> None:
    shop = Shop(stripe)
    stripe.sandbox.set_default_version(ACACIA)
    made = shop.subscribe(shop.customer(), shop.price())
    assert "current_period_end" in made, "a request that names no version has the default one"
    stripe.sandbox.set_default_version(TODAY)
    for version in ("2020-08-27", ACACIA, TODAY):
        event = older(stripe, version).get("/v1/events", {"type": "customer.subscription.created"})["data"][0]
        assert (event["api_version"], "current_period_end" in event["data"]["object"]) == (ACACIA, True)
        assert older(stripe, version).get(f"/v1/events/{event['id']}") == event
    updated = shop.update(made, metadata={"a": "b"})
    event = shop.last_event("customer.subscription.updated")
    assert (event["api_version"], event["data"]["object"]["id"]) == (TODAY, updated["id"])
    assert without(event["data"]["object"], "current_period_end")


def test_nothing_is_stored_in_an_older_form(stripe: Client) -> None:
    stripe.sandbox.set_default_version("2020-08-27")
    shop = Shop(stripe)
    shop.subscribe(shop.customer(), shop.price(), coupon=stripe.post("/v1/coupons", {"percent_off": 5})["id"])
    kept = {event["type"]: event["data"]["object"] for event in stored_events(stripe)}
    assert without(kept["customer.subscription.created"], "current_period_end", "discount", "coupon")
    assert without(kept["invoice.paid"], "payment_intent", "subscription", "charge")
    assert without(kept["payment_intent.succeeded"], "charges")


def test_previous_attributes_are_those_of_the_version(stripe: Client) -> None:
    shop = Shop(stripe)
    shop.stand("2026-06-01")
    made = shop.subscribe(shop.customer(), shop.price())
    for version, expected in ((ACACIA, True), (TODAY, False)):
        stripe.sandbox.set_default_version(version)
        before = shop.subscription(made)
        shop.advance(31 * 86_400)
        event = shop.last_event("customer.subscription.updated")
        previous = event["data"]["previous_attributes"]
        assert ("current_period_end" in previous, "items" in previous) == (expected, not expected)
        if expected:
            assert previous["current_period_end"] == before["current_period_end"]
            assert previous["current_period_start"] == before["current_period_start"]


def test_each_endpoint_gets_its_version(stripe: Client) -> None:
    for name, version in (("a", "2022-08-01"), ("b", ACACIA), ("c", TODAY), ("d", None)):
        given = {"url": f"http://localhost/{name}", "enabled_events": ["payment_intent.succeeded"]}
        stripe.post("/v1/webhook_endpoints", given | ({"api_version": version} if version else {}))
    stripe.sandbox.set_default_version(BASIL)
    given = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    intent = older(stripe, TODAY).post("/v1/payment_intents", {**given, "allowed_payment_method_types": ["card"]})
    seen = {body["url"][-1]: body for body in delivered(stripe)}
    assert {name: body["api_version"] for name, body in seen.items()} == {
        "a": "2022-08-01",
        "b": ACACIA,
        "c": TODAY,
        "d": BASIL,
    }
    objects = {name: body["data"]["object"] for name, body in seen.items()}
    assert {obj["id"] for obj in objects.values()} == {intent["id"]}
    assert objects["a"]["charges"]["data"][0]["id"] == objects["c"]["latest_charge"]
    assert ["invoice" in objects[name] for name in "abcd"] == [True, True, False, False]
    assert without(objects["a"], "latest_charge")


@pytest.mark.parametrize("version", [known_versions()[0], "2020-08-27", "2025-03-31.basil", TODAY])
def test_an_endpoint_takes_any_known_version(stripe: Client, version: str) -> None:
    given = {"url": "https://x.test", "enabled_events": ["*"], "api_version": version}
    assert stripe.post("/v1/webhook_endpoints", given)["api_version"] == version
    given["api_version"] = "2025-03-32.basil"
    assert stripe.refused("POST", "/v1/webhook_endpoints", given)["param"] == "api_version"


def test_the_default_version_is_stored(tmp_path: Path) -> None:
    first = open_client(tmp_path / "a.db")
    assert first.sandbox.default_version() == TODAY
    body = json.dumps({"version": ACACIA}).encode()
    answer = answer_private(first.sandbox, Request("POST", "/_sandbox/version", body=body))
    assert (answer.status, answer.json()) == (200, {"version": ACACIA})
    for wrong in (b'{"version": "none"}', b"{}"):
        assert answer_private(first.sandbox, Request("POST", "/_sandbox/version", body=wrong)).status == 400
    first.sandbox.reset()
    first.sandbox.store.close()
    again = open_client(tmp_path / "a.db")
    assert again.send("GET", "/v1/customers").header("stripe-version") == ACACIA
    again.sandbox.store.close()


def test_a_replay_has_the_stored_bytes_and_version(stripe: Client) -> None:
    first = older(stripe, "2020-08-27").send("POST", "/v1/customers", {"name": "A"}, key="k")
    again = stripe.send("POST", "/v1/customers", {"name": "A"}, key="k")
    assert (again.body, again.header("stripe-version")) == (first.body, "2020-08-27")
    assert again.header("idempotent-replayed") == "true"


def test_an_event_without_data_of_a_version_is_left(stripe: Client) -> None:
    made: Any = stripe.post("/v1/customers", {"name": "A"})
    event = stripe.events()[0]
    assert stripe.get(f"/v1/events/{event['id']}") == event
    assert event["data"]["object"]["id"] == made["id"]
