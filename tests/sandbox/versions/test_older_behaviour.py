"""What versions refuse, and what older ones did by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Client, Json
from tests.sandbox.shop import DAY, Shop

from .older import Older, older

ACACIA, TODAY = "2025-02-24.acacia", "2026-10-28.endive"


@pytest.fixture
def acacia(stripe: Client) -> Older:
    return older(stripe, ACACIA)


CARDS = {"payment_method_types": ["card"]}
FOREVER = {"amount_off": 500, "currency": "usd", "duration": "forever"}
INTERAC = {
    "amount": 500,
    "currency": "cad",
    "capture_method": "manual",
    "allowed_payment_method_types": ["interac_present"],
}
SWISS = {
    "type": "sepa_debit",
    "sepa_debit": {"iban": "CH9300762011623852957"},
    "billing_details": {
        "name": "A",
        "email": "a@example.com",
        "address": {"country": "CH", "line1": "Bahnhofstrasse 1"},
    },
}


DAHLIA, ENDIVE, BASIL = "2026-08-26.dahlia", "2026-09-30.endive", "2025-03-31.basil"
#: By name: path, parameters, the last version that takes them and the first that does not, code and param.
REFUSED: dict[str, tuple[str, Json, tuple[str, str], tuple[str | None, str]]] = {
    "types": ("/v1/setup_intents", CARDS, (DAHLIA, ENDIVE), ("payment_method_types_no_longer_supported", *CARDS)),
    "forever": ("/v1/coupons", FOREVER, (ACACIA, BASIL), (None, "duration")),
    "interac": ("/v1/payment_intents", INTERAC, (ACACIA, BASIL), (None, "capture_method")),
    "sepa": ("/v1/payment_methods", SWISS, (DAHLIA, ENDIVE), ("parameter_missing", "billing_details[address][city]")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_version_refuses_what_it_removed(stripe: Client, name: str) -> None:
    """Entries E1, B14, B15 and E11: from the version on, where it was chosen; the default spares scripts of before."""
    path, given, (last, first), (code, param) = REFUSED[name]
    before = {**given, "payment_method_types": ["interac_present"]} if name == "interac" else dict(given)
    before.pop("allowed_payment_method_types", None)
    older(stripe, last).post(path, before)
    for client in (stripe, older(stripe, TODAY)):
        client.post(path, given)
    for version in (first, TODAY):
        stripe.sandbox.set_default_version(version)
        error = stripe.refused("POST", path, given)
        assert (error["status"], error.get("code"), error.get("param")) == (400, code, param), version


def test_sessions_and_updates_refuse_payment_method_types(stripe: Client) -> None:
    today = older(stripe, "2026-09-30.endive")
    intent = today.post("/v1/payment_intents", {"amount": 500, "currency": "usd"})
    assert intent["payment_method_types"]
    for path in (f"/v1/payment_intents/{intent['id']}", f"/v1/payment_intents/{intent['id']}/confirm"):
        assert today.refused("POST", path, CARDS)["code"] == "payment_method_types_no_longer_supported"
    assert today.refused("POST", "/v1/checkout/sessions", CARDS)["code"] == "payment_method_types_no_longer_supported"


# --- what a version did by itself ------------------------------------------------------------------------------------


def paying(client: Client, **more: Any) -> Json:
    item = {"price": Shop(client).price(700, interval=None)["id"], "quantity": 1}
    url = "https://x.test"
    given = {"mode": "payment", "line_items": [item], "success_url": url, "cancel_url": url}
    return client.post("/v1/checkout/sessions", {**given, **more})


def test_a_session_had_its_intent_from_the_start(stripe: Client) -> None:
    """Entry M3."""
    made = paying(older(stripe, "2020-08-27"), payment_intent_data={"metadata": {"a": "b"}})
    intent = stripe.get(f"/v1/payment_intents/{made['payment_intent']}")
    assert (intent["status"], intent["amount"], intent["metadata"]) == ("requires_payment_method", 700, {"a": "b"})
    assert paying(older(stripe, "2022-08-01"))["payment_intent"] is None
    stripe.post(f"/v1/payment_pages/{made['id']}/confirm", {"payment_method": "pm_card_visa"})
    done = stripe.get(f"/v1/checkout/sessions/{made['id']}")
    assert (done["payment_status"], done["payment_intent"]) == ("paid", intent["id"])
    assert stripe.get(f"/v1/payment_intents/{intent['id']}")["status"] == "succeeded"


def test_an_expired_session_cancels_its_intent(stripe: Client) -> None:
    made = paying(older(stripe, "2020-08-27"))
    stripe.post(f"/v1/checkout/sessions/{made['id']}/expire")
    assert stripe.get(f"/v1/payment_intents/{made['payment_intent']}")["status"] == "canceled"
    assert stripe.event_types()[-2:] == ["checkout.session.expired", "payment_intent.canceled"]


def test_a_session_named_the_setup_intent_of_its_subscription(stripe: Client) -> None:
    """Entry M4: null while the subscription has none."""
    made = checkout_subscription(older(stripe, "2020-08-27"))
    assert (made["setup_intent"], made["subscription"]) == (None, None)
    stripe.post(f"/v1/payment_pages/{made['id']}/confirm", {"payment_method": "pm_card_visa"})
    done = stripe.get(f"/v1/checkout/sessions/{made['id']}")
    intent = stripe.post("/v1/setup_intents", {})["id"]
    with stripe.sandbox.context() as ctx:
        subscription = ctx.get("subscription", done["subscription"])
        subscription["pending_setup_intent"] = intent
        ctx.save(subscription)
    path = f"/v1/checkout/sessions/{made['id']}"
    assert older(stripe, "2020-08-27").get(path)["setup_intent"] == intent
    assert older(stripe, "2022-08-01").get(path)["setup_intent"] is None


def checkout_subscription(client: Client) -> Json:
    item = {"price": Shop(client).price(900)["id"], "quantity": 1}
    url = "https://x.test"
    given = {"mode": "subscription", "line_items": [item], "success_url": url, "cancel_url": url}
    return client.post("/v1/checkout/sessions", given)


def test_a_failed_attempt_left_an_incomplete_subscription(stripe: Client, acacia: Older) -> None:
    """Entry B11: the version that made the session decides; the next attempt pays the same invoice."""
    pay = {"payment_method": "pm_card_chargeCustomerFail"}
    newer = checkout_subscription(older(stripe, "2025-03-31.basil"))
    assert stripe.refused("POST", f"/v1/payment_pages/{newer['id']}/confirm", pay)["code"] == "card_declined"
    assert stripe.get(f"/v1/checkout/sessions/{newer['id']}")["subscription"] is None
    made = checkout_subscription(acacia)
    assert stripe.refused("POST", f"/v1/payment_pages/{made['id']}/confirm", pay)["code"] == "card_declined"
    tried = stripe.get(f"/v1/checkout/sessions/{made['id']}", {"expand": ["subscription", "invoice"]})
    assert (tried["status"], tried["payment_status"]) == ("open", "unpaid")
    assert (tried["subscription"]["status"], tried["invoice"]["status"]) == ("incomplete", "open")
    stripe.post(f"/v1/payment_pages/{made['id']}/confirm", {"payment_method": "pm_card_visa"})
    done = stripe.get(f"/v1/checkout/sessions/{made['id']}", {"expand": ["subscription"]})
    assert (done["status"], done["payment_status"], done["subscription"]["status"]) == ("complete", "paid", "active")
    assert (done["subscription"]["id"], done["invoice"]) == (tried["subscription"]["id"], tried["invoice"]["id"])


def test_a_session_cost_something(stripe: Client) -> None:
    """Entry P2."""
    coupon = stripe.post("/v1/coupons", {"percent_off": 100, "duration": "once"})["id"]
    free = {"discounts": [{"coupon": coupon}]}
    assert paying(older(stripe, "2023-08-16"), **free)["amount_total"] == 0
    with pytest.raises(AssertionError, match="amount due must add up to at least"):
        paying(older(stripe, "2022-11-15"), **free)
    assert [made["amount_total"] for made in stripe.get("/v1/checkout/sessions")["data"]] == [0]


def test_the_computed_end_of_a_phase(stripe: Client) -> None:
    """Entry C5: from the end of the phase before it, or along the billing cycle."""
    shop = Shop(stripe)
    start = shop.stand("2027-01-31")["frozen_time"]
    items = [{"price": shop.price()["id"]}]
    given = {"customer": shop.customer()["id"], "start_date": start, "phases": [{"items": items}, {"items": items}]}
    ends = {
        version: [phase["end_date"] for phase in older(stripe, version).post(SCHEDULES, given)["phases"]]
        for version in ("2025-08-27.basil", "2025-09-30.clover")
    }
    assert ends["2025-08-27.basil"] == [start + 28 * DAY, start + 56 * DAY]
    assert ends["2025-09-30.clover"] == [start + 28 * DAY, start + 59 * DAY]
    given["phases"] = [{"items": items}, {"items": items, "billing_cycle_anchor": "phase_start"}, {"items": items}]
    assert [phase["end_date"] for phase in stripe.post(SCHEDULES, given)["phases"]] == [
        start + 28 * DAY,
        start + 56 * DAY,
        start + 87 * DAY,
    ]


SCHEDULES = "/v1/subscription_schedules"


def test_iterations_are_a_number(stripe: Client) -> None:
    shop = Shop(stripe)
    phases = [{"items": [{"price": shop.price()["id"]}], "iterations": "two"}]
    given = {"customer": shop.customer()["id"], "start_date": "now", "phases": phases}
    for client in (stripe, older(stripe, "2024-06-20")):
        error = client.refused("POST", SCHEDULES, given)
        assert (error["param"], error["code"]) == ("phases[0][iterations]", "parameter_invalid_integer")


def test_events_of_v2_were_listed_by_edges(stripe: Client) -> None:
    """Monthly versions, 2025-11-17: `gte` for today's `created[gte]`."""
    url = {"url": "https://x.test/hook"}
    given = {"name": "thin", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": ["*"]}
    stripe.post("/v2/core/event_destinations", {**given, "webhook_endpoint": url})
    october = older(stripe, "2025-10-29.clover")
    since = october.get("/v2/core/events", {"gte": "2030-01-01T00:00:00Z"})["data"]
    assert since == stripe.get("/v2/core/events", {"created": {"gte": "2030-01-01T00:00:00Z"}})["data"]
    assert stripe.refused("GET", "/v2/core/events", {"gte": "2030-01-01T00:00:00Z"})["code"] == "parameter_unknown"
    assert october.refused("GET", "/v2/core/events", {"gte": "then"})["param"] == "gte"


def test_the_defaults_of_bank_connections(stripe: Client) -> None:
    """Entry E6: the same for all account holders, from endive on."""
    customer = stripe.post("/v1/customers")["id"]
    given = {"account_holder": {"type": "customer", "customer": customer}, "permissions": ["balances"]}
    path = "/v1/financial_connections/sessions"
    made = stripe.post(path, {**given, "filters": {"account_subcategories": ["savings"]}})
    assert made["filters"] == {
        "account_subcategories": ["savings"],
        "country": None,
        "require_payment_method_support": "none",
    }
    made = stripe.post(path, given)
    assert (made["manual_entry"], "limits" in made) == ({"mode": "disabled"}, False)
    assert len(made["filters"]["account_subcategories"]) == 5
    assert older(stripe, "2026-08-26.dahlia").post(path, given)["filters"]["account_subcategories"] is None


def test_an_account_link_told_its_configurations(stripe: Client) -> None:
    """Entry E10."""
    account = stripe.post("/v2/core/accounts", {"contact_email": "a@example.com"})["id"]
    case = {"refresh_url": "https://x.test", "configurations": ["merchant", "recipient"]}
    use = {"type": "account_onboarding", "account_onboarding": case}
    dahlia = older(stripe, "2026-08-26.dahlia")
    made = dahlia.post("/v2/core/account_links", {"account": account, "use_case": use})
    assert made["use_case"]["account_onboarding"]["configurations"] == ["merchant", "recipient"]
    del case["configurations"]
    made = stripe.post("/v2/core/account_links", {"account": account, "use_case": use})
    assert "configurations" not in made["use_case"]["account_onboarding"]
