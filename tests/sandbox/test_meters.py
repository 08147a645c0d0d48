"""Meters: one for each kind of event, what it counts, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, HOUR, Shop

START = NOW - NOW % DAY


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


def meter(shop: Shop, formula: str = "sum", **more: Any) -> Json:
    """A meter of calls."""
    params = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": formula}, **more}
    return shop.stripe.post("/v1/billing/meters", params)


def use(shop: Shop, customer: Json, value: int, time: int, **more: Any) -> Json:
    """One event."""
    payload = {"stripe_customer_id": customer["id"], "value": value}
    params = {"event_name": "calls", "payload": payload, "timestamp": time, **more}
    return shop.stripe.post("/v1/billing/meter_events", params)


def summaries(shop: Shop, made: Json, customer: Json, **params: Any) -> list[Json]:
    """What was counted today."""
    params = {"customer": customer["id"], "start_time": START, "end_time": START + DAY, **params}
    found: list[Json] = shop.stripe.get(f"/v1/billing/meters/{made['id']}/event_summaries", params)["data"]
    return found


def test_a_meter(shop: Shop) -> None:
    """The keys of the payload have defaults; a second active meter for the same events is refused."""
    made = meter(shop)
    assert made["id"].startswith("mtr_")
    assert made["customer_mapping"] == {"event_payload_key": "stripe_customer_id", "type": "by_id"}
    assert (made["value_settings"], made["status"]) == ({"event_payload_key": "value"}, "active")
    double = {"display_name": "More", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    assert shop.stripe.refused("POST", "/v1/billing/meters", double)["type"] == "invalid_request_error"
    off = shop.stripe.post(f"/v1/billing/meters/{made['id']}/deactivate")
    assert (off["status"], off["status_transitions"]["deactivated_at"]) == ("inactive", NOW)
    other = shop.stripe.post("/v1/billing/meters", double)
    assert shop.stripe.refused("POST", f"/v1/billing/meters/{made['id']}/reactivate")["status"] == 400
    assert [row["id"] for row in shop.stripe.get("/v1/billing/meters", {"status": "active"})["data"]] == [other["id"]]


@pytest.mark.parametrize(("formula", "expected"), [("sum", 15), ("count", 3), ("last", 7)])
def test_what_it_counts(shop: Shop, formula: str, expected: int) -> None:
    """Sum, count or last, in the order of the events' times."""
    made, customer, other = meter(shop, formula), shop.customer(), shop.customer()
    use(shop, customer, 7, START + 3 * HOUR)
    use(shop, customer, 5, START + HOUR)
    use(shop, customer, 3, START + 2 * HOUR)
    use(shop, other, 100, START + HOUR)
    (summary,) = summaries(shop, made, customer)
    assert (summary["aggregated_value"], summary["meter"]) == (expected, made["id"])
    hours = summaries(shop, made, customer, value_grouping_window="hour", limit=24)
    assert len(hours) == 24
    assert hours[-2]["aggregated_value"] == (1 if formula == "count" else 5)


def test_an_event_is_taken_back(shop: Shop) -> None:
    """An identifier is unique; an adjustment cancels the event."""
    made, customer = meter(shop), shop.customer()
    event = use(shop, customer, 5, START + HOUR, identifier="one")
    assert (event["identifier"], event["payload"]["value"]) == ("one", "5")
    again = {"event_name": "calls", "payload": event["payload"], "identifier": "one"}
    assert shop.stripe.refused("POST", "/v1/billing/meter_events", again)["code"] == "resource_already_exists"
    params = {"event_name": "calls", "type": "cancel", "cancel": {"identifier": "one"}}
    assert shop.stripe.post("/v1/billing/meter_event_adjustments", params)["cancel"] == {"identifier": "one"}
    assert summaries(shop, made, customer)[0]["aggregated_value"] == 0
    assert shop.stripe.refused("POST", "/v1/billing/meter_event_adjustments", params)["status"] == 400


def test_bad_events(shop: Shop) -> None:
    """Without a meter, without a customer, 36 days ago, ten minutes ahead."""
    customer = shop.customer()
    payload = {"stripe_customer_id": customer["id"], "value": 1}
    path = "/v1/billing/meter_events"
    assert shop.stripe.refused("POST", path, {"event_name": "calls", "payload": payload})["status"] == 400
    made = meter(shop)
    assert shop.stripe.refused("POST", path, {"event_name": "calls", "payload": {"value": 1}})["status"] == 400
    for time in (NOW - 36 * DAY, NOW + 600):
        params = {"event_name": "calls", "payload": payload, "timestamp": time}
        assert shop.stripe.refused("POST", path, params)["param"] == "timestamp"
    crooked = {"customer": customer["id"], "start_time": START + 1, "end_time": START + DAY}
    error = shop.stripe.refused("GET", f"/v1/billing/meters/{made['id']}/event_summaries", crooked)
    assert error["param"] == "start_time"
