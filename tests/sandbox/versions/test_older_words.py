"""What older versions call things: requests in their words, and answers in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import NOW, Client, Json
from tests.sandbox.shop import DAY, Shop

from .older import Older, older, without

ACACIA, TODAY = "2025-02-24.acacia", "2026-10-28.endive"


@pytest.fixture
def acacia(stripe: Client) -> Older:
    return older(stripe, ACACIA)


def subscribed(client: Client, **more: Any) -> tuple[Json, Json, Json]:
    shop = Shop(client)
    customer, price = shop.customer(), shop.price()
    return shop.subscribe(customer, price, **more), customer, price


# --- endive, dahlia, clover ------------------------------------------------------------------------------------------


def test_checkout_modes(stripe: Client) -> None:
    item = {"price": Shop(stripe).price(interval=None)["id"], "quantity": 1}
    given = {"ui_mode": "embedded", "return_url": "https://x.test", "mode": "payment", "line_items": [item]}
    made = older(stripe, "2026-02-25.clover").post("/v1/checkout/sessions", given)
    assert made["ui_mode"] == "embedded"
    assert stripe.get(f"/v1/checkout/sessions/{made['id']}")["ui_mode"] == "embedded_page"
    assert stripe.refused("POST", "/v1/checkout/sessions", given)["param"] == "ui_mode"


def test_billing_mode_by_default(stripe: Client) -> None:
    shop = Shop(stripe)
    customer, items = shop.customer()["id"], [{"price": shop.price()["id"]}]
    modes = {
        version: older(stripe, version).post("/v1/subscriptions", {"customer": customer, "items": items})["id"]
        for version in ("2025-03-31.basil", "2025-08-27.basil", "2025-09-30.clover", TODAY)
    }
    kept = [stripe.get(f"/v1/subscriptions/{key}")["billing_mode"]["type"] for key in modes.values()]
    assert kept == ["classic", "classic", "flexible", "flexible"]
    key = modes["2025-03-31.basil"]
    assert without(older(stripe, "2025-05-28.basil").get(f"/v1/subscriptions/{key}"), "billing_mode")
    assert older(stripe, "2025-06-30.basil").get(f"/v1/subscriptions/{key}")["billing_mode"]["type"] == "classic"


def test_a_coupon_is_whole(stripe: Client) -> None:
    basil = older(stripe, "2025-08-27.basil")
    coupon = stripe.post("/v1/coupons", {"percent_off": 25, "duration": "forever"})
    code = basil.post("/v1/promotion_codes", {"coupon": coupon["id"], "code": "QUARTER"})
    assert (code["coupon"]["percent_off"], "promotion" in code) == (25, False)
    subscription = subscribed(stripe, discounts=[{"coupon": coupon["id"]}])[0]
    path = f"/v1/subscriptions/{subscription['id']}"
    shown = basil.get(path, {"expand": ["discounts"]})["discounts"][0]
    assert (shown["coupon"]["id"], "source" in shown) == (coupon["id"], False)
    newer = stripe.get(path, {"expand": ["discounts"]})["discounts"][0]
    assert (newer["source"]["coupon"], "coupon" in newer) == (coupon["id"], False)
    assert basil.refused("POST", "/v1/promotion_codes", {"coupon": "none"})["param"] == "coupon"


def test_a_deleted_discount_is_told_in_the_older_form(acacia: Older) -> None:
    coupon = acacia.post("/v1/coupons", {"percent_off": 10, "duration": "forever"})
    customer = acacia.post("/v1/customers", {"coupon": coupon["id"]})
    assert customer["discount"]["coupon"]["percent_off"] == 10
    gone = acacia.delete(f"/v1/customers/{customer['id']}/discount")
    assert (gone["deleted"], gone["coupon"]["id"]) == (True, coupon["id"])


# --- basil ------------------------------------------------------------------------------------------------------------


def test_a_subscription_is_confirmed_by_the_intent_of_its_invoice(acacia: Older) -> None:
    shop = Shop(acacia)
    given = {
        "customer": shop.customer(None)["id"],
        "items": [{"price": shop.price()["id"]}],
        "payment_behavior": "default_incomplete",
        "expand": ["latest_invoice.payment_intent"],
    }
    made = acacia.post("/v1/subscriptions", given)
    intent = made["latest_invoice"]["payment_intent"]
    assert (made["status"], intent["status"]) == ("incomplete", "requires_payment_method")
    assert intent["invoice"] == made["latest_invoice"]["id"]
    acacia.post(f"/v1/payment_intents/{intent['id']}/confirm", {"payment_method": "pm_card_visa"})
    invoice = acacia.get(f"/v1/invoices/{intent['invoice']}", {"expand": ["charge", "subscription"]})
    assert (invoice["paid"], invoice["charge"]["paid"], invoice["charge"]["invoice"]) == (True, True, invoice["id"])
    assert (invoice["subscription"]["status"], invoice["subscription"]["current_period_start"]) == ("active", NOW)
    assert without(invoice, "parent", "payments", "total_taxes", "confirmation_secret", "amount_overpaid")
    assert (invoice["tax"], invoice["total_tax_amounts"], invoice["quote"]) == (None, [], None)


def test_a_line_has_its_price(acacia: Older) -> None:
    _, _, price = subscribed(acacia)
    page = acacia.get("/v1/invoices")["data"]
    assert page[0]["lines"]["data"][0]["price"]["id"] == price["id"]
    key = page[0]["id"]
    line = acacia.get(f"/v1/invoices/{key}", {"expand": ["lines.data.price.product"]})["lines"]["data"][0]
    assert (line["type"], line["proration"], line["price"]["product"]["name"]) == ("subscription", False, "Gold")
    assert (line["plan"]["amount"], line["amount_excluding_tax"]) == (1000, 1000)
    assert (line["unit_amount_excluding_tax"], line["subscription_item"][:3]) == ("1000", "si_")
    assert without(line, "parent", "pricing", "taxes", "invoice_item")


def test_taxes_of_a_line(acacia: Older) -> None:
    rate = acacia.post("/v1/tax_rates", {"display_name": "VAT", "percentage": 20, "inclusive": True})
    shop = Shop(acacia)
    subscription = shop.subscribe(shop.customer(), shop.price(1200), default_tax_rates=[rate["id"]])
    given = {"expand": ["total_tax_amounts.tax_rate"]}
    invoice = acacia.get(f"/v1/invoices/{subscription['latest_invoice']}", given)
    assert invoice["tax"] == 200
    assert invoice["total_tax_amounts"][0]["tax_rate"]["id"] == rate["id"]
    line = invoice["lines"]["data"][0]
    assert (line["amount_excluding_tax"], line["tax_amounts"][0]["inclusive"]) == (1000, True)
    assert line["tax_amounts"][0]["tax_rate"] == rate["id"]


def test_invoice_items_take_a_price(acacia: Older) -> None:
    shop = Shop(acacia)
    customer, price = shop.customer()["id"], shop.price(700, interval=None)
    item = acacia.post("/v1/invoiceitems", {"customer": customer, "price": price["id"], "quantity": 2})
    assert (item["price"]["id"], item["unit_amount"], item["amount"], item["plan"]) == (price["id"], 700, 1400, None)
    other = acacia.post("/v1/invoiceitems", {"customer": customer, "currency": "usd", "unit_amount": 30, "quantity": 3})
    assert (other["amount"], other["unit_amount"], other["unit_amount_decimal"]) == (90, 30, "30")
    wrong = {"customer": customer, "price": "price_none"}
    assert acacia.refused("POST", "/v1/invoiceitems", wrong)["message"] == "No such price: 'price_none'"
    given = {"customer": customer, "pending_invoice_items_behavior": "include"}
    line = acacia.post("/v1/invoices", given)["lines"]["data"]
    assert sorted(row["invoice_item"] for row in line) == sorted((item["id"], other["id"]))


def test_an_invoice_shows_its_fee_and_transfer(stripe: Client, acacia: Older) -> None:
    customer = Shop(stripe).customer()["id"]
    made = acacia.post("/v1/invoices", {"customer": customer, "application_fee_amount": 12})
    assert (made["application_fee_amount"], made["transfer_data"]) == (12, None)
    assert without(stripe.get(f"/v1/invoices/{made['id']}"), "application_fee_amount")


def test_paid_out_of_band(stripe: Client, acacia: Older) -> None:
    shop = Shop(stripe)
    customer = shop.customer()["id"]
    stripe.post("/v1/invoiceitems", {"customer": customer, "amount": 500, "currency": "usd"})
    key = stripe.post("/v1/invoices", {"customer": customer, "pending_invoice_items_behavior": "include"})["id"]
    paid = acacia.post(f"/v1/invoices/{key}/pay", {"paid_out_of_band": True})
    assert (paid["paid"], paid["paid_out_of_band"], paid["amount_paid"]) == (True, True, 0)
    assert stripe.get(f"/v1/invoices/{key}")["amount_paid"] == 500


def test_a_coupon_of_a_subscription(acacia: Older) -> None:
    coupon = acacia.post("/v1/coupons", {"percent_off": 50, "duration": "forever"})["id"]
    made, _, price = subscribed(acacia, coupon=coupon)
    assert made["discount"]["coupon"]["percent_off"] == 50
    assert acacia.post(f"/v1/subscriptions/{made['id']}", {"coupon": ""})["discount"] is None
    code = acacia.post("/v1/promotion_codes", {"coupon": coupon})["id"]
    assert acacia.post("/v1/customers", {"promotion_code": code})["discount"]["coupon"]["id"] == coupon
    phases = [{"items": [{"price": price["id"]}], "coupon": coupon, "iterations": 2}]
    given = {"customer": made["customer"], "start_date": NOW + DAY, "phases": phases}
    assert acacia.post("/v1/subscription_schedules", given)["phases"][0]["coupon"] == coupon


def test_a_newer_version_refuses_a_coupon(stripe: Client) -> None:
    _, customer, price = subscribed(stripe)
    given = {"customer": customer["id"], "items": [{"price": price["id"]}], "coupon": "x"}
    for client in (stripe, older(stripe, "2025-03-31.basil")):
        error = client.refused("POST", "/v1/subscriptions", given)
        assert (error["code"], error["message"]) == ("parameter_unknown", "Received unknown parameter: coupon")


def test_the_upcoming_invoice(acacia: Older) -> None:
    made, customer, _ = subscribed(acacia)
    dear = Shop(acacia).price(3000, name="Dear")["id"]
    upcoming = acacia.get("/v1/invoices/upcoming", {"customer": customer["id"]})
    assert (upcoming["total"], upcoming["subscription"], "id" in upcoming) == (1000, made["id"], False)
    items = [{"id": made["items"]["data"][0]["id"], "price": dear}]
    given = {"subscription": made["id"], "subscription_items": items, "subscription_proration_behavior": "none"}
    assert acacia.get("/v1/invoices/upcoming", given)["total"] == 3000
    lines = acacia.get("/v1/invoices/upcoming/lines", {"subscription": made["id"], "limit": 1})
    assert (lines["url"], lines["data"][0]["price"]["unit_amount"]) == ("/v1/invoices/upcoming/lines", 1000)
    now = {"subscription": made["id"], "subscription_billing_cycle_anchor": "now"}
    acacia.clock.advance(DAY)
    assert acacia.get("/v1/invoices/upcoming", now)["lines"]["data"][-1]["period"]["start"] == NOW + DAY


def test_nothing_is_upcoming(stripe: Client, acacia: Older) -> None:
    customer = stripe.post("/v1/customers")["id"]
    error = acacia.refused("GET", "/v1/invoices/upcoming", {"customer": customer})
    assert (error["status"], error["code"]) == (404, "invoice_upcoming_none")
    error = older(stripe, "2025-03-31.basil").refused("GET", "/v1/invoices/upcoming")
    assert (error["status"], error["code"]) == (404, "resource_missing")


def test_the_refund_of_a_credit_note(acacia: Older) -> None:
    subscription, *_ = subscribed(acacia)
    invoice = acacia.get(f"/v1/invoices/{subscription['latest_invoice']}")
    refund = acacia.post("/v1/refunds", {"charge": invoice["charge"], "amount": 300})
    note = acacia.post("/v1/credit_notes", {"invoice": invoice["id"], "amount": 300, "refund": refund["id"]})
    assert (note["refund"], note["tax_amounts"], "refunds" in note) == (refund["id"], [], False)


@pytest.mark.parametrize(
    ("aggregate", "total"), [("sum", 12), ("max", 7), ("last_during_period", 5), ("last_ever", 5), (None, 12)]
)
def test_usage_records_are_billed(acacia: Older, aggregate: str | None, total: int) -> None:
    shop = Shop(acacia)
    shop.stand("2026-06-01")
    recurring = {"usage_type": "metered", **({"aggregate_usage": aggregate} if aggregate else {})}
    price = shop.price(100, recurring=recurring)
    assert price["recurring"]["aggregate_usage"] == (aggregate or "sum")
    made = shop.subscribe(shop.customer(), price)
    item = made["items"]["data"][0]["id"]
    start = made["current_period_start"]
    for quantity, action, time in ((3, "increment", 10), (4, "increment", 10), (9, "increment", 20), (5, "set", 20)):
        record = {"quantity": quantity, "action": action, "timestamp": start + time}
        assert acacia.post(f"/v1/subscription_items/{item}/usage_records", record)["quantity"] == quantity
    path = f"/v1/subscription_items/{item}/usage_record_summaries"
    assert [row["total_usage"] for row in acacia.get(path)["data"]] == [total]
    shop.advance(31 * DAY + 7200)
    bill = shop.invoices(shop.stripe.get(f"/v1/customers/{made['customer']}"))[0]
    assert bill["total"] == total * 100
    assert [row["invoice"] for row in acacia.get(path)["data"]] == [None, bill["id"]]


def test_a_metered_price_needs_a_meter_today(stripe: Client, acacia: Older) -> None:
    product = stripe.post("/v1/products", {"name": "Calls"})["id"]
    recurring = {"interval": "month", "usage_type": "metered"}
    given = {"product": product, "currency": "usd", "unit_amount": 5, "recurring": recurring}
    assert stripe.refused("POST", "/v1/prices", given)["param"] == "recurring[meter]"
    licensed = subscribed(stripe)[0]["items"]["data"][0]["id"]
    path = f"/v1/subscription_items/{licensed}/usage_records"
    assert acacia.refused("POST", path, {"quantity": 1})["param"] == "subscription_item"
    assert stripe.refused("POST", path, {"quantity": 1})["status"] == 404


def test_a_list_is_counted(stripe: Client, acacia: Older) -> None:
    for _ in range(3):
        stripe.post("/v1/customers", {"email": "a@example.com"})
    given = {"limit": 1, "include": ["total_count"], "email": "a@example.com"}
    assert acacia.get("/v1/customers", given)["total_count"] == 3
    assert without(acacia.get("/v1/customers"), "total_count")
    error = stripe.refused("GET", "/v1/customers", given)
    assert (error["code"], error["param"]) == ("property_forbidden", "include")
    assert error["message"] == "This property cannot be included (total_count)"


# --- acacia and before ------------------------------------------------------------------------------------------------


def test_billing_alerts(stripe: Client) -> None:
    june = older(stripe, "2024-06-20")
    meter = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    meter_id = stripe.post("/v1/billing/meters", meter)["id"]
    customer = stripe.post("/v1/customers")["id"]
    config = {"gte": 5, "meter": meter_id, "recurrence": "one_time"}
    given = {"title": "Many", "alert_type": "usage_threshold", "usage_threshold_config": config}
    made = june.post("/v1/billing/alerts", {**given, "filter": {"customer": customer}})
    assert (made["filter"], made["usage_threshold_config"]["gte"]) == ({"customer": customer}, 5)
    now = stripe.get(f"/v1/billing/alerts/{made['id']}")
    assert now["usage_threshold"]["filters"] == [{"type": "customer", "customer": customer}]


def test_invoice_rendering(stripe: Client) -> None:
    before = older(stripe, "2023-10-16")
    given = {"customer": Shop(stripe).customer()["id"], "rendering_options": {"amount_tax_display": "exclude_tax"}}
    made = before.post("/v1/invoices", given)
    assert made["rendering_options"] == {"amount_tax_display": "exclude_tax"}
    assert stripe.get(f"/v1/invoices/{made['id']}")["rendering"]["amount_tax_display"] == "exclude_tax"


def test_defaults_of_a_payment_intent(stripe: Client) -> None:
    given = {"amount": 500, "currency": "usd"}
    seen = {
        version: older(stripe, version).post("/v1/payment_intents", given)
        for version in ("2022-11-15", "2023-08-16", "2024-04-10")
    }
    assert [made["capture_method"] for made in seen.values()] == ["automatic", "automatic", "automatic_async"]
    assert [made["payment_method_types"] == ["card"] for made in seen.values()] == [True, False, False]
    assert [made["automatic_payment_methods"] is None for made in seen.values()] == [True, False, False]
    assert older(stripe, "2022-11-15").post("/v1/setup_intents")["payment_method_types"] == ["card"]


def test_the_charges_of_an_intent(stripe: Client) -> None:
    old = older(stripe, "2022-08-01")
    given = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    made = old.post("/v1/payment_intents", {**given, "expand": ["charges.data.balance_transaction"]})
    charge = made["charges"]["data"][0]
    assert (made["charges"]["total_count"], charge["balance_transaction"]["net"]) == (1, 455)
    assert (charge["refunds"]["data"], "latest_charge" in made) == ([], False)
    refund = old.post("/v1/refunds", {"payment_intent": made["id"], "amount": 100})
    assert [row["id"] for row in old.get(f"/v1/charges/{charge['id']}")["refunds"]["data"]] == [refund["id"]]
    assert without(older(stripe, "2022-11-15").get(f"/v1/charges/{charge['id']}"), "refunds")


def test_pending_items_by_default(stripe: Client) -> None:
    first = older(stripe, "2020-08-27")
    customer = Shop(stripe).customer()["id"]
    error = first.refused("POST", "/v1/invoices", {"customer": customer})
    assert error["code"] == "invoice_no_customer_line_items"
    stripe.post("/v1/invoiceitems", {"customer": customer, "amount": 500, "currency": "usd"})
    assert older(stripe, "2022-08-01").post("/v1/invoices", {"customer": customer})["total"] == 0
    assert first.post("/v1/invoices", {"customer": customer})["total"] == 500


def test_checkout_takes_amounts(stripe: Client) -> None:
    first = older(stripe, "2020-08-27")
    item = {"amount": 500, "currency": "usd", "name": "Tea", "description": "Green", "quantity": 2}
    given = {"mode": "payment", "line_items": [item], "success_url": "https://x.test", "cancel_url": "https://x.test"}
    made = first.post("/v1/checkout/sessions", {**given, "payment_method_types": ["card"]})
    assert (made["amount_total"], made["shipping"], made["shipping_rate"]) == (1000, None, None)
    assert made["customer_creation"] == "always"
    assert without(made, "shipping_details", "shipping_cost")


def test_the_default_currency_of_a_customer(stripe: Client) -> None:
    _, customer, _ = subscribed(stripe)
    assert older(stripe, "2020-08-27").get(f"/v1/customers/{customer['id']}")["default_currency"] == "usd"
    assert without(older(stripe, "2022-08-01").get(f"/v1/customers/{customer['id']}"), "default_currency")


# --- what a capture or a cancellation releases ----------------------------------------------------------------------

HOLD = {"amount": 2000, "currency": "usd", "source": "tok_visa", "capture": False}
INTENT = {
    "amount": 2000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
    "capture_method": "manual",
}


def test_a_partial_capture_made_a_refund(stripe: Client, acacia: Older) -> None:
    """Entry B12: the rest is a refund without a balance transaction; what was captured can still be refunded."""
    charge = acacia.post("/v1/charges", HOLD)["id"]
    done = acacia.post(f"/v1/charges/{charge}/capture", {"amount": 1200})
    assert (done["amount_captured"], done["amount_refunded"], done["refunded"]) == (1200, 800, False)
    (refund,) = stripe.get("/v1/refunds", {"charge": charge})["data"]
    assert (refund["amount"], refund["balance_transaction"], refund["status"]) == (800, None, "succeeded")
    assert stripe.event_types()[-3:] == ["charge.captured", "refund.created", "charge.refunded"]
    assert stripe.post("/v1/refunds", {"charge": charge})["amount"] == 1200
    assert stripe.get(f"/v1/charges/{charge}")["refunded"] is True


def test_a_cancellation_made_a_refund(stripe: Client, acacia: Older) -> None:
    intent = acacia.post("/v1/payment_intents", INTENT)
    acacia.post(f"/v1/payment_intents/{intent['id']}/cancel")
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["captured"], charge["amount_refunded"], charge["refunded"]) == (False, 2000, True)


def test_captures_that_leave_more_to_capture_made_none(stripe: Client, acacia: Older) -> None:
    intent = acacia.post("/v1/payment_intents", INTENT)
    path = f"/v1/payment_intents/{intent['id']}/capture"
    acacia.post(path, {"amount_to_capture": 500, "final_capture": False})
    assert stripe.get("/v1/refunds")["data"] == []
    acacia.post(path, {"amount_to_capture": 500})
    assert [refund["amount"] for refund in stripe.get("/v1/refunds")["data"]] == [1000]


@pytest.mark.parametrize(("version", "refunded"), [(ACACIA, 2000), ("2025-03-31.basil", 0)])
def test_a_hold_that_ran_out_was_refunded_by_the_version_of_the_account(
    stripe: Client, version: str, refunded: int
) -> None:
    stripe.sandbox.set_default_version(version)
    intent = stripe.post("/v1/payment_intents", INTENT)
    stripe.clock.advance(604_800)
    charge = older(stripe, TODAY).get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["amount_captured"], charge["amount_refunded"], charge["refunded"]) == (0, refunded, refunded > 0)
    assert len(stripe.get("/v1/refunds")["data"]) == (refunded > 0)


def test_a_hold_that_ran_out_was_canceled_automatically(stripe: Client, acacia: Older) -> None:
    intent = acacia.post("/v1/payment_intents", INTENT)
    stripe.clock.advance(604_800)
    assert acacia.get(f"/v1/payment_intents/{intent['id']}")["cancellation_reason"] == "automatic"
