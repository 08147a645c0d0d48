"""Subscriptions that pause on request or as scheduled: what is credited and billed, and how they go on."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, Shop, at

TEN_DAYS = 10 * DAY


@pytest.fixture
def shop(stripe: Client) -> Shop:
    return Shop(stripe)


@pytest.fixture
def active(shop: Shop) -> Json:
    """A monthly subscription for 30.00, ten days after its start."""
    made = shop.subscribe(shop.customer(), shop.price(3000))
    shop.stripe.clock.advance(TEN_DAYS)
    shop.news()
    return made


def pause(shop: Shop, subscription: Json, **params: object) -> Json:
    return shop.stripe.post(f"/v1/subscriptions/{subscription['id']}/pause", params)


def resume(shop: Shop, subscription: Json, **params: object) -> Json:
    return shop.stripe.post(f"/v1/subscriptions/{subscription['id']}/resume", params)


def pending(shop: Shop, subscription: Json) -> list[int]:
    given = {"customer": subscription["customer"], "pending": True}
    return [item["amount"] for item in shop.stripe.get("/v1/invoiceitems", given)["data"]]


def test_a_pause_ends_the_period_and_credits_the_rest(shop: Shop, active: Json) -> None:
    now = NOW + TEN_DAYS
    paused = pause(shop, active)
    assert paused["status"] == "paused"
    assert paused["status_details"] == {
        "paused": {"subscription": {"type": "pause_requested"}, "transitioned_at": now, "type": "subscription"}
    }
    assert paused["items"]["data"][0]["current_period_end"] == now
    assert shop.news() == ["invoiceitem.created", "customer.subscription.paused", "customer.subscription.updated"]
    assert pending(shop, active) == [-2000]
    shop.stripe.clock.advance(90 * DAY)
    assert len(shop.invoices({"id": active["customer"]})) == 1


@pytest.mark.parametrize(
    ("unused", "amounts"), [("now", [-2000]), ("item_current_period_start", [-3000]), ("none", [])]
)
def test_what_is_credited(shop: Shop, active: Json, unused: str, amounts: list[int]) -> None:
    pause(shop, active, bill_for={"unused_time_from": {"type": unused}})
    assert pending(shop, active) == amounts


@pytest.mark.parametrize(("usage", "amounts"), [("now", [700]), ("none", [])])
def test_usage_is_billed_up_to_the_pause(shop: Shop, usage: str, amounts: list[int]) -> None:
    stripe = shop.stripe
    meter = stripe.post(
        "/v1/billing/meters",
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}},
    )
    price = shop.price(100, recurring={"usage_type": "metered", "meter": meter["id"]})
    customer = shop.customer()
    made = shop.subscribe(customer, price)
    stripe.clock.advance(DAY)
    payload = {"stripe_customer_id": customer["id"], "value": "7"}
    stripe.post("/v1/billing/meter_events", {"event_name": "calls", "payload": payload})
    stripe.clock.advance(DAY)
    pause(shop, made, bill_for={"outstanding_usage_through": {"type": usage}})
    assert pending(shop, made) == amounts


def test_a_pause_invoices_at_once(shop: Shop, active: Json) -> None:
    """The credit goes to the customer's balance."""
    pause(shop, active, invoicing_behavior="invoice")
    invoice = shop.invoices({"id": active["customer"]})[0]
    assert (invoice["total"], invoice["status"], pending(shop, active)) == (-2000, "paid", [])
    assert shop.stripe.get(f"/v1/customers/{active['customer']}")["balance"] == -2000


def test_who_cannot_pause(shop: Shop, active: Json) -> None:
    path = f"/v1/subscriptions/{active['id']}"
    shop.stripe.post("/v1/subscription_schedules", {"from_subscription": active["id"]})
    assert "attached to a schedule" in shop.stripe.refused("POST", f"{path}/pause")["message"]
    classic = shop.subscribe(shop.customer(), shop.price(500), billing_mode={"type": "classic"})
    assert "flexible" in shop.stripe.refused("POST", f"/v1/subscriptions/{classic['id']}/pause")["message"]
    trial = shop.subscribe(shop.customer(), shop.price(500), trial_period_days=7)
    assert "`active`" in shop.stripe.refused("POST", f"/v1/subscriptions/{trial['id']}/pause")["message"]
    shop.stripe.delete(path)
    assert shop.stripe.refused("POST", f"{path}/pause")["status"] == 404


def test_success_resumes_at_once(shop: Shop, active: Json) -> None:
    """A new cycle begins; its invoice has the credit of the pause."""
    pause(shop, active)
    shop.stripe.clock.advance(TEN_DAYS)
    shop.news()
    back = resume(shop, active, payment_behavior="resume_on_payment_success")
    assert (back["status"], back["pending_update"], "status_details" in back) == ("active", None, False)
    assert back["billing_cycle_anchor"] == NOW + 2 * TEN_DAYS
    assert shop.invoice(back["latest_invoice"])["total"] == 1000
    assert "customer.subscription.resumed" in shop.news()


def test_only_success_resumes(shop: Shop, active: Json) -> None:
    pause(shop, active)
    bad = shop.stripe.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", {"customer": active["customer"]})
    default = {"invoice_settings": {"default_payment_method": bad["id"]}}
    shop.stripe.post(f"/v1/customers/{active['customer']}", default)
    waiting = resume(shop, active, payment_behavior="resume_on_payment_success")
    assert (waiting["status"], shop.invoice(waiting["latest_invoice"])["attempt_count"]) == ("paused", 1)
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": active["customer"]})
    shop.stripe.post(f"/v1/invoices/{waiting['latest_invoice']}/pay", {"payment_method": good["id"]})
    assert shop.subscription(active)["status"] == "active"


def test_an_attempt_that_fails_resumes_in_arrears(shop: Shop, active: Json) -> None:
    pause(shop, active)
    waiting = resume(shop, active)
    assert (waiting["status"], shop.invoice(waiting["latest_invoice"])["attempt_count"]) == ("paused", 0)
    bad = shop.stripe.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", {"customer": active["customer"]})
    path = f"/v1/invoices/{waiting['latest_invoice']}/pay"
    assert shop.stripe.refused("POST", path, {"payment_method": bad["id"]})["code"] == "card_declined"
    assert shop.subscription(active)["status"] == "past_due"


@pytest.mark.parametrize(
    ("behavior", "amounts", "status", "invoiced"),
    [
        ("none", [-2000], "active", False),
        ("create_prorations", [1000, -2000], "active", False),
        ("always_invoice", [], "active", True),
    ],
)
def test_an_unchanged_cycle_charges_the_rest(
    shop: Shop, active: Json, behavior: str, amounts: list[int], *, status: str, invoiced: bool
) -> None:
    pause(shop, active)
    shop.stripe.clock.advance(TEN_DAYS)
    anchor = {"type": "unchanged"}
    back = resume(shop, active, billing_cycle_anchor=anchor, proration_behavior=behavior)
    assert (back["status"], back["billing_cycle_anchor"]) == (status, NOW)
    assert back["items"]["data"][0]["current_period_end"] == at("2026-07-01T12:00:00")
    assert pending(shop, active) == amounts
    assert (back["latest_invoice"] != active["latest_invoice"]) is invoiced


# --- scheduled pauses ------------------------------------------------------------------------------------------------


def scheduled(shop: Shop, **entry: object) -> Json:
    items = [{"price": shop.price(3000)["id"]}]
    given = {"customer": shop.customer()["id"], "start_date": "now", "end_behavior": "release"}
    phases = [{"items": items, "duration": {"interval": "year"}}]
    return shop.stripe.post("/v1/subscription_schedules", {**given, "phases": phases, "pause_schedules": [entry]})


def test_a_schedule_pauses_and_resumes(shop: Shop) -> None:
    """The defaults are those of the SDK's docstrings."""
    pausing = {"pause_at": {"type": "timestamp", "timestamp": NOW + TEN_DAYS}}
    resuming = {"resume_at": {"type": "duration", "duration": {"interval": "day", "interval_count": 10}}}
    made = scheduled(shop, key="summer", pause=pausing, resume=resuming)
    (entry,) = made["pause_schedules"]
    at_pause = {"type": "pause_at"}
    assert entry["pause"] == {
        "pause_at": NOW + TEN_DAYS,
        "settings": {
            "bill_for": {"outstanding_usage_through": at_pause, "unused_time_from": at_pause},
            "invoicing_behavior": "pending_invoice_item",
            "type": "subscription",
        },
        "status": {"type": "scheduled"},
    }
    assert (entry["key"], entry["resume"]["resume_at"]) == ("summer", NOW + 2 * TEN_DAYS)
    shop.stripe.clock.advance(TEN_DAYS)
    path = f"/v1/subscription_schedules/{made['id']}"
    (entry,) = shop.stripe.get(path)["pause_schedules"]
    assert shop.stripe.get(f"/v1/subscriptions/{made['subscription']}")["status"] == "paused"
    assert (entry["pause"]["status"]["type"], entry["resume"]["status"]["type"]) == ("succeeded", "scheduled")
    shop.stripe.clock.advance(TEN_DAYS)
    (entry,) = shop.stripe.get(path)["pause_schedules"]
    assert entry["resume"]["status"]["type"] == "succeeded"
    assert shop.stripe.get(f"/v1/subscriptions/{made['subscription']}")["status"] == "active"


def test_a_scheduled_pause_that_fails_says_why(shop: Shop) -> None:
    made = scheduled(shop, pause={"pause_at": {"type": "timestamp", "timestamp": NOW + DAY}})
    shop.stripe.post(f"/v1/subscriptions/{made['subscription']}", {"trial_end": NOW + 20 * DAY})
    shop.stripe.clock.advance(2 * DAY)
    (entry,) = shop.stripe.get(f"/v1/subscription_schedules/{made['id']}")["pause_schedules"]
    assert entry["pause"]["status"]["type"] == "error"
    assert "`active`" in entry["pause"]["status"]["error"]["message"]


def test_pauses_are_replaced(shop: Shop) -> None:
    made = scheduled(shop, key="a", pause={"pause_at": {"type": "timestamp", "timestamp": NOW + DAY}})
    path = f"/v1/subscription_schedules/{made['id']}"
    later = {"key": "b", "pause": {"pause_at": {"type": "timestamp", "timestamp": NOW + 9 * DAY}}}
    assert [entry["key"] for entry in shop.stripe.post(path, {"pause_schedules": [later]})["pause_schedules"]] == ["b"]
    past = {"pause": {"pause_at": {"type": "timestamp", "timestamp": NOW - DAY}}}
    param = "pause_schedules[0][pause][pause_at][timestamp]"
    assert shop.stripe.refused("POST", path, {"pause_schedules": [past]})["param"] == param
    wrong = {**later, "resume": {"resume_at": {"type": "timestamp", "timestamp": NOW + 8 * DAY}}}
    param = "pause_schedules[0][resume][resume_at]"
    assert shop.stripe.refused("POST", path, {"pause_schedules": [wrong]})["param"] == param
