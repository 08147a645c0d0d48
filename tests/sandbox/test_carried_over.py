"""What one object takes over from another: the intent of an invoice, checks of a card, evidence, texts of lines."""

from __future__ import annotations

import pytest

from .conftest import Client, Json

PAY: Json = {"amount": 2500, "currency": "usd", "payment_method_types": ["card"], "confirm": True}
CARD: Json = {"number": "4242424242424242", "exp_month": 8, "exp_year": 2031}


def _buyer(stripe: Client, **more: object) -> str:
    params: Json = {"payment_method": "pm_card_visa", "email": "ann@example.com", "name": "Ann Lee", **more}
    params["invoice_settings"] = {"default_payment_method": "pm_card_visa"}
    return str(stripe.post("/v1/customers", params)["id"])


def _price(stripe: Client, amount: int = 2500, **product: object) -> str:
    params = {"unit_amount": amount, "currency": "usd", "recurring": {"interval": "month"}}
    return str(stripe.post("/v1/prices", {**params, "product_data": {"name": "Plan", **product}})["id"])


def _one_off(stripe: Client, owner: str, **more: object) -> Json:
    invoice = stripe.post("/v1/invoices", {"customer": owner, **more})
    stripe.post("/v1/invoiceitems", {"customer": owner, "invoice": invoice["id"], "amount": 700, "currency": "usd"})
    return stripe.get(f"/v1/invoices/{invoice['id']}")


def test_the_intent_of_an_invoice(stripe: Client) -> None:
    """It captures automatically and names the invoice as its order; an intent of a client's own does neither."""
    subscription = stripe.post("/v1/subscriptions", {"customer": _buyer(stripe), "items": [{"price": _price(stripe)}]})
    intent = stripe.get("/v1/payment_intents")["data"][0]
    assert intent["capture_method"] == "automatic"
    assert intent["payment_details"] == {"customer_reference": None, "order_reference": subscription["latest_invoice"]}
    own = stripe.post("/v1/payment_intents", {**PAY, "payment_method": "pm_card_visa"})
    assert own["capture_method"] == "automatic_async"
    assert "payment_details" not in own


def test_the_rendering_of_a_one_off_invoice(stripe: Client) -> None:
    """A page of automatic size in a draft, letter once it is final; webhooks are delivered by then, too."""
    draft = _one_off(stripe, _buyer(stripe))
    assert draft["rendering"]["pdf"] == {"page_size": "auto"}
    assert draft["webhooks_delivered_at"] is None
    final = stripe.post(f"/v1/invoices/{draft['id']}/finalize")
    assert final["rendering"]["pdf"] == {"page_size": "letter"}
    assert final["webhooks_delivered_at"] == final["status_transitions"]["finalized_at"]


def test_the_rendering_that_was_given_is_kept(stripe: Client) -> None:
    """A page size of one's own outlives the finalization."""
    given = {"pdf": {"page_size": "a4"}, "amount_tax_display": "exclude_tax"}
    draft = _one_off(stripe, _buyer(stripe), rendering=given)
    shown = stripe.post(f"/v1/invoices/{draft['id']}/finalize")["rendering"]
    assert (shown["pdf"], shown["amount_tax_display"]) == ({"page_size": "a4"}, "exclude_tax")


def test_the_rendering_of_a_subscriptions_invoice(stripe: Client) -> None:
    """There is none."""
    stripe.post("/v1/subscriptions", {"customer": _buyer(stripe), "items": [{"price": _price(stripe)}]})
    assert stripe.get("/v1/invoices")["data"][0]["rendering"] is None


def test_an_invoice_follows_its_customer_until_it_is_final(stripe: Client) -> None:
    """Name and tax ids are those of the finalization."""
    owner = _buyer(stripe)
    draft = _one_off(stripe, owner)
    stripe.post(f"/v1/customers/{owner}", {"name": "Ann Berg"})
    stripe.post(f"/v1/customers/{owner}/tax_ids", {"type": "eu_vat", "value": "DE123456789"})
    final = stripe.post(f"/v1/invoices/{draft['id']}/finalize")
    stripe.post(f"/v1/customers/{owner}", {"name": "Ann Roth"})
    assert final["customer_name"] == "Ann Berg"
    assert final["customer_tax_ids"] == [{"type": "eu_vat", "value": "DE123456789"}]
    assert stripe.get(f"/v1/invoices/{draft['id']}")["customer_name"] == "Ann Berg"


def test_a_unit_label_stands_in_the_texts_of_lines(stripe: Client) -> None:
    """In a whole period, in a free trial, and in a part of a period of several units."""
    price = _price(stripe, unit_label="user")
    subscription = stripe.post("/v1/subscriptions", {"customer": _buyer(stripe), "items": [{"price": price}]})
    lines = stripe.get(f"/v1/invoices/{subscription['latest_invoice']}/lines")["data"]
    assert lines[0]["description"] == "1 user \u00d7 Plan (at $25.00 / month)"
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": 3}
    stripe.clock.advance(10 * 86_400)
    stripe.post(f"/v1/subscriptions/{subscription['id']}", {"items": [item]})
    texts = {item["description"].partition(" after")[0] for item in stripe.get("/v1/invoiceitems")["data"]}
    assert texts == {"Unused time on Plan", "Remaining time on 3 user \u00d7 Plan"}
    trial = {"customer": _buyer(stripe), "items": [{"price": price, "quantity": 2}], "trial_period_days": 7}
    made = stripe.post("/v1/subscriptions", {**trial, "expand": ["latest_invoice"]})
    assert made["latest_invoice"]["lines"]["data"][0]["description"] == "Free trial for 2 user \u00d7 Plan"


def test_a_refund_for_fraud_is_a_report(stripe: Client) -> None:
    """`fraud_details.user_report` of the charge; another reason reports nothing."""
    charges = []
    for reason in ("fraudulent", "requested_by_customer"):
        intent = stripe.post("/v1/payment_intents", {**PAY, "payment_method": "pm_card_visa"})
        stripe.post("/v1/refunds", {"payment_intent": intent["id"], "reason": reason})
        charges.append(stripe.get(f"/v1/charges/{intent['latest_charge']}")["fraud_details"])
    assert charges == [{"user_report": "fraudulent"}, {}]


def test_the_evidence_of_a_dispute(stripe: Client) -> None:
    """Name and e-mail of the customer, and the charge's description."""
    method = stripe.post("/v1/payment_methods/pm_card_createDispute/attach", {"customer": _buyer(stripe)})
    params = {"payment_method": method["id"], "customer": method["customer"], "description": "Blue lamp"}
    stripe.post("/v1/payment_intents", {**PAY, **params})
    dispute = stripe.get("/v1/disputes")["data"][0]
    names = ("customer_name", "customer_email_address", "product_description", "uncategorized_text")
    assert [dispute["evidence"][name] for name in names] == ["Ann Lee", "ann@example.com", "Blue lamp", None]
    assert dispute["evidence_details"]["has_evidence"] is False


def test_what_can_be_captured_over(stripe: Client) -> None:
    """The amount itself, as long as overcapture is unavailable."""
    intent = stripe.post("/v1/payment_intents", {**PAY, "payment_method": "pm_card_visa"})
    card = stripe.get(f"/v1/charges/{intent['latest_charge']}")["payment_method_details"]["card"]
    assert card["overcapture"] == {"maximum_amount_capturable": 2500, "status": "unavailable"}


@pytest.mark.parametrize("capture", ["automatic", "manual"])
def test_the_transfer_group_of_a_destination_charge(stripe: Client, capture: str) -> None:
    """The intent and the charge get the group of the transfer once the payment is captured."""
    account = stripe.post("/v1/accounts", {"type": "custom", "country": "US"})["id"]
    params = {**PAY, "payment_method": "pm_card_visa", "transfer_data": {"destination": account}}
    intent = stripe.post("/v1/payment_intents", {**params, "capture_method": capture})
    if capture == "manual":
        assert intent["transfer_group"] is None
        intent = stripe.post(f"/v1/payment_intents/{intent['id']}/capture")
    group = f"group_{intent['id']}"
    assert intent["transfer_group"] == group
    assert stripe.get(f"/v1/charges/{intent['latest_charge']}")["transfer_group"] == group
    assert stripe.get("/v1/transfers")["data"][0]["transfer_group"] == group


def test_the_checks_of_a_card(stripe: Client) -> None:
    """What is given is unchecked until an attempt, even one that fails, uses it; what is not given has no check."""
    details = {"address": {"postal_code": "94111", "line1": "1 Main St"}}
    number = {"number": "4000000000000341", "exp_month": 8, "exp_year": 2031, "cvc": "314"}
    method = stripe.post("/v1/payment_methods", {"type": "card", "card": number, "billing_details": details})
    assert set(method["card"]["checks"].values()) == {"unchecked"}
    stripe.refused("POST", "/v1/payment_intents", {**PAY, "payment_method": method["id"]})
    shown = stripe.get(f"/v1/payment_methods/{method['id']}")
    assert set(shown["card"]["checks"].values()) == {"pass"}
    bare = stripe.post("/v1/payment_methods", {"type": "card", "card": CARD})
    assert set(bare["card"]["checks"].values()) == {None}
    attached = stripe.post(f"/v1/payment_methods/{bare['id']}/attach", {"customer": _buyer(stripe)})
    assert set(attached["card"]["checks"].values()) == {None}


def test_a_new_postal_code_is_unchecked(stripe: Client) -> None:
    """A change of the billing address takes the result of its check away, and no other one."""
    method = stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": _buyer(stripe)})
    changed = stripe.post(
        f"/v1/payment_methods/{method['id']}", {"billing_details": {"address": {"postal_code": "10115"}}}
    )
    assert changed["card"]["checks"] == {
        "address_line1_check": None,
        "address_postal_code_check": "unchecked",
        "cvc_check": "pass",
    }


def test_a_card_takes_over_its_token(stripe: Client) -> None:
    """Name, address and currency; as a payment method's, the billing details."""
    data = {**CARD, "cvc": "314", "name": "Ann Lee", "address_zip": "94111", "currency": "usd"}
    token = stripe.post("/v1/tokens", {"card": data})
    assert (token["card"]["currency"], token["card"]["address_zip_check"]) == ("usd", "unchecked")
    card = stripe.post(f"/v1/customers/{_buyer(stripe)}/sources", {"source": token["id"]})
    assert (card["name"], card["address_zip"], card["currency"]) == ("Ann Lee", "94111", "usd")
    assert card["address_zip_check"] == "pass"
    token = stripe.post("/v1/tokens", {"card": data})
    method = stripe.post("/v1/payment_methods", {"type": "card", "card": {"token": token["id"]}})
    assert method["billing_details"]["name"] == "Ann Lee"
    assert method["billing_details"]["address"]["postal_code"] == "94111"
