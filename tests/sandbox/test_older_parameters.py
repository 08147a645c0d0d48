"""Parameters that Stripe serves though its description lacks them, and what earlier versions take."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, Shop


@pytest.fixture
def shop(stripe: Client) -> Shop:
    return Shop(stripe)


def price_of(subscription: Json) -> str:
    found: str = subscription["items"]["data"][0]["price"]["id"]
    return found


def test_a_plan_is_the_price_of_its_id(shop: Shop) -> None:
    """Subscriptions, their items, schedules and previews take `plan` for `price`; lists find by it."""
    first, second = shop.price()["id"], shop.price(3000)["id"]
    customer = shop.customer()["id"]
    made = shop.stripe.post("/v1/subscriptions", {"customer": customer, "items": [{"plan": first}]})
    assert price_of(made) == first
    assert [row["id"] for row in shop.stripe.get("/v1/subscriptions", {"plan": first})["data"]] == [made["id"]]
    item = made["items"]["data"][0]["id"]
    assert shop.stripe.post(f"/v1/subscription_items/{item}", {"plan": second})["price"]["id"] == second
    assert shop.stripe.get("/v1/subscriptions", {"plan": first})["data"] == []
    phases = [{"items": [{"plan": first}], "duration": {"interval": "month"}}]
    schedule = shop.stripe.post(
        "/v1/subscription_schedules", {"customer": customer, "start_date": NOW + DAY, "phases": phases}
    )
    assert schedule["phases"][0]["items"][0]["price"] == first
    details = {"items": [{"plan": second}]}
    preview = shop.stripe.post("/v1/invoices/create_preview", {"customer": customer, "subscription_details": details})
    assert preview["total"] == 3000


def test_a_customer_may_bring_an_id(stripe: Client) -> None:
    assert stripe.post("/v1/customers", {"id": "cus_mine"})["id"] == "cus_mine"
    assert stripe.get("/v1/customers/cus_mine")["object"] == "customer"
    assert stripe.refused("POST", "/v1/customers", {"id": "cus_mine"})["code"] == "resource_already_exists"


def test_the_type_of_a_product_is_taken(stripe: Client) -> None:
    assert stripe.post("/v1/products", {"name": "Tea", "type": "good"})["type"] == "good"
    assert stripe.post("/v1/products", {"name": "Tea"})["type"] == "service"
    assert stripe.refused("POST", "/v1/products", {"name": "Tea", "type": "bad"})["param"] == "type"


@pytest.mark.parametrize("anchor", ["now", {"type": "now"}])
def test_an_anchor_is_an_object_or_a_word(shop: Shop, anchor: Any) -> None:
    """Since 2026-09-30.endive `billing_cycle_anchor` of an update is an object; words are taken as before."""
    made = shop.subscribe(shop.customer(), shop.price())
    shop.stripe.clock.advance(DAY)
    assert shop.update(made, billing_cycle_anchor=anchor)["billing_cycle_anchor"] == NOW + DAY


@pytest.mark.parametrize("anchor", [NOW + DAY, {"type": "timestamp", "timestamp": NOW + DAY}])
def test_an_anchor_of_a_preview_is_an_object_or_a_time(shop: Shop, anchor: Any) -> None:
    details = {"items": [{"price": shop.price()["id"]}], "billing_cycle_anchor": anchor}
    params = {"customer": shop.customer()["id"], "subscription_details": details}
    preview = shop.stripe.post("/v1/invoices/create_preview", params)
    assert preview["lines"]["data"][0]["period"]["end"] == NOW + DAY


@pytest.mark.parametrize("name", ["payment_method_types", "allowed_payment_method_types"])
@pytest.mark.parametrize("path", ["/v1/payment_intents", "/v1/setup_intents"])
def test_ways_to_pay_go_by_either_name(stripe: Client, path: str, name: str) -> None:
    """Since 2026-09-30.endive requests name the allowed ones; the older name is taken as before."""
    more = {"amount": 500, "currency": "usd"} if path == "/v1/payment_intents" else {}
    assert stripe.post(path, {**more, name: ["card"]})["payment_method_types"] == ["card"]
    assert stripe.post(path, {**more, name: {"0": "sepa_debit"}} | ({"currency": "eur"} if more else {}))[
        "payment_method_types"
    ] == ["sepa_debit"]
