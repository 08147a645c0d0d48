"""Quotes: what is offered, what it comes to, and what accepting it makes."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import NOW, Client, Json
from .shop import DAY, Shop


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


def quote(shop: Shop, customer: Json | None, *lines: Json, **more: Any) -> Json:
    """A draft."""
    params: Json = {"line_items": list(lines), **more}
    if customer:
        params["customer"] = customer["id"]
    return shop.stripe.post("/v1/quotes", params)


def act(shop: Shop, made: Json, verb: str, **params: Any) -> Json:
    """Finalize, accept or cancel."""
    return shop.stripe.post(f"/v1/quotes/{made['id']}/{verb}", params)


def test_a_draft(shop: Shop, table: Table) -> None:
    """Sums over all lines, `computed` for what comes again and what is to be paid at first; thirty days to expire."""
    made = quote(
        shop,
        shop.customer(),
        {"price": shop.price(1000)["id"], "quantity": 2},
        {"price": shop.price(500, None, "Setup")["id"]},
    )
    assert (made["status"], made["number"], made["expires_at"]) == ("draft", None, NOW + 30 * DAY)
    assert (made["amount_subtotal"], made["amount_total"], made["currency"]) == (2500, 2500, "usd")
    assert made["computed"]["recurring"]["amount_total"] == 2000
    assert made["computed"]["recurring"]["interval"] == "month"
    assert made["computed"]["upfront"]["amount_total"] == 2500
    lines = shop.stripe.get(f"/v1/quotes/{made['id']}/line_items")["data"]
    assert [(line["description"], line["amount_total"]) for line in lines] == [("Gold", 2000), ("Setup", 500)]
    shown = shop.stripe.get(f"/v1/quotes/{made['id']}", {"expand": ["line_items"]})
    assert len(shown["line_items"]["data"]) == 2
    operation = table.operation("create", "quote")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []


def test_discounts_and_taxes(shop: Shop) -> None:
    coupon = shop.stripe.post("/v1/coupons", {"percent_off": 10})
    rate = shop.stripe.post("/v1/tax_rates", {"display_name": "VAT", "percentage": 20, "inclusive": False})
    made = quote(
        shop,
        shop.customer(),
        {"price": shop.price(1000)["id"]},
        discounts=[{"coupon": coupon["id"]}],
        default_tax_rates=[rate["id"]],
    )
    assert made["amount_total"] == 1080
    assert made["total_details"] == {"amount_discount": 100, "amount_shipping": 0, "amount_tax": 180}


def test_a_subscription_comes_of_it(shop: Shop) -> None:
    """draft → open with a number → accepted: a subscription whose first invoice is a draft."""
    made = quote(
        shop,
        shop.customer(invoice_prefix="JANE"),
        {"price": shop.price(1000)["id"]},
        {"price": shop.price(500, None, "Setup")["id"]},
    )
    offered = act(shop, made, "finalize")
    assert (offered["status"], offered["number"]) == ("open", "QT-JANE-0001-1")
    assert offered["status_transitions"]["finalized_at"] == NOW
    accepted = act(shop, made, "accept")
    assert (accepted["status"], accepted["status_transitions"]["accepted_at"]) == ("accepted", NOW)
    subscription = shop.subscription({"id": accepted["subscription"]})
    assert (subscription["status"], subscription["latest_invoice"]) == ("active", accepted["invoice"])
    invoice = shop.invoice(accepted["invoice"])
    assert (invoice["status"], invoice["total"]) == ("draft", 1500)
    quotes = [name for name in shop.news() if name.startswith("quote")]
    assert quotes == ["quote.created", "quote.finalized", "quote.accepted"]


def test_an_invoice_comes_of_it(shop: Shop) -> None:
    """What is sold once becomes a draft invoice that names the quote."""
    made = quote(shop, shop.customer(), {"price": shop.price(500, None, "Setup")["id"], "quantity": 3})
    act(shop, made, "finalize")
    accepted = act(shop, made, "accept")
    invoice = shop.invoice(accepted["invoice"])
    assert (invoice["status"], invoice["total"], invoice["billing_reason"]) == ("draft", 1500, "quote_accept")
    assert invoice["parent"] == {
        "quote_details": {"quote": made["id"]},
        "subscription_details": None,
        "type": "quote_details",
    }
    assert accepted["subscription"] is None


def test_a_schedule_comes_of_it(shop: Shop) -> None:
    """A subscription that starts later becomes a schedule."""
    start = NOW + 10 * DAY
    made = quote(shop, shop.customer(), {"price": shop.price()["id"]}, subscription_data={"effective_date": start})
    act(shop, made, "finalize")
    accepted = act(shop, made, "accept")
    planned = shop.stripe.get(f"/v1/subscription_schedules/{accepted['subscription_schedule']}")
    assert (planned["status"], planned["phases"][0]["start_date"]) == ("not_started", start)


def test_a_trial(shop: Shop) -> None:
    made = quote(shop, shop.customer(), {"price": shop.price()["id"]}, subscription_data={"trial_period_days": 7})
    assert made["computed"]["upfront"]["amount_total"] == 0
    act(shop, made, "finalize")
    subscription = shop.subscription({"id": act(shop, made, "accept")["subscription"]})
    assert (subscription["status"], subscription["trial_end"]) == ("trialing", NOW + 7 * DAY)


def test_states(shop: Shop) -> None:
    """A canceled or expired quote cannot be accepted; a customer is needed before it is finalized."""
    line = {"price": shop.price()["id"]}
    homeless = quote(shop, None, line)
    assert shop.stripe.refused("POST", f"/v1/quotes/{homeless['id']}/finalize")["param"] == "customer"
    made = quote(shop, shop.customer(), line)
    assert shop.stripe.refused("POST", f"/v1/quotes/{made['id']}/accept")["status"] == 400
    act(shop, made, "finalize")
    assert shop.stripe.refused("POST", f"/v1/quotes/{made['id']}", {"line_items": [line]})["status"] == 400
    gone = act(shop, made, "cancel")
    assert (gone["status"], gone["status_transitions"]["canceled_at"]) == ("canceled", NOW)
    assert shop.stripe.refused("POST", f"/v1/quotes/{made['id']}/accept")["status"] == 400
    late = act(shop, quote(shop, shop.customer(), line), "finalize", expires_at=NOW + DAY)
    shop.stripe.clock.advance(2 * DAY)
    assert shop.stripe.refused("POST", f"/v1/quotes/{late['id']}/accept")["status"] == 400
    assert shop.stripe.get(f"/v1/quotes/{late['id']}")["status"] == "canceled"


def test_revisions(shop: Shop) -> None:
    """`from_quote` copies the lines; a revision counts the number up."""
    made = act(shop, quote(shop, shop.customer(invoice_prefix="JANE"), {"price": shop.price()["id"]}), "finalize")
    again = shop.stripe.post("/v1/quotes", {"from_quote": {"quote": made["id"], "is_revision": True}})
    assert (again["amount_total"], again["customer"]) == (1000, made["customer"])
    assert again["from_quote"] == {"is_revision": True, "quote": made["id"]}
    assert act(shop, again, "finalize")["number"] == "QT-JANE-0001-2"


def test_the_pdf_needs_a_final_quote(shop: Shop) -> None:
    made = quote(shop, shop.customer(), {"price": shop.price()["id"]})
    assert shop.stripe.send("GET", f"/v1/quotes/{made['id']}/pdf").status == 400
    act(shop, made, "finalize")
    assert shop.stripe.send("GET", f"/v1/quotes/{made['id']}/pdf").body.startswith(b"%PDF")
