"""Events: what is told, what changed, and how long it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stripe_shell.sandbox.objects.events import previous_attributes

from .conftest import NOW, Client


def test_create_update_delete(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"name": "Jane", "metadata": {"a": "1"}})
    path = f"/v1/customers/{made['id']}"
    changed = stripe.post(path, {"name": "Joan", "metadata": {"b": "2"}})
    stripe.delete(path)
    created, updated, deleted = stripe.events()
    assert created == {
        "id": created["id"],
        "object": "event",
        "api_version": stripe.sandbox.table.version,
        "created": NOW,
        "data": {"object": made},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": created["request"]["id"], "idempotency_key": None},
        "type": "customer.created",
    }
    assert created["request"]["id"].startswith("req_")
    assert updated["data"] == {
        "object": changed,
        "previous_attributes": {"name": "Jane", "metadata": {"b": None}},
    }
    assert deleted["type"] == "customer.deleted"
    assert deleted["data"]["object"] == changed
    assert stripe.get(f"/v1/events/{updated['id']}") == updated


def test_an_update_that_changes_nothing_is_silent(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"name": "Jane"})
    stripe.post(f"/v1/customers/{made['id']}", {"name": "Jane"})
    assert stripe.event_types() == ["customer.created"]


def test_a_refused_request_tells_nothing(stripe: Client) -> None:
    stripe.refused("POST", "/v1/customers", {"email": "no address"})
    assert stripe.events() == []


def test_filters(stripe: Client) -> None:
    stripe.post("/v1/customers")
    stripe.post("/v1/products", {"name": "x", "default_price_data": {"currency": "usd", "unit_amount": 1}})

    def types(**params: Any) -> list[str]:
        return sorted(event["type"] for event in stripe.get("/v1/events", params)["data"])

    assert types(type="customer.created") == ["customer.created"]
    assert types(type="p*") == ["price.created", "product.created"]
    assert types(types=["price.created", "customer.created"]) == ["customer.created", "price.created"]
    assert types(delivery_success=False) == []
    assert len(types(delivery_success=True)) == 3
    assert stripe.refused("GET", "/v1/events", {"type": "a", "types": ["b"]})["status"] == 400


def test_thirty_days(stripe: Client) -> None:
    stripe.post("/v1/customers")
    (event,) = stripe.events()
    stripe.clock.advance(30 * 24 * 3600 - 1)
    assert len(stripe.events()) == 1
    stripe.clock.advance(1)
    assert stripe.events() == []
    assert stripe.refused("GET", f"/v1/events/{event['id']}")["status"] == 404


def test_generic_objects_tell_what_stripe_tells(stripe: Client) -> None:
    rate = stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": NOW})
    assert rate["object"] == "test_helpers.test_clock"
    stripe.post("/v1/shipping_rates", {"display_name": "x"})  # Stripe has no event for these
    assert stripe.event_types() == ["test_helpers.test_clock.created"]


def test_who_listens_hears_what_was_committed(stripe: Client) -> None:
    heard: list[str] = []
    stripe.sandbox.on_events = lambda rows: heard.extend(row.id for row in rows)
    stripe.post("/v1/customers")
    stripe.refused("POST", "/v1/customers", {"email": "no address"})
    assert heard == [event["id"] for event in stripe.events()]


@pytest.mark.parametrize(
    ("before", "after", "previous"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": 1}),
        ({"a": 1}, {"a": True}, {"a": 1}),
        ({"a": None}, {"a": {"x": 1}}, {"a": None}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}}, {"a": {"y": 2}}),
        ({"m": {"old": "1"}}, {"m": {"new": "2"}}, {"m": {"old": "1", "new": None}}),
        ({"l": [1, 2]}, {"l": [2]}, {"l": [1, 2]}),
    ],
)
def test_previous_attributes(before: dict[str, Any], after: dict[str, Any], previous: dict[str, Any]) -> None:
    assert previous_attributes(before, after) == previous


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # both measure the machine, not the code
@given(st.dictionaries(st.sampled_from("abcd"), trees), st.dictionaries(st.sampled_from("abcd"), trees))
def test_what_did_not_change_is_not_told(before: dict[str, Any], after: dict[str, Any]) -> None:
    told = previous_attributes(before, after)
    for name in {*before, *after}:
        if name not in told:
            assert before.get(name) == after.get(name)
    assert previous_attributes(before, before) == {}
