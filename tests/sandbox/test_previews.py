"""Previews of invoices: the same amounts as the real thing, and nothing is made."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import NOW, Client, Json
from .shop import DAY, Shop, at, descriptions

END = at("2026-07-01T12:00:00")


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


def preview(shop: Shop, **params: Any) -> Json:
    """The invoice that is to come."""
    return shop.stripe.post("/v1/invoices/create_preview", params)


def test_the_next_renewal(shop: Shop, table: Table) -> None:
    """An id of its own, a draft without number, `billing_reason: upcoming`; no event, in no list, kept 72 hours."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    shop.stripe.post("/v1/invoiceitems", {"customer": customer["id"], "amount": 700, "currency": "usd"})
    shop.news()
    shown = preview(shop, subscription=made["id"])
    assert shown["id"].startswith("upcoming_in_")
    assert (shown["status"], shown["number"], shown["billing_reason"]) == ("draft", None, "upcoming")
    assert [amount for _, amount in descriptions(shown)] == [700, 1000]
    assert all(line["id"].startswith("il_tmp_") for line in shown["lines"]["data"])
    assert shown["lines"]["data"][1]["period"] == {"start": END, "end": at("2026-08-01T12:00:00")}
    assert (shown["period_start"], shown["period_end"]) == (NOW, END)
    assert shop.news() == []
    assert len(shop.invoices(customer)) == 1
    assert len(shop.pending(customer)) == 1
    assert shop.invoice(shown["id"]) == shown
    assert preview(shop, customer=customer["id"])["total"] == 1700
    operation = table.operation("create_preview", "invoice")
    assert operation is not None
    assert list(departures(table, operation.response, shown)) == []
    shop.stripe.clock.advance(3 * DAY + 1)
    assert shop.stripe.refused("GET", f"/v1/invoices/{shown['id']}")["status"] == 404


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice"])
def test_a_change(shop: Shop, behavior: str) -> None:
    """A preview of a change shows the lines that the change makes."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    shop.stripe.clock.advance((END - NOW) // 2)
    items = [{"id": made["items"]["data"][0]["id"], "price": shop.price(3000)["id"]}]
    shown = preview(
        shop,
        customer=customer["id"],
        subscription=made["id"],
        subscription_details={"items": items, "proration_behavior": behavior},
    )
    expected = [-500, 1500] + ([3000] if behavior == "create_prorations" else [])
    assert [line["amount"] for line in shown["lines"]["data"]] == expected
    assert shop.subscription(made) == made
    changed = shop.update(made, items=items, proration_behavior=behavior)
    if behavior == "always_invoice":
        real = shop.invoice(changed["latest_invoice"])
        assert descriptions(real) == descriptions(shown)
        assert real["total"] == shown["total"]
    else:
        assert [item["amount"] for item in shop.pending(customer)] == [-500, 1500]


def test_a_new_subscription(shop: Shop) -> None:
    """Items without a subscription: what the first invoice would be; even without a customer."""
    details = {"items": [{"price": shop.price(1000)["id"], "quantity": 3}]}
    assert preview(shop, customer=shop.customer(None)["id"], subscription_details=details)["total"] == 3000
    unknown = preview(shop, customer_details={"address": {"country": "US"}}, subscription_details=details)
    assert unknown["total"] == 3000
    trial = {**details, "trial_end": NOW + 7 * DAY}
    assert preview(shop, customer=shop.customer()["id"], subscription_details=trial)["total"] == 0
    assert shop.stripe.get("/v1/subscriptions", {"status": "all"})["data"] == []


def test_recurring_mode_leaves_out_what_waits(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    shop.stripe.post("/v1/invoiceitems", {"customer": customer["id"], "amount": 700, "currency": "usd"})
    assert preview(shop, subscription=made["id"], preview_mode="recurring")["total"] == 1000


def test_items_and_discounts_that_are_not_there(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    coupon = shop.stripe.post("/v1/coupons", {"percent_off": 50})
    shown = preview(
        shop,
        subscription=made["id"],
        invoice_items=[{"amount": 500, "currency": "usd", "description": "Extra"}],
        discounts=[{"coupon": coupon["id"]}],
    )
    assert (shown["subtotal"], shown["total"]) == (1500, 750)
    assert shop.stripe.get(f"/v1/coupons/{coupon['id']}")["times_redeemed"] == 0


def test_canceling_now(shop: Shop) -> None:
    made = shop.subscribe(shop.customer(), shop.price())
    shop.stripe.clock.advance((END - NOW) // 2)
    shown = preview(shop, subscription=made["id"], subscription_details={"cancel_now": True})
    assert shown["total"] == -500
    assert shop.subscription(made)["status"] == "active"


def test_nothing_to_bill(shop: Shop) -> None:
    """A canceled subscription, or a customer without anything: 404 `invoice_upcoming_none`."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    shop.stripe.delete(f"/v1/subscriptions/{made['id']}")
    for params in ({"subscription": made["id"]}, {"customer": customer["id"]}):
        error = shop.stripe.refused("POST", "/v1/invoices/create_preview", params)
        assert (error["status"], error["code"]) == (404, "invoice_upcoming_none")


def test_the_end_of_a_subscription(shop: Shop) -> None:
    """One that ends with its period bills nothing more."""
    made = shop.subscribe(shop.customer(), shop.price())
    shop.update(made, cancel_at_period_end=True)
    error = shop.stripe.refused("POST", "/v1/invoices/create_preview", {"subscription": made["id"]})
    assert error["code"] == "invoice_upcoming_none"


@pytest.mark.parametrize("behavior", ["create_prorations", "always_invoice"])
def test_prorations_of_a_preview_are_of_subscription_items(shop: Shop, behavior: str) -> None:
    """Both the changes that are previewed and those that wait; billed by the renewal they are invoice items."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    item = made["items"]["data"][0]["id"]
    shop.stripe.clock.advance(10 * DAY)
    shop.update(made, items=[{"id": item, "quantity": 2}])
    change = {"items": [{"id": item, "quantity": 3}], "proration_behavior": behavior}
    params = {"subscription": made["id"], "subscription_details": change}
    shown = shop.stripe.post("/v1/invoices/create_preview", params)
    prorated = [line["parent"] for line in shown["lines"]["data"] if "time on" in line["description"]]
    assert len(prorated) == 4
    for parent in prorated:
        details = parent["subscription_item_details"]
        assert (parent["type"], details["proration"]) == ("subscription_item_details", True)
        assert (details["subscription_item"], details["invoice_item"][:3]) == (item, "ii_")
    shop.stripe.clock.advance(21 * DAY)
    renewal = shop.stripe.get("/v1/invoices", {"subscription": made["id"]})["data"][0]
    kinds = {line["parent"]["type"] for line in renewal["lines"]["data"] if "time on" in line["description"]}
    assert kinds == {"invoice_item_details"}
