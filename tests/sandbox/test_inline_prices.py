"""Prices that are made for one object (`price_data`): inactive, and billed by that object all the same."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, Shop
from .test_hosted_flows import play


@pytest.fixture
def product(stripe: Client) -> str:
    return str(stripe.post("/v1/products", {"name": "Plan"})["id"])


def line(product: str, amount: int = 1000, *, recurring: bool = False) -> Json:
    more: Json = {"recurring": {"interval": "month"}} if recurring else {}
    return {"price_data": {"currency": "usd", "unit_amount": amount, "product": product, **more}, "quantity": 1}


@pytest.mark.parametrize(
    ("modes", "more", "total"),
    [
        ([False], {}, 1000),
        ([True], {}, 1000),
        ([True, False], {}, 2000),
        ([True, False], {"subscription_data": {"trial_period_days": 5}}, 1000),
    ],
)
def test_quotes(stripe: Client, product: str, modes: list[bool], more: Json, total: int) -> None:
    lines = [line(product, recurring=mode) for mode in modes]
    quote = stripe.post("/v1/quotes", {"customer": Shop(stripe).customer()["id"], "line_items": lines, **more})
    stripe.post(f"/v1/quotes/{quote['id']}/finalize")
    done = stripe.post(f"/v1/quotes/{quote['id']}/accept")
    assert (done["status"], bool(done["subscription"])) == ("accepted", True in modes)
    assert stripe.get(f"/v1/invoices/{done['invoice']}")["total"] == total


def test_a_quote_that_starts_later(stripe: Client, product: str) -> None:
    lines = [line(product, recurring=True), line(product, 300)]
    params = {"customer": Shop(stripe).customer()["id"], "line_items": lines}
    quote = stripe.post("/v1/quotes", {**params, "subscription_data": {"effective_date": NOW + 10 * DAY}})
    stripe.post(f"/v1/quotes/{quote['id']}/finalize")
    schedule = stripe.post(f"/v1/quotes/{quote['id']}/accept")["subscription_schedule"]
    stripe.clock.advance(10 * DAY)
    subscription = stripe.get(f"/v1/subscription_schedules/{schedule}")["subscription"]
    assert stripe.get("/v1/invoices", {"subscription": subscription})["data"][0]["total"] == 1300


@pytest.mark.parametrize(
    ("mode", "modes", "more"),
    [
        ("subscription", [True], {}),
        ("subscription", [True, False], {}),
        ("subscription", [True], {"subscription_data": {"trial_period_days": 5}}),
        ("payment", [False], {}),
        ("payment", [False], {"invoice_creation": {"enabled": True}}),
    ],
)
def test_checkout(stripe: Client, product: str, mode: str, modes: list[bool], more: Json) -> None:
    lines: list[Any] = [line(product, recurring=each) for each in modes]
    made = stripe.post(
        "/v1/checkout/sessions", {"mode": mode, "success_url": "https://a.b", "line_items": lines, **more}
    )
    done = play(stripe, "complete_checkout", session=made["id"])
    assert (done["status"], bool(done["subscription"])) == ("complete", mode == "subscription")
    assert bool(done["invoice"]) is bool(mode == "subscription" or more)


@pytest.mark.parametrize("recurring", [False, True])
def test_payment_links(stripe: Client, product: str, *, recurring: bool) -> None:
    more: Json = {} if recurring else {"invoice_creation": {"enabled": True}}
    link = stripe.post("/v1/payment_links", {"line_items": [line(product, recurring=recurring)], **more})
    done = play(stripe, "use_payment_link", payment_link=link["id"])
    assert stripe.get(f"/v1/invoices/{done['invoice']}")["total"] == 1000


def test_the_next_phase_of_a_schedule(stripe: Client, product: str) -> None:
    phases = [{"items": [line(product, amount, recurring=True)]} for amount in (1000, 3000)]
    phases[0]["end_date"] = NOW + 5 * DAY  # type: ignore[assignment]
    params = {"customer": Shop(stripe).customer()["id"], "start_date": "now", "phases": phases}
    made = stripe.post("/v1/subscription_schedules", params)
    stripe.clock.advance(5 * DAY)
    (item,) = stripe.get(f"/v1/subscriptions/{made['subscription']}")["items"]["data"]
    assert item["price"]["unit_amount"] == 3000


def test_a_request_cannot_name_them(stripe: Client, product: str) -> None:
    owner = Shop(stripe).customer()["id"]
    made = stripe.post("/v1/subscriptions", {"customer": owner, "items": [line(product, recurring=True)]})
    price = made["items"]["data"][0]["price"]["id"]
    for path, params in (
        ("/v1/subscriptions", {"customer": owner, "items": [{"price": price}]}),
        ("/v1/quotes", {"customer": owner, "line_items": [{"price": price}]}),
        (
            "/v1/subscription_schedules",
            {"customer": owner, "start_date": "now", "phases": [{"items": [{"price": price}]}]},
        ),
    ):
        assert stripe.refused("POST", path, params)["message"].startswith("The price specified is inactive."), path
