"""The requests with which the official command-line tool triggers events of billing, taken as they are sent."""

from __future__ import annotations

import pytest

from .conftest import Client, Json
from .shop import Shop


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


def with_source(shop: Shop) -> Json:
    """A customer with a legacy card."""
    return shop.stripe.post("/v1/customers", {"source": "tok_visa"})


@pytest.mark.parametrize(
    ("card", "event"),
    [
        ("pm_card_chargeCustomerFail", "invoice.payment_failed"),
        ("pm_card_threeDSecure2Required", "invoice.payment_action_required"),
    ],
)
def test_an_invoice_that_is_not_paid(shop: Shop, card: str, event: str) -> None:
    """The method is attached by its path, a draft is paid, the error is a `card_error`."""
    stripe = shop.stripe
    customer = stripe.post("/v1/customers", {"description": "(created by a test)"})
    method = stripe.post(f"/v1/payment_methods/{card}/attach", {"customer": customer["id"]})
    stripe.post("/v1/invoiceitems", {"customer": customer["id"], "currency": "usd", "amount": 2000})
    invoice = stripe.post("/v1/invoices", {"customer": customer["id"], "pending_invoice_items_behavior": "include"})
    params = {"payment_method": method["id"], "off_session": False}
    assert stripe.refused("POST", f"/v1/invoices/{invoice['id']}/pay", params)["type"] == "card_error"
    assert event in shop.news()


def test_a_subscription_that_is_not_paid(shop: Shop) -> None:
    """`tok_chargeCustomerFail` attaches; the create answers 200 `incomplete` with the id of its invoice."""
    stripe = shop.stripe
    customer = stripe.post("/v1/customers")
    method = stripe.post("/v1/payment_methods", {"type": "card", "card": {"token": "tok_chargeCustomerFail"}})
    stripe.post(f"/v1/payment_methods/{method['id']}/attach", {"customer": customer["id"]})
    made = shop.subscribe(customer, shop.price(), default_payment_method=method["id"])
    assert made["status"] == "incomplete"
    assert made["latest_invoice"].startswith("in_")
    assert "invoice.payment_failed" in shop.news()


def test_subscriptions_of_legacy_cards(shop: Shop) -> None:
    """A customer's `source` pays when there is nothing else."""
    made = shop.subscribe(with_source(shop), shop.price())
    assert (made["status"], shop.invoice(made["latest_invoice"])["status"]) == ("active", "paid")


def test_a_quote_of_a_legacy_customer(shop: Shop) -> None:
    stripe = shop.stripe
    line = {"price": shop.price()["id"], "quantity": 1}
    quote = stripe.post("/v1/quotes", {"customer": with_source(shop)["id"], "line_items": [line]})
    stripe.post(f"/v1/quotes/{quote['id']}/finalize")
    stripe.post(f"/v1/quotes/{quote['id']}/accept")
    assert "quote.accepted" in shop.news()


def plan(shop: Shop, customer: Json, start: int | str, **more: object) -> Json:
    """A schedule with the legacy `iterations`."""
    phase = {"items": [{"price": shop.price()["id"], "quantity": 1}], "iterations": 1}
    params = {"customer": customer["id"], "start_date": start, "phases": [phase], **more}
    return shop.stripe.post("/v1/subscription_schedules", params)


@pytest.mark.parametrize(
    ("target", "event"),
    [(1_580_515_200, "subscription_schedule.completed"), (1_579_996_800, "subscription_schedule.expiring")],
)
def test_a_schedule_in_2020(shop: Shop, target: int, event: str) -> None:
    """A clock at the beginning of 2020, a customer without a method, a schedule from that time."""
    stripe = shop.stripe
    clock = stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": 1_577_836_800})
    customer = stripe.post("/v1/customers", {"test_clock": clock["id"]})
    plan(shop, customer, 1_577_836_800, end_behavior="release")
    stripe.post(f"/v1/test_helpers/test_clocks/{clock['id']}/advance", {"frozen_time": target})
    assert event in shop.news()


def test_a_schedule_in_2030(shop: Shop) -> None:
    made = plan(shop, with_source(shop), 1_893_456_000)
    params = {"prorate": False, "invoice_now": False}
    gone = shop.stripe.post(f"/v1/subscription_schedules/{made['id']}/cancel", params)
    assert gone["status"] == "canceled"


def test_releasing_a_schedule(shop: Shop) -> None:
    made = plan(shop, with_source(shop), "now")
    shop.stripe.post(f"/v1/subscription_schedules/{made['id']}", {"metadata": {"foo": "bar"}})
    shop.stripe.post(f"/v1/subscription_schedules/{made['id']}/release")
    news = shop.news()
    assert news.index("subscription_schedule.updated") < news.index("subscription_schedule.released")


def test_a_clock_in_2020(shop: Shop) -> None:
    clock = shop.stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": 1_577_836_800})
    path = f"/v1/test_helpers/test_clocks/{clock['id']}"
    shop.stripe.post(f"{path}/advance", {"frozen_time": 1_580_515_200})
    shop.stripe.delete(path)
    assert shop.news() == [
        f"test_helpers.test_clock.{happened}" for happened in ("created", "advancing", "ready", "deleted")
    ]


def test_a_renewal_that_is_void(shop: Shop) -> None:
    stripe = shop.stripe
    customer = with_source(shop)
    stripe.post("/v1/invoiceitems", {"customer": customer["id"], "currency": "usd", "amount": 2000})
    invoice = stripe.post(
        "/v1/invoices",
        {
            "customer": customer["id"],
            "pending_invoice_items_behavior": "include",
            "collection_method": "send_invoice",
            "days_until_due": 30,
        },
    )
    for verb in ("finalize", "send", "void"):
        stripe.post(f"/v1/invoices/{invoice['id']}/{verb}")
    news = shop.news()
    assert [name for name in news if name.startswith("invoice.")] == [
        "invoice.created",
        "invoice.finalized",
        "invoice.sent",
        "invoice.voided",
    ]


def test_plans_and_subscriptions_of_them(shop: Shop) -> None:
    """A plan's id is a price's."""
    made = shop.stripe.post(
        "/v1/plans", {"currency": "usd", "interval": "month", "amount": 2000, "product": {"name": "Old"}}
    )
    subscription = shop.subscribe(with_source(shop), made)
    assert subscription["plan"]["id"] == made["id"]
