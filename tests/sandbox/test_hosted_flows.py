"""Hosted flows without a browser: each thing that a customer or an account's holder does on Stripe's pages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.control.routes import PRIVATE, ROUTES, answer_private
from stripe_shell.wire import Request, Response

from .conftest import Client, Json

DOCS = Path(__file__).parents[2] / "docs/server.md"
URL = {"success_url": "https://example.com/thanks"}


def sent(stripe: Client, route: str, body: Json, **headers: str) -> Response:
    request = Request("POST", f"{PRIVATE}{route}", body=json.dumps(body).encode(), headers=headers)
    return answer_private(stripe.sandbox, request)


def play(stripe: Client, route: str, **body: Any) -> Json:
    """What the customer does, and the object as it is then."""
    response = sent(stripe, route, body)
    found: Json = response.json()
    assert response.status == 200, found
    return found


def price(stripe: Client, amount: int = 1000, **more: Any) -> str:
    product = stripe.post("/v1/products", {"name": "Gold"})["id"]
    made = stripe.post("/v1/prices", {"product": product, "currency": "usd", "unit_amount": amount, **more})
    return str(made["id"])


def monthly(stripe: Client, amount: int = 1000) -> str:
    return price(stripe, amount, recurring={"interval": "month"})


def subscribed(stripe: Client) -> Json:
    owner = stripe.post("/v1/customers", {"payment_method": "pm_card_visa"})
    method = stripe.get("/v1/payment_methods", {"customer": owner["id"]})["data"][0]["id"]
    return stripe.post(
        "/v1/subscriptions",
        {"customer": owner["id"], "items": [{"price": monthly(stripe)}], "default_payment_method": method},
    )


def test_every_route_is_in_the_documentation() -> None:
    listed = re.findall(r"^\| `POST /_sandbox/(\w+)`", DOCS.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(ROUTES)
    assert len(listed) == len(set(listed))


def test_every_route_is_known(stripe: Client) -> None:
    """An empty body says too little for most; none is an unknown URL, but for `faults`, which only a server has."""
    answers = {route: sent(stripe, route, {}).status for route in ROUTES if route != "faults"}
    assert set(answers.values()) <= {200, 400}
    assert sent(stripe, "nothing", {}).status == 404


def test_authenticate(stripe: Client) -> None:
    params = {"amount": 500, "currency": "usd", "payment_method": "pm_card_threeDSecure2Required", "confirm": True}
    intent = stripe.post("/v1/payment_intents", {**params, "payment_method_types": ["card"]})
    assert intent["status"] == "requires_action"
    assert play(stripe, "authenticate", intent=intent["id"])["status"] == "succeeded"
    assert "does not wait" in sent(stripe, "authenticate", {"intent": intent["id"]}).json()["error"]["message"]


def test_pay_a_hosted_invoice(stripe: Client) -> None:
    owner = stripe.post("/v1/customers")["id"]
    params = {"customer": owner, "collection_method": "send_invoice", "days_until_due": 30}
    invoice = stripe.post("/v1/invoices", params)["id"]
    stripe.post("/v1/invoiceitems", {"customer": owner, "amount": 700, "currency": "usd", "invoice": invoice})
    stripe.post(f"/v1/invoices/{invoice}/finalize")
    declined = sent(stripe, "pay_invoice", {"invoice": invoice, "payment_method": "pm_card_chargeDeclined"})
    assert (declined.status, declined.json()["error"]["code"]) == (402, "card_declined")
    assert "invoice.payment_failed" in stripe.event_types()
    paid = play(stripe, "pay_invoice", invoice=invoice)
    assert (paid["status"], paid["amount_paid"]) == ("paid", 700)
    event = next(event for event in stripe.events() if event["type"] == "invoice.paid")
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_complete_and_abandon_checkout(stripe: Client) -> None:
    lines = [{"price": price(stripe), "quantity": 2}]
    first, second = (
        stripe.post("/v1/checkout/sessions", {"mode": "payment", "line_items": lines, **URL})["id"] for _ in range(2)
    )
    done = play(stripe, "complete_checkout", session=first, email="jenny@example.com", name="Jenny")
    assert (done["status"], done["payment_status"], done["amount_total"]) == ("complete", "paid", 2000)
    assert done["customer_details"]["email"] == "jenny@example.com"
    assert play(stripe, "abandon_checkout", session=second)["status"] == "expired"
    types = stripe.event_types()
    assert {"checkout.session.completed", "checkout.session.expired"} <= set(types)
    again = sent(stripe, "complete_checkout", {"session": second})
    assert again.status == 400


def test_use_a_payment_link(stripe: Client) -> None:
    link = stripe.post(
        "/v1/payment_links", {"line_items": [{"price": monthly(stripe), "quantity": 1}], "metadata": {"a": "1"}}
    )["id"]
    done = play(stripe, "use_payment_link", payment_link=link, email="jenny@example.com")
    assert (done["status"], done["payment_link"], done["mode"]) == ("complete", link, "subscription")
    assert done["metadata"] == {"a": "1"}
    assert stripe.get(f"/v1/subscriptions/{done['subscription']}")["status"] == "active"
    opened = play(stripe, "use_payment_link", payment_link=link, complete=False)
    assert opened["status"] == "open"
    stripe.post(f"/v1/payment_links/{link}", {"active": False})
    assert "not active" in sent(stripe, "use_payment_link", {"payment_link": link}).json()["error"]["message"]


def test_the_portal(stripe: Client) -> None:
    subscription = subscribed(stripe)
    features = {
        "customer_update": {"enabled": True, "allowed_updates": ["email"]},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
    }
    stripe.post("/v1/billing_portal/configurations", {"features": features})
    flow = {"type": "subscription_cancel", "subscription_cancel": {"subscription": subscription["id"]}}
    portal = {"customer": subscription["customer"]}
    session = stripe.post("/v1/billing_portal/sessions", {**portal, "flow_data": flow})["id"]
    assert play(stripe, "use_portal", session=session)["cancel_at_period_end"] is True
    changed = play(stripe, "use_portal", session=session, flow="customer_update", email="new@example.com")
    assert changed["email"] == "new@example.com"
    changed = play(
        stripe, "use_portal", session=session, flow="payment_method_update", payment_method="pm_card_mastercard"
    )
    method = stripe.get(f"/v1/payment_methods/{changed['invoice_settings']['default_payment_method']}")
    assert method["card"]["brand"] == "mastercard"
    more = {"session": session, "flow": "subscription_update", "subscription": subscription["id"]}
    assert "does not allow" in sent(stripe, "use_portal", more).json()["error"]["message"]


def test_the_portal_changes_a_plan(stripe: Client) -> None:
    subscription = subscribed(stripe)
    update = {"enabled": True, "default_allowed_updates": ["price"], "proration_behavior": "none"}
    known = subscription["items"]["data"][0]["price"]
    products = [{"product": known["product"], "prices": [known["id"]]}]
    configuration = stripe.post(
        "/v1/billing_portal/configurations", {"features": {"subscription_update": {**update, "products": products}}}
    )
    params = {"customer": subscription["customer"], "configuration": configuration["id"]}
    session = stripe.post("/v1/billing_portal/sessions", params)["id"]
    other = monthly(stripe, 2500)
    changed = play(
        stripe,
        "use_portal",
        session=session,
        flow="subscription_update",
        subscription=subscription["id"],
        items=[{"price": other}],
    )
    assert [item["price"]["id"] for item in changed["items"]["data"]] == [other]
    assert "customer.subscription.updated" in stripe.event_types()


def test_onboard(stripe: Client) -> None:
    account = stripe.post("/v1/accounts", {"type": "express"})["id"]
    link = {"account": account, "type": "account_onboarding", "refresh_url": "https://a.b", "return_url": "https://a.b"}
    stripe.post("/v1/account_links", link)
    first, late = (stripe.post("/v1/account_links", link)["url"] for _ in range(2))
    done = play(stripe, "onboard", account_link=first)
    assert sent(stripe, "onboard", {"account_link": first}).status == 400
    stripe.clock.advance(300)
    assert sent(stripe, "onboard", {"account_link": late}).status == 400
    assert (done["charges_enabled"], done["details_submitted"]) == (True, True)
    assert done["capabilities"] == {"card_payments": "active", "transfers": "active"}
    other = stripe.post("/v1/accounts", {"type": "standard"})["id"]
    failed = play(stripe, "onboard", account=other, verification="unverified")
    assert failed["requirements"]["currently_due"] == ["individual.verification.document"]
    assert sent(stripe, "onboard", {"account": stripe.sandbox.account}).status == 400


def test_microdeposits(stripe: Client) -> None:
    options = {"us_bank_account": {"verification_method": "microdeposits"}}
    data = {
        "type": "us_bank_account",
        "us_bank_account": {"account_number": "000123456789", "routing_number": "110000000"},
        "billing_details": {"name": "Jenny", "email": "a@b.co"},
    }
    intent = stripe.post(
        "/v1/setup_intents",
        {
            "payment_method_types": ["us_bank_account"],
            "payment_method_options": options,
            "payment_method_data": data,
            "mandate_data": {"customer_acceptance": {"type": "offline"}},
            "confirm": True,
        },
    )
    assert intent["next_action"]["type"] == "verify_with_microdeposits"
    wrong = sent(stripe, "verify_microdeposits", {"intent": intent["id"], "amounts": [1, 2]})
    assert wrong.status == 400
    assert play(stripe, "verify_microdeposits", intent=intent["id"])["status"] == "succeeded"
    owner = stripe.post("/v1/customers")["id"]
    bank = stripe.post(f"/v1/customers/{owner}/sources", {"source": "btok_us"})["id"]
    assert play(stripe, "verify_microdeposits", bank_account=bank, amounts=[32, 45])["status"] == "verified"


def test_on_a_connected_account(stripe: Client) -> None:
    account = stripe.post("/v1/accounts")["id"]
    header = {"Stripe-Account": account}
    product = stripe.post("/v1/products", {"name": "x"}, headers=header)["id"]
    params = {"product": product, "currency": "usd", "unit_amount": 500}
    line = {"price": stripe.post("/v1/prices", params, headers=header)["id"], "quantity": 1}
    session = stripe.post("/v1/checkout/sessions", {"mode": "payment", "line_items": [line], **URL}, headers=header)
    response = sent(stripe, "complete_checkout", {"session": session["id"]}, **header)
    assert response.json()["status"] == "complete"
    assert sent(stripe, "complete_checkout", {"session": "x"}, **{"Stripe-Account": "acct_x"}).status == 403


def test_traits(stripe: Client) -> None:
    assert play(stripe, "account", kind="legacy", country="DE")["default_currency"] == "eur"
    assert "no trait" in sent(stripe, "account", {"colour": "red"}).json()["error"]["message"]


@pytest.mark.parametrize("route", ["authenticate", "pay_invoice", "complete_checkout", "use_portal", "onboard"])
def test_a_body_that_says_too_little(stripe: Client, route: str) -> None:
    assert "the body must name" in sent(stripe, route, {}).json()["error"]["message"]
