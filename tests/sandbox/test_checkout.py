"""Checkout Sessions: lines, totals, paying, subscribing, setting up, running out."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json

URL = {"success_url": "https://example.com/done?session={CHECKOUT_SESSION_ID}"}


@pytest.fixture
def shirt(stripe: Client) -> str:
    made: str = stripe.post("/v1/prices", {"currency": "usd", "unit_amount": 1500, "product_data": {"name": "Shirt"}})[
        "id"
    ]
    return made


@pytest.fixture
def gold(stripe: Client) -> str:
    made: str = stripe.post(
        "/v1/prices",
        {"currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}, "product_data": {"name": "Gold"}},
    )["id"]
    return made


def open_session(stripe: Client, price: str, **params: Any) -> Json:
    lines = [{"price": price, "quantity": 2}]
    return stripe.post("/v1/checkout/sessions", {"mode": "payment", "line_items": lines, **URL, **params})


def pay(stripe: Client, session: Json, method: str = "pm_card_visa", **params: Any) -> Json:
    return stripe.post(f"/v1/payment_pages/{session['id']}/confirm", {"payment_method": method, **params})


def test_a_fresh_session(stripe: Client, shirt: str) -> None:
    session = open_session(stripe, shirt)
    expected = {
        "amount_subtotal": 3000,
        "amount_total": 3000,
        "currency": "usd",
        "customer": None,
        "customer_creation": "if_required",
        "expires_at": NOW + 86_400,
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
    }
    assert session | expected == session
    assert session["url"].startswith("https://checkout.stripe.com/c/pay/cs_test_")
    assert "line_items" not in session
    assert stripe.event_types()[2:] == [], "opening a session tells nothing"


def test_lines_are_listed_and_expanded(stripe: Client, shirt: str) -> None:
    session = open_session(stripe, shirt)
    lines = stripe.get(f"/v1/checkout/sessions/{session['id']}/line_items")
    assert [(line["description"], line["quantity"], line["amount_total"]) for line in lines["data"]] == [
        ("Shirt", 2, 3000)
    ]
    expanded = stripe.get(f"/v1/checkout/sessions/{session['id']}", {"expand": ["line_items"]})
    assert expanded["line_items"]["data"] == lines["data"]


def test_lines_with_inline_prices_coupons_and_shipping(stripe: Client) -> None:
    coupon = stripe.post("/v1/coupons", {"percent_off": 10})["id"]
    data = {"currency": "eur", "unit_amount": 1000, "product_data": {"name": "Mug"}}
    rate = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "eur"}}
    session = stripe.post(
        "/v1/checkout/sessions",
        {
            **URL,
            "mode": "payment",
            "line_items": [{"price_data": data, "quantity": 1}],
            "discounts": [{"coupon": coupon}],
            "shipping_options": [{"shipping_rate_data": rate}],
        },
    )
    assert (session["amount_subtotal"], session["amount_total"]) == (1000, 1400)
    assert session["total_details"] == {"amount_discount": 100, "amount_shipping": 500, "amount_tax": 0}
    assert session["discounts"] == [{"coupon": coupon, "promotion_code": None}]
    assert stripe.get(f"/v1/coupons/{coupon}")["times_redeemed"] == 0
    paid = pay(stripe, session)
    assert stripe.get(f"/v1/payment_intents/{paid['payment_intent']}")["amount"] == 1400
    assert stripe.get(f"/v1/coupons/{coupon}")["times_redeemed"] == 1


def test_the_customer_pays(stripe: Client, shirt: str) -> None:
    session = open_session(
        stripe, shirt, customer_creation="always", payment_intent_data={"metadata": {"order": "1"}, "description": "x"}
    )
    before = len(stripe.events())
    paid = pay(stripe, session, expected_amount=3000)
    assert (paid["status"], paid["payment_status"], paid["url"]) == ("complete", "paid", None)
    intent = stripe.get(f"/v1/payment_intents/{paid['payment_intent']}")
    assert (intent["status"], intent["amount"], intent["metadata"]) == ("succeeded", 3000, {"order": "1"})
    assert intent["customer"] == paid["customer"]
    told = [event["type"] for event in stripe.events()[before:]]
    assert [name for name in told if not name.startswith(("charge.updated", "payment_method"))] == [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    assert stripe.get("/v1/checkout/sessions", {"payment_intent": intent["id"]})["data"] == [paid]
    assert "complete" in stripe.refused("POST", f"/v1/payment_pages/{session['id']}/confirm", {})["message"]


def test_a_payment_is_invoiced(stripe: Client, shirt: str) -> None:
    """Made and paid as the payment succeeds: https://docs.stripe.com/payments/checkout/post-payment-invoices."""
    coupon = stripe.post("/v1/coupons", {"percent_off": 10})["id"]
    rate = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "usd"}}
    session = open_session(
        stripe, shirt, discounts=[{"coupon": coupon}], shipping_options=[{"shipping_rate_data": rate}],
        invoice_creation={"enabled": True, "invoice_data": {"description": "Thanks", "metadata": {"order": "1"}}},
    )  # fmt: skip
    assert (session["customer_creation"], session["invoice"]) == ("always", None)
    assert session["invoice_creation"]["invoice_data"]["footer"] is None
    before = len(stripe.events())
    paid = pay(stripe, session)
    invoice = stripe.get(f"/v1/invoices/{paid['invoice']}")
    assert (invoice["status"], invoice["billing_reason"], invoice["customer"]) == ("paid", "manual", paid["customer"])
    assert (invoice["description"], invoice["metadata"]) == ("Thanks", {"order": "1"})
    assert (invoice["subtotal"], invoice["amount_shipping"], invoice["total"]) == (3000, 500, 3200)
    assert (invoice["amount_paid"], invoice["amount_remaining"]) == (3200, 0)
    assert [(line["quantity"], line["amount"]) for line in invoice["lines"]["data"]] == [(2, 3000)]
    (payment,) = stripe.get("/v1/invoice_payments", {"invoice": invoice["id"]})["data"]
    assert (payment["status"], payment["payment"]["payment_intent"]) == ("paid", paid["payment_intent"])
    assert stripe.get(f"/v1/coupons/{coupon}")["times_redeemed"] == 1
    told = [event["type"] for event in stripe.events()[before:]]
    assert told.index("payment_intent.succeeded") < told.index("invoice.paid") < len(told) - 1
    assert told[-1] == "checkout.session.completed"
    assert len(stripe.get("/v1/payment_intents")["data"]) == 1


def test_a_free_payment_is_invoiced_too(stripe: Client, shirt: str) -> None:
    coupon = stripe.post("/v1/coupons", {"percent_off": 100})["id"]
    session = open_session(stripe, shirt, discounts=[{"coupon": coupon}], invoice_creation={"enabled": True})
    paid = pay(stripe, session)
    invoice = stripe.get(f"/v1/invoices/{paid['invoice']}")
    assert (paid["payment_status"], invoice["status"], invoice["total"]) == ("no_payment_required", "paid", 0)


def test_a_declined_card_leaves_the_session_open(stripe: Client, shirt: str) -> None:
    session = open_session(stripe, shirt)
    path = f"/v1/payment_pages/{session['id']}/confirm"
    refused = stripe.refused("POST", path, {"payment_method": "pm_card_chargeDeclined"})
    assert (refused["status"], refused["code"]) == (402, "card_declined")
    still = stripe.get(f"/v1/checkout/sessions/{session['id']}")
    assert (still["status"], still["payment_status"]) == ("open", "unpaid")
    paid = pay(stripe, session)
    assert paid["payment_intent"] == still["payment_intent"]


def test_a_wrong_amount_is_refused(stripe: Client, shirt: str) -> None:
    session = open_session(stripe, shirt)
    path = f"/v1/payment_pages/{session['id']}/confirm"
    refused = stripe.refused("POST", path, {"payment_method": "pm_card_visa", "expected_amount": 1})
    assert refused["code"] == "checkout_amount_mismatch"


def test_a_bank_debit_comes_later(stripe: Client, shirt: str) -> None:
    coupon = stripe.post("/v1/coupons", {"percent_off": 10})["id"]
    data = {"currency": "eur", "unit_amount": 1000, "product_data": {"name": "Mug"}}
    session = stripe.post(
        "/v1/checkout/sessions",
        {
            **URL,
            "mode": "payment",
            "line_items": [{"price_data": data, "quantity": 1}],
            "payment_method_types": ["sepa_debit"],
            "discounts": [{"coupon": coupon}],
        },
    )
    method = stripe.post(
        "/v1/payment_methods",
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "AT611904300234573201"},
            "billing_details": {"name": "Ann", "email": "a@b.co"},
        },
    )
    waiting = pay(stripe, session, method["id"])
    assert (waiting["status"], waiting["payment_status"]) == ("complete", "unpaid")
    stripe.clock.advance(86_400 * 10)
    assert stripe.get(f"/v1/checkout/sessions/{session['id']}")["payment_status"] == "paid"
    types = [name for name in stripe.event_types() if name != "balance.available"]
    assert types[-1] == "checkout.session.async_payment_succeeded"
    assert stripe.get(f"/v1/coupons/{coupon}")["times_redeemed"] == 1


def test_a_subscription_is_made(stripe: Client, gold: str, shirt: str) -> None:
    session = stripe.post(
        "/v1/checkout/sessions",
        {
            **URL,
            "mode": "subscription",
            "line_items": [{"price": gold, "quantity": 1}, {"price": shirt, "quantity": 1}],
            "subscription_data": {"metadata": {"plan": "gold"}},
            "customer_email": "jenny@example.com",
        },
    )
    assert (session["amount_total"], session["customer_details"]["email"]) == (2500, "jenny@example.com")
    paid = pay(stripe, session)
    subscription = stripe.get(f"/v1/subscriptions/{paid['subscription']}", {"expand": ["latest_invoice"]})
    assert (subscription["status"], subscription["metadata"]) == ("active", {"plan": "gold"})
    assert subscription["latest_invoice"]["total"] == 2500
    assert paid["invoice"] == subscription["latest_invoice"]["id"]
    assert stripe.get(f"/v1/customers/{paid['customer']}")["email"] == "jenny@example.com"
    assert stripe.event_types()[-1] == "checkout.session.completed"


def test_a_declined_subscription_leaves_nothing(stripe: Client, gold: str) -> None:
    customer = stripe.post("/v1/customers")["id"]
    session = open_session(stripe, gold, mode="subscription", customer=customer)
    path = f"/v1/payment_pages/{session['id']}/confirm"
    assert stripe.refused("POST", path, {"payment_method": "pm_card_chargeCustomerFail"})["status"] == 402
    assert stripe.get("/v1/subscriptions", {"customer": customer, "status": "all"})["data"] == []
    assert stripe.get(f"/v1/checkout/sessions/{session['id']}")["status"] == "open"


def test_a_trial_costs_nothing_yet(stripe: Client, gold: str) -> None:
    session = open_session(stripe, gold, mode="subscription", subscription_data={"trial_period_days": 14})
    paid = pay(stripe, session)
    assert paid["payment_status"] == "no_payment_required"
    assert stripe.get(f"/v1/subscriptions/{paid['subscription']}")["status"] == "trialing"


def test_a_method_is_set_up(stripe: Client) -> None:
    customer = stripe.post("/v1/customers")["id"]
    session = stripe.post("/v1/checkout/sessions", {**URL, "mode": "setup", "customer": customer, "currency": "usd"})
    done = pay(stripe, session)
    intent = stripe.get(f"/v1/setup_intents/{done['setup_intent']}")
    assert (done["status"], intent["status"], intent["customer"]) == ("complete", "succeeded", customer)
    assert stripe.get("/v1/payment_methods", {"customer": customer})["data"][0]["id"] == intent["payment_method"]


def test_a_session_expires(stripe: Client, shirt: str) -> None:
    first = open_session(stripe, shirt, expires_at=NOW + 3600)
    expired = stripe.post(f"/v1/checkout/sessions/{first['id']}/expire")
    assert (expired["status"], expired["url"]) == ("expired", None)
    assert "can be expired" in stripe.refused("POST", f"/v1/checkout/sessions/{first['id']}/expire")["message"]
    second = open_session(stripe, shirt, expires_at=NOW + 3600)
    stripe.clock.advance(3600)
    assert stripe.get(f"/v1/checkout/sessions/{second['id']}")["status"] == "expired"
    assert stripe.event_types().count("checkout.session.expired") == 2


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"success_url": ""}, "Missing required param: success_url."),
        ({"success_url": "nowhere"}, "Not a valid URL"),
        ({"line_items": ""}, "You passed an empty string for 'line_items'."),
        ({"mode": "subscription"}, "You must provide at least one recurring price in `subscription` mode"),
        ({"mode": "setup"}, "You can not pass `line_items` in `setup` mode."),
        ({"subscription_data": {"description": "x"}}, "You can not pass `subscription_data` in `payment` mode."),
        ({"expires_at": NOW + 60}, "The `expires_at` timestamp must be at least 30 minutes"),
        ({"expires_at": NOW + 90_000}, "The `expires_at` timestamp must be less than 24 hours"),
        ({"customer": "cus_x", "customer_email": "a@b.co"}, "You may only specify one of these parameters"),
        ({"customer": "cus_nobody"}, "No such customer: 'cus_nobody'"),
        ({"discounts": [{"coupon": "none"}]}, "No such coupon: 'none'"),
    ],
)
def test_what_does_not_go_together_is_refused(stripe: Client, shirt: str, params: Json, message: str) -> None:
    given = {**URL, "mode": "payment", "line_items": [{"price": shirt, "quantity": 1}], **params}
    assert stripe.refused("POST", "/v1/checkout/sessions", given)["message"].startswith(message)


def test_payment_mode_refuses_recurring_prices(stripe: Client, gold: str) -> None:
    refused = stripe.refused(
        "POST", "/v1/checkout/sessions", {**URL, "mode": "payment", "line_items": [{"price": gold, "quantity": 1}]}
    )
    assert refused["message"].startswith("You specified `payment` mode but passed a recurring price.")


def test_an_embedded_page_has_a_secret_and_no_address(stripe: Client, shirt: str) -> None:
    session = stripe.post(
        "/v1/checkout/sessions",
        {
            "mode": "payment",
            "ui_mode": "embedded_page",
            "return_url": "https://example.com",
            "line_items": [{"price": shirt, "quantity": 1}],
        },
    )
    assert session["url"] is None
    assert session["client_secret"].startswith(f"{session['id']}_secret_")


def test_the_payment_of_a_session_is_its_own(stripe: Client, shirt: str) -> None:
    session = open_session(stripe, shirt)
    stripe.refused("POST", f"/v1/payment_pages/{session['id']}/confirm", {"payment_method": "pm_card_chargeDeclined"})
    intent = stripe.get(f"/v1/checkout/sessions/{session['id']}")["payment_intent"]
    refused = stripe.refused("POST", f"/v1/payment_intents/{intent}/confirm", {"payment_method": "pm_card_visa"})
    assert "Checkout Session" in refused["message"]
