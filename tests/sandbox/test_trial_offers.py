"""Trial offers, feedback options, and the members that 2026-10-28.endive added to invoices, refunds and intents."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, Shop, at

OFFERS = "/v1/product_catalog/trial_offers"


@pytest.fixture
def shop(stripe: Client) -> Shop:
    return Shop(stripe)


def offer(shop: Shop, trial: Json, after: Json, iterations: int = 2, **more: object) -> Json:
    duration = {"type": "relative", "relative": {"iterations": iterations}}
    end = {"transition": {"price": after["id"]}}
    return shop.stripe.post(OFFERS, {"price": trial["id"], "duration": duration, "end_behavior": end, **more})


def test_an_item_pays_the_trial_price_and_goes_over(shop: Shop) -> None:
    trial, after = shop.price(100, name="Trial"), shop.price(3000, name="Gold")
    made_offer = offer(shop, trial, after)
    assert (made_offer["active"], made_offer["id"][:3], made_offer["nickname"]) == (True, "to_", None)
    item = {"current_trial": {"trial_offer": made_offer["id"]}}
    given = {"customer": shop.customer()["id"], "items": [item]}
    made = shop.stripe.post("/v1/subscriptions", given)
    assert made["status"] == "active"
    (shown,) = made["items"]["data"]
    end = at("2026-08-01T12:00:00")
    assert shown["current_trial"] == {"end_date": end, "start_date": NOW, "trial_offer": made_offer["id"]}
    assert (shown["price"]["id"], shop.invoice(made["latest_invoice"])["total"]) == (trial["id"], 100)
    shop.stripe.clock.advance(31 * DAY)
    assert shop.subscription(made)["items"]["data"][0]["price"]["id"] == trial["id"]
    preview = shop.stripe.post("/v1/invoices/create_preview", {"subscription": made["id"]})
    assert preview["total"] == 3000
    shop.stripe.clock.advance(31 * DAY)
    (shown,) = shop.subscription(made)["items"]["data"]
    assert (shown["price"]["id"], shown["current_trial"]) == (after["id"], None)
    totals = [invoice["total"] for invoice in shop.invoices({"id": made["customer"]})]
    assert totals == [3000, 100, 100]


def test_a_longer_interval_begins_with_the_end_of_the_trial(shop: Shop) -> None:
    trial, after = shop.price(0, name="Free"), shop.price(9900, "year", name="Year")
    item = {"current_trial": {"trial_offer": offer(shop, trial, after, 1)["id"]}}
    made = shop.stripe.post("/v1/subscriptions", {"customer": shop.customer()["id"], "items": [item]})
    shop.stripe.clock.advance(31 * DAY)
    found = shop.subscription(made)
    assert found["billing_cycle_anchor"] == at("2026-07-01T12:00:00")
    assert found["items"]["data"][0]["current_period_end"] == at("2027-07-01T12:00:00")


def test_an_item_takes_an_offer_later(shop: Shop) -> None:
    trial, after = shop.price(100, name="Trial"), shop.price(3000, name="Gold")
    made = shop.subscribe(shop.customer(), after)
    entry = {"id": made["items"]["data"][0]["id"], "current_trial": {"trial_offer": offer(shop, trial, after)["id"]}}
    (shown,) = shop.update(made, items=[entry])["items"]["data"]
    assert (shown["price"]["id"], shown["current_trial"]["start_date"]) == (trial["id"], NOW)


def test_offers_that_cannot_be_used(shop: Shop) -> None:
    trial, after, once = shop.price(100, name="Trial"), shop.price(3000, name="Gold"), shop.price(5, None, name="Once")
    made = offer(shop, trial, after, active=False, nickname="Summer")
    base = {"customer": shop.customer()["id"]}
    inactive = {**base, "items": [{"current_trial": {"trial_offer": made["id"]}}]}
    param = "items[0][current_trial][trial_offer]"
    assert shop.stripe.refused("POST", "/v1/subscriptions", inactive)["param"] == param
    shop.stripe.post(f"{OFFERS}/{made['id']}", {"active": True})
    other = {**base, "items": [{"price": after["id"], "current_trial": {"trial_offer": made["id"]}}]}
    assert shop.stripe.refused("POST", "/v1/subscriptions", other)["param"] == "items[0][price]"
    unknown = {**base, "items": [{"current_trial": {"trial_offer": "to_none"}}]}
    assert shop.stripe.refused("POST", "/v1/subscriptions", unknown)["message"] == "No such trial offer: 'to_none'"
    wrong = {"price": trial["id"], "duration": {"type": "relative", "relative": {"iterations": 0}}}
    wrong["end_behavior"] = {"transition": {"price": after["id"]}}
    assert shop.stripe.refused("POST", OFFERS, wrong)["param"] == "duration[relative][iterations]"
    wrong |= {"duration": {"type": "relative", "relative": {"iterations": 1}}, "price": once["id"]}
    assert shop.stripe.refused("POST", OFFERS, wrong)["param"] == "price"


def test_feedback_options(shop: Shop) -> None:
    stripe = shop.stripe
    made = stripe.post("/v1/billing/feedback_options", {"description": "Too expensive"})
    assert (made["status"], made["status_transitions"], made["id"][:3]) == ("active", {"deactivated_at": None}, "fo_")
    reason = {"enabled": True, "options": ["other"], "feedback_options": [made["id"]]}
    portal = {"features": {"subscription_cancel": {"enabled": True, "cancellation_reason": reason}}}
    stripe.post("/v1/billing_portal/configurations", portal)
    subscription = shop.subscribe(shop.customer(), shop.price(500))
    path = f"/v1/subscriptions/{subscription['id']}"
    said = stripe.post(path, {"cancellation_details": {"feedback_option": made["id"]}})["cancellation_details"]
    assert said["feedback_option"] == made["id"]
    given = {"expand": ["cancellation_details.feedback_option"]}
    assert stripe.get(path, given)["cancellation_details"]["feedback_option"]["description"] == "Too expensive"
    wrong = {"cancellation_details": {"feedback_option": "fo_none"}}
    assert stripe.refused("POST", path, wrong)["param"] == "cancellation_details[feedback_option]"
    gone = stripe.post(f"/v1/billing/feedback_options/{made['id']}/deactivate")
    assert (gone["status"], gone["status_transitions"]["deactivated_at"]) == ("inactive", NOW)
    assert "inactive" in stripe.refused("POST", f"/v1/billing/feedback_options/{made['id']}/deactivate")["message"]
    assert "inactive" in stripe.refused("POST", "/v1/billing_portal/configurations", portal)["message"]


def test_why_an_invoice_is_uncollectible(shop: Shop) -> None:
    """`status_details` come with the status and go with it."""
    stripe, customer = shop.stripe, shop.customer()["id"]
    stripe.post("/v1/invoiceitems", {"customer": customer, "amount": 500, "currency": "usd"})
    key = stripe.post("/v1/invoices", {"customer": customer, "pending_invoice_items_behavior": "include"})["id"]
    assert "status_details" not in stripe.post(f"/v1/invoices/{key}/finalize")
    forgiven = stripe.post(f"/v1/invoices/{key}/mark_uncollectible")
    assert forgiven["status_details"] == {"uncollectible": {"reason": "user_forgiven"}}
    assert "status_details" not in stripe.post(f"/v1/invoices/{key}/pay")


def test_a_refund_names_who_paid(shop: Shop) -> None:
    customer = shop.customer()
    given = {"amount": 500, "currency": "usd", "customer": customer["id"], "confirm": True, "off_session": True}
    method = customer["invoice_settings"]["default_payment_method"]
    intent = shop.stripe.post("/v1/payment_intents", {**given, "payment_method": method})
    refund = shop.stripe.post("/v1/refunds", {"payment_intent": intent["id"], "expand": ["customer"]})
    assert (refund["customer"]["id"], refund["payment_method"]) == (customer["id"], method)


def test_allowed_methods_are_those_that_fit(stripe: Client) -> None:
    """Methods of other currencies are dropped; none left is an error, as are two ways to choose."""
    given = {"amount": 500, "currency": "usd", "allowed_payment_method_types": ["card", "ideal", "us_bank_account"]}
    intent = stripe.post("/v1/payment_intents", given)
    assert intent["allowed_payment_method_types"] == ["card", "ideal", "us_bank_account"]
    assert intent["payment_method_types"] == ["card", "us_bank_account"]
    error = stripe.refused("POST", "/v1/payment_intents", {**given, "allowed_payment_method_types": ["ideal"]})
    assert error["message"].startswith("No valid payment method types")
    for other in ({"automatic_payment_methods": {"enabled": True}}, {"payment_method_types": ["card"]}):
        error = stripe.refused("POST", "/v1/payment_intents", {**given, **other})
        assert error["message"] == (
            f"You may only specify one of these parameters: allowed_payment_method_types, {next(iter(other))}."
        )
