"""PaymentIntents: made, confirmed, declined, captured, canceled, changed (sheet §2.4, §2.5, §8.1, §15)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stripe_shell.sandbox.control.routes import answer_private
from stripe_shell.sandbox.payments import confirmation
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

from .conformity import departures
from .conftest import NOW, Client, Json

PATH = "/v1/payment_intents"
CARD = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}
VERSION = {"Stripe-Version": "2026-10-28.endive"}


def confirmed(stripe: Client, name: str = "visa", **more: object) -> Json:
    return stripe.post(PATH, {**CARD, "payment_method": f"pm_card_{name}", "confirm": True, **more})


def told(stripe: Client, intent: Json) -> list[str]:
    """The types of the events since the intent was made."""
    types = stripe.event_types()
    return types[types.index("payment_intent.created") + 1 :]


# --- made ----------------------------------------------------------------------------------------------------


def test_defaults(stripe: Client, table: Table) -> None:
    """§15: the defaults of a fresh intent; automatic methods are on when no types are named."""
    made = stripe.post(PATH, {"amount": 1099, "currency": "usd"})
    expected = {
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "last_payment_error": None,
        "latest_charge": None,
        "next_action": None,
        "setup_future_usage": None,
        "status": "requires_payment_method",
    }
    assert {name: made[name] for name in expected} == expected
    assert made["client_secret"].startswith(f"{made['id']}_secret_")
    operation = table.operation("create", "payment_intent")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []
    assert stripe.event_types() == ["payment_intent.created"]


def test_states_after_create(stripe: Client) -> None:
    """§15: with a method `requires_confirmation`, with confirm the outcome; `charges` is gone."""
    made = stripe.post(PATH, {**CARD, "payment_method": "pm_card_visa"})
    assert made["status"] == "requires_confirmation"
    assert "charges" not in made
    assert confirmed(stripe)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "Amount must be at least $0.50 usd"),
        ({"amount": 29, "currency": "gbp"}, "amount_too_small", "Amount must be at least £0.30 gbp"),
        ({"amount": 49, "currency": "jpy"}, "amount_too_small", "Amount must be at least ¥50 jpy"),
        (
            {"amount": 100_000_000, "currency": "usd"},
            "amount_too_large",
            "Amount must be no more than $999,999.99 usd",
        ),
        ({"amount": -5, "currency": "usd"}, "parameter_invalid_integer", None),
    ],
)
def test_amounts_that_cannot_be(stripe: Client, params: Json, code: str, message: str | None) -> None:
    """§2.4, §15: minimum and maximum, in the currency's own writing; param `amount`."""
    error = stripe.refused("POST", PATH, params)
    assert (error["status"], error["code"], error["param"]) == (400, code, "amount")
    assert message is None or error["message"] == message


def test_amount_zero_points_at_setup_intents(stripe: Client) -> None:
    """§2.4."""
    error = stripe.refused("POST", PATH, {"amount": 0, "currency": "usd"})
    assert (error["code"], error["param"]) == ("parameter_invalid_integer", "amount")
    assert "Setup Intent" in error["message"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"automatic_payment_methods": {"enabled": True}, "confirmation_method": "manual"},
            "You may only specify one of these parameters: automatic_payment_methods, confirmation_method.",
        ),
        (
            {"automatic_payment_methods": {"enabled": True}, "payment_method_types": ["card"]},
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types.",
        ),
    ],
)
def test_exclusive_parameters(stripe: Client, params: Json, message: str) -> None:
    """§15."""
    error = stripe.refused("POST", PATH, {"amount": 2000, "currency": "usd", **params})
    assert (error["status"], error["message"], error["param"]) == (400, message, "automatic_payment_methods")


def test_off_session_wants_confirm(stripe: Client) -> None:
    """The description: only together with `confirm`."""
    assert stripe.refused("POST", PATH, {**CARD, "off_session": True})["param"] == "off_session"


def test_deleted_customer(stripe: Client) -> None:
    """§15: 400 `resource_missing`, param `customer`."""
    owner = stripe.post("/v1/customers")["id"]
    stripe.delete(f"/v1/customers/{owner}")
    error = stripe.refused("POST", PATH, {**CARD, "customer": owner})
    assert (error["status"], error["code"], error["param"]) == (400, "resource_missing", "customer")


# --- confirmed -----------------------------------------------------------------------------------------------


def test_success(stripe: Client) -> None:
    """§8.1: `charge.succeeded`, `payment_intent.succeeded`."""
    intent = confirmed(stripe, metadata={"order": "7"}, description="Order 7", receipt_email="a@b.co")
    assert (intent["amount_received"], intent["last_payment_error"]) == (2000, None)
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}")
    shared = ("amount", "currency", "description", "metadata", "receipt_email", "payment_method")
    assert {name: charge[name] for name in shared} == {name: intent[name] for name in shared}
    assert charge["payment_intent"] == intent["id"]
    assert told(stripe, intent) == ["charge.succeeded", "payment_intent.succeeded"]


def test_decline_keeps_its_rows(stripe: Client) -> None:
    """§2.5, §8.1, §15: the failed charge, the intent with the error and without the method, the events."""
    params = {**CARD, "payment_method": "pm_card_chargeDeclined", "confirm": True}
    error = stripe.refused("POST", PATH, params)
    assert (error["status"], error["type"], error["code"]) == (402, "card_error", "card_declined")
    intent = stripe.get(f"{PATH}/{error['payment_intent']['id']}")
    assert intent == error["payment_intent"]
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert intent["latest_charge"] == error["charge"]
    last = intent["last_payment_error"]
    assert (last["code"], last["decline_code"], last["charge"]) == ("card_declined", "generic_decline", error["charge"])
    assert last["payment_method"]["card"]["last4"] == "0002"
    charge = stripe.get(f"/v1/charges/{error['charge']}")
    assert (charge["status"], charge["paid"], charge["captured"]) == ("failed", False, False)
    assert charge["balance_transaction"] is None
    assert {name: charge["outcome"][name] for name in ("network_status", "reason", "seller_message", "type")} == {
        "network_status": "declined_by_network",
        "reason": "generic_decline",
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
    assert charge["payment_method_details"]["card"]["amount_authorized"] is None
    assert told(stripe, intent) == ["charge.failed", "payment_intent.payment_failed"]
    retried = stripe.post(f"{PATH}/{intent['id']}/confirm", {"payment_method": "pm_card_visa"})
    assert (retried["status"], retried["last_payment_error"]) == ("succeeded", None)


def test_a_decline_is_replayed_by_its_idempotency_key(stripe: Client) -> None:
    """§3: a 402 is stored; a replay writes nothing."""
    params = {**CARD, "payment_method": "pm_card_chargeDeclined", "confirm": True}
    first = stripe.send("POST", PATH, params, key="k")
    again = stripe.send("POST", PATH, params, key="k")
    assert (first.status, again.status, first.body) == (402, 402, again.body)
    assert again.header("Idempotent-Replayed") == "true"
    assert len(stripe.get(PATH)["data"]) == 1


def test_confirm_without_method(stripe: Client) -> None:
    """§2.4: unexpected state, the intent rides along; two tails, with and without a customer."""
    intent = stripe.post(PATH, CARD)["id"]
    error = stripe.refused("POST", f"{PATH}/{intent}/confirm")
    assert (error["status"], error["code"]) == (400, "payment_intent_unexpected_state")
    start = "You cannot confirm this PaymentIntent because it's missing a payment method. "
    assert error["message"].startswith(start)
    assert error["payment_intent"]["id"] == intent
    owner = stripe.post("/v1/customers")["id"]
    intent = stripe.post(PATH, {**CARD, "customer": owner})["id"]
    other = stripe.refused("POST", f"{PATH}/{intent}/confirm")
    assert other["message"].startswith(start)
    assert owner in other["message"]


def test_method_of_a_customer_on_an_intent_without_one(stripe: Client) -> None:
    """§2.4: `parameter_missing`, param `source`; names the method and its customer; nothing is stored."""
    owner = stripe.post("/v1/customers")["id"]
    method = stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": owner})["id"]
    intent = stripe.post(PATH, CARD)["id"]
    error = stripe.refused("POST", f"{PATH}/{intent}/confirm", {"payment_method": method})
    assert (error["code"], error["param"]) == ("parameter_missing", "source")
    assert method in error["message"]
    assert owner in error["message"]
    assert stripe.get(f"{PATH}/{intent}")["payment_method"] is None
    created = stripe.refused("POST", PATH, {**CARD, "payment_method": method})
    assert "payment_intent" not in created


def test_method_of_another_customer(stripe: Client) -> None:
    """§2.4: no code, param `payment_method`."""
    first, second = (stripe.post("/v1/customers")["id"] for _ in range(2))
    method = stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": first})["id"]
    intent = stripe.post(PATH, {**CARD, "customer": second})["id"]
    error = stripe.refused("POST", f"{PATH}/{intent}/confirm", {"payment_method": method})
    assert (error["status"], error.get("code"), error["param"]) == (400, None, "payment_method")
    assert f"does not belong to the Customer you supplied {second}" in error["message"]


def test_the_customers_default_is_used(stripe: Client) -> None:
    """§15: parameter, then the intent's own, then the customer's default."""
    owner = stripe.post(
        "/v1/customers",
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}},
    )
    intent = stripe.post(PATH, {**CARD, "customer": owner["id"]})["id"]
    done = stripe.post(f"{PATH}/{intent}/confirm")
    assert done["status"] == "succeeded"
    assert done["payment_method"] == owner["invoice_settings"]["default_payment_method"]


def test_return_url_is_needed_for_automatic_methods(stripe: Client) -> None:
    """§2.4, §15: refused; not with types, `allow_redirects: never`, off session, nor without a version (§25)."""
    made = {"amount": 2000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    error = stripe.refused("POST", PATH, made, headers=VERSION)
    assert error["message"].startswith(
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard."
    )
    assert stripe.get(PATH)["data"] == []
    for more in (
        {"return_url": "https://example.com"},
        {"payment_method_types": ["card"]},
        {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}},
        {"off_session": True},
    ):
        assert stripe.post(PATH, {**made, **more}, headers=VERSION)["status"] == "succeeded"
    assert stripe.post(PATH, made)["status"] == "succeeded"


def test_confirm_in_the_wrong_state(stripe: Client) -> None:
    """§2.4."""
    intent = confirmed(stripe)
    error = stripe.refused("POST", f"{PATH}/{intent['id']}/confirm")
    assert (error["status"], error["code"]) == (400, "payment_intent_unexpected_state")
    assert error["payment_intent"]["status"] == "succeeded"


def test_an_unattached_method_pays_once(stripe: Client) -> None:
    """§14, §15: used once without a customer, it cannot be used again."""
    method = stripe.post("/v1/payment_methods", {"type": "card", "card": {"token": "tok_visa"}})["id"]
    stripe.post(PATH, {**CARD, "payment_method": method, "confirm": True})
    error = stripe.refused("POST", PATH, {**CARD, "payment_method": method, "confirm": True})
    assert "was previously used without being attached to a Customer" in error["message"]


def test_setup_future_usage_attaches_on_success(stripe: Client) -> None:
    """§15."""
    owner = stripe.post("/v1/customers")["id"]
    intent = confirmed(stripe, customer=owner, setup_future_usage="off_session")
    assert stripe.get(f"/v1/payment_methods/{intent['payment_method']}")["customer"] == owner
    assert "payment_method.attached" in stripe.event_types()


def test_three_d_secure_that_is_passed_or_failed(stripe: Client) -> None:
    """§8.1: `payment_intent.requires_action` without a charge; then the card's own outcome."""
    intent = confirmed(stripe, "authenticationRequired")
    assert told(stripe, intent) == ["payment_intent.requires_action"]
    with stripe.sandbox.context() as ctx:
        done = confirmation.authenticate(ctx, ctx.get("payment_intent", intent["id"]))
    assert (done.status, done.payment_intent["next_action"]) == ("succeeded", None)
    secured = stripe.get(f"/v1/charges/{done.payment_intent['latest_charge']}")["payment_method_details"]["card"]
    assert {**secured["three_d_secure"], "transaction_id": "…"} == {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": "…",
        "version": "2.1.0",
    }
    plain = stripe.get(f"/v1/charges/{confirmed(stripe)['latest_charge']}")["payment_method_details"]["card"]
    assert plain["three_d_secure"] is None
    poor = confirmed(stripe, "authenticationRequiredChargeDeclinedInsufficientFunds")
    failing = confirmed(stripe, "authenticationRequired")
    with stripe.sandbox.context() as ctx:
        found = confirmation.authenticate(ctx, ctx.get("payment_intent", poor["id"]))
        assert found.error is not None
        assert found.error.extra["decline_code"] == "insufficient_funds"
        confirmation.authenticate(ctx, ctx.get("payment_intent", failing["id"]), passed=False)
    last = stripe.get(f"{PATH}/{failing['id']}")
    assert last["status"] == "requires_payment_method"
    assert last["last_payment_error"]["code"] == "payment_intent_authentication_failure"


def test_authentication_from_outside(stripe: Client) -> None:
    """A route of the sandbox's own stands for the bank's page."""
    asked = confirmed(stripe, "authenticationRequired")["id"]
    body = json.dumps({"intent": asked}).encode()
    request = Request("POST", "/_sandbox/authenticate", body=body)
    answered = answer_private(stripe.sandbox, request).json()
    assert answered == stripe.get(f"{PATH}/{asked}")
    assert answered["status"] == "succeeded"
    assert answer_private(stripe.sandbox, request).status == 400
    setup = stripe.post(
        "/v1/setup_intents",
        {"payment_method_types": ["card"], "payment_method": "pm_card_authenticationRequired", "confirm": True},
    )["id"]
    failing = Request("POST", "/_sandbox/authenticate", body=json.dumps({"intent": setup, "passed": False}).encode())
    refused = answer_private(stripe.sandbox, failing).json()
    assert refused == stripe.get(f"/v1/setup_intents/{setup}")
    assert refused["status"] == "requires_payment_method"
    (failed, asked) = stripe.get("/v1/setup_attempts", {"setup_intent": setup})["data"]
    secured = failed["payment_method_details"]["card"]["three_d_secure"]
    assert (secured["result"], secured["result_reason"]) == ("failed", "rejected")
    assert asked["payment_method_details"]["card"]["three_d_secure"] is None
    assert answer_private(stripe.sandbox, Request("POST", "/_sandbox/authenticate", body=b"[]")).status == 400


@pytest.mark.parametrize(
    "card", [{"token": "tok_visa"}, {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030, "cvc": "123"}]
)
def test_method_data(stripe: Client, card: Json) -> None:
    """Clients send `payment_method_data[card]`, which the description lacks."""
    data = {"type": "card", "card": card, "billing_details": {"name": "Ann", "address": {"postal_code": "1010"}}}
    done = stripe.post(PATH, {**CARD, "payment_method_data": data, "confirm": True})
    charge = stripe.get(f"/v1/charges/{done['latest_charge']}")
    assert charge["billing_details"]["name"] == "Ann"
    assert charge["payment_method_details"]["card"]["checks"]["address_postal_code_check"] == "pass"
    odd = {"type": "card", "card": card, "nope": "x"}
    error = stripe.refused("POST", PATH, {**CARD, "payment_method_data": odd})
    assert error["message"] == "Received unknown parameter: payment_method_data[nope]"


def test_error_on_requires_action(stripe: Client) -> None:
    """§15: turns requires_action into 402 `authentication_required`."""
    params = {**CARD, "payment_method": "pm_card_authenticationRequired", "confirm": True}
    error = stripe.refused("POST", PATH, {**params, "error_on_requires_action": True})
    assert (error["status"], error["code"]) == (402, "authentication_required")


def test_a_type_that_is_not_allowed(stripe: Client) -> None:
    error = stripe.refused("POST", PATH, {**CARD, "payment_method": "pm_sepaDebit_success_at"})
    assert "is not allowed for this PaymentIntent" in error["message"]


# --- captured ------------------------------------------------------------------------------------------------


def held(stripe: Client, **more: Any) -> Json:
    return confirmed(stripe, capture_method="manual", **more)


def test_manual_capture(stripe: Client) -> None:
    """§8.1, §15: hold, `capture_before` = created + 604,800 s, then captured in full."""
    intent = held(stripe)
    assert (intent["status"], intent["amount_capturable"], intent["amount_received"]) == ("requires_capture", 2000, 0)
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["captured"], charge["paid"], charge["status"]) == (False, True, "succeeded")
    assert charge["payment_method_details"]["card"]["capture_before"] == NOW + 604_800
    assert charge["balance_transaction"] is None
    assert told(stripe, intent) == ["charge.succeeded", "payment_intent.amount_capturable_updated"]
    done = stripe.post(f"{PATH}/{intent['id']}/capture", {"metadata": {"a": "b"}})
    assert (done["status"], done["amount_received"], done["amount_capturable"]) == ("succeeded", 2000, 0)
    assert done["metadata"] == {"a": "b"}
    assert told(stripe, intent)[2:] == ["charge.captured", "payment_intent.succeeded"]


def test_partial_capture(stripe: Client) -> None:
    """§15, §17.4: the rest is released without a refund; one ledger row, of the captured amount; nothing to capture."""
    intent = held(stripe)
    path = f"{PATH}/{intent['id']}/capture"
    done = stripe.post(path, {"amount_to_capture": 1200})
    assert (done["status"], done["amount_received"]) == ("succeeded", 1200)
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}", {"expand": ["balance_transaction"]})
    assert (charge["amount"], charge["amount_captured"], charge["amount_refunded"]) == (2000, 1200, 0)
    assert charge["refunded"] is False
    assert stripe.get("/v1/refunds")["data"] == []
    assert stripe.event_types()[-2:] == ["charge.captured", "payment_intent.succeeded"]
    assert charge["balance_transaction"]["amount"] == 1200
    error = stripe.refused("POST", path)
    assert error["code"] == "payment_intent_unexpected_state"
    assert "already been captured" in error["message"]


def test_several_captures(stripe: Client) -> None:
    """§15: `final_capture=false` leaves the rest to be captured."""
    intent = held(stripe)
    path = f"{PATH}/{intent['id']}/capture"
    first = stripe.post(path, {"amount_to_capture": 500, "final_capture": False})
    assert (first["status"], first["amount_capturable"], first["amount_received"]) == ("requires_capture", 1500, 500)
    last = stripe.post(path)
    assert (last["status"], last["amount_received"]) == ("succeeded", 2000)
    rows = stripe.get("/v1/balance_transactions", {"type": "charge"})["data"]
    assert [row["amount"] for row in rows] == [1500, 500]


@pytest.mark.parametrize(
    ("amount", "code", "param"),
    [
        (2001, "amount_too_large", None),
        (0, "parameter_invalid_integer", "amount"),
        (-1, None, "amount_to_capture"),
    ],
)
def test_captures_that_cannot_be(stripe: Client, amount: int, code: str | None, param: str | None) -> None:
    """§2.4: too much; 0 names `amount` (sic), a negative one `amount_to_capture`."""
    intent = held(stripe)
    error = stripe.refused("POST", f"{PATH}/{intent['id']}/capture", {"amount_to_capture": amount})
    assert (error["status"], error.get("code"), error.get("param")) == (400, code, param)


def test_capture_in_the_wrong_state(stripe: Client) -> None:
    """§2.4: the message names the state and `requires_capture`."""
    intent = stripe.post(PATH, CARD)["id"]
    error = stripe.refused("POST", f"{PATH}/{intent}/capture")
    assert error["code"] == "payment_intent_unexpected_state"
    assert "could not be captured because it has a status of requires_payment_method." in error["message"]
    assert error["message"].endswith("requires_capture.")


def test_a_hold_runs_out(stripe: Client) -> None:
    """§15: then `canceled` by itself."""
    intent = held(stripe)
    stripe.clock.advance(604_799)
    assert stripe.get(f"{PATH}/{intent['id']}")["status"] == "requires_capture"
    stripe.clock.advance(1)
    gone = stripe.get(f"{PATH}/{intent['id']}")
    assert (gone["status"], gone["canceled_at"], gone["amount_capturable"]) == ("canceled", NOW + 604_800, 0)
    assert gone["cancellation_reason"] == "expired"
    event = stripe.events(type="payment_intent.canceled")[0]
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_increment_authorization(stripe: Client) -> None:
    intent = held(stripe)
    path = f"{PATH}/{intent['id']}/increment_authorization"
    assert stripe.refused("POST", path, {"amount": 2000})["param"] == "amount"
    assert stripe.post(path, {"amount": 2500})["amount_capturable"] == 2500
    assert stripe.post(f"{PATH}/{intent['id']}/capture")["amount_received"] == 2500


# --- canceled, changed ---------------------------------------------------------------------------------------


def test_cancel(stripe: Client) -> None:
    """§15: from the early states and `requires_capture`; the reason is kept; a hold is released."""
    early = stripe.post(PATH, CARD)
    done = stripe.post(f"{PATH}/{early['id']}/cancel", {"cancellation_reason": "abandoned"})
    assert (done["status"], done["cancellation_reason"], done["canceled_at"]) == ("canceled", "abandoned", NOW)
    intent = held(stripe)
    stripe.post(f"{PATH}/{intent['id']}/cancel")
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["captured"], charge["refunded"], charge["amount_refunded"]) == (False, False, 0)
    assert stripe.get("/v1/refunds")["data"] == []
    assert stripe.event_types()[-2:] == ["payment_intent.amount_capturable_updated", "payment_intent.canceled"]


def test_cancel_in_the_wrong_state(stripe: Client) -> None:
    """§2.4: lists the states, in order."""
    intent = confirmed(stripe)
    error = stripe.refused("POST", f"{PATH}/{intent['id']}/cancel")
    assert error["code"] == "payment_intent_unexpected_state"
    assert error["message"].endswith(
        "requires_payment_method, requires_capture, requires_reauthorization, requires_confirmation, requires_action, "
        "expired, processing."
    )
    assert error["payment_intent"]["id"] == intent["id"]


def test_updates(stripe: Client) -> None:
    """§15: amount only in the three early states; the customer once; no event for an update of an intent."""
    intent = stripe.post(PATH, CARD)["id"]
    owner = stripe.post("/v1/customers")["id"]
    changed = stripe.post(f"{PATH}/{intent}", {"amount": 3000, "customer": owner, "payment_method": "pm_card_visa"})
    assert (changed["amount"], changed["customer"], changed["status"]) == (3000, owner, "requires_confirmation")
    other = stripe.post("/v1/customers")["id"]
    assert stripe.refused("POST", f"{PATH}/{intent}", {"customer": other})["param"] == "customer"
    stripe.post(f"{PATH}/{intent}/confirm")
    error = stripe.refused("POST", f"{PATH}/{intent}", {"amount": 4000})
    assert (error["code"], error["param"]) == ("payment_intent_unexpected_state", "amount")
    assert "requires_payment_method, requires_confirmation, requires_action" in error["message"]
    assert stripe.post(f"{PATH}/{intent}", {"metadata": {"a": "1"}})["metadata"] == {"a": "1"}
    assert "payment_intent.updated" not in stripe.event_types()


def test_missing_intent(stripe: Client) -> None:
    """§2.2: param `intent`."""
    error = stripe.refused("GET", f"{PATH}/pi_nothing")
    assert (error["status"], error["message"], error["param"]) == (
        404,
        "No such payment_intent: 'pi_nothing'",
        "intent",
    )


# --- bank debits ---------------------------------------------------------------------------------------------

MANDATE = {"customer_acceptance": {"type": "online", "online": {"ip_address": "1.2.3.4", "user_agent": "test"}}}


def debit(stripe: Client, literal: str, **more: object) -> Json:
    kind = "us_bank_account" if "usBank" in literal else "sepa_debit"
    currency = "usd" if kind == "us_bank_account" else "eur"
    params = {"amount": 2000, "currency": currency, "payment_method_types": [kind], "payment_method": literal}
    return stripe.post(PATH, {**params, "confirm": True, "mandate_data": MANDATE, **more})


def test_a_debit_settles(stripe: Client) -> None:
    """§8.1, §14.6: `processing`, `charge.pending`; later both succeed, by Stripe's own doing."""
    intent = debit(stripe, "pm_usBankAccount_success")
    assert intent["status"] == "processing"
    assert intent["latest_charge"].startswith("py_")
    done = stripe.get(f"{PATH}/{intent['id']}")
    assert (done["status"], done["amount_received"]) == ("succeeded", 2000)
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}", {"expand": ["balance_transaction"]})
    assert (charge["status"], charge["paid"]) == ("succeeded", True)
    row = charge["balance_transaction"]
    assert (row["type"], row["fee"], row["net"]) == ("payment", 16, 1984)
    assert told(stripe, intent) == [
        "payment_intent.processing",
        "charge.pending",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    mandate = charge["payment_method_details"]["us_bank_account"]["mandate"]
    assert stripe.get(f"/v1/mandates/{mandate}")["status"] == "active"


@pytest.mark.parametrize(
    ("literal", "failure"),
    [
        ("pm_usBankAccount_insufficientFunds", "insufficient_funds"),
        ("pm_usBankAccount_accountClosed", "account_closed"),
        ("pm_sepaDebit_failed_at", "generic_could_not_process"),
    ],
)
def test_a_debit_fails(stripe: Client, literal: str, failure: str) -> None:
    """§14.6: the intent is back in `requires_payment_method`."""
    intent = debit(stripe, literal)
    done = stripe.get(f"{PATH}/{intent['id']}")
    assert (done["status"], done["last_payment_error"]["decline_code"]) == ("requires_payment_method", failure)
    assert told(stripe, intent)[2:] == ["charge.failed", "payment_intent.payment_failed"]


def test_slow_debits(stripe: Client) -> None:
    """§14.6: success after three minutes; one account stays `processing`."""
    slow, stuck = debit(stripe, "pm_sepaDebit_successDelayed_at"), debit(stripe, "pm_usBankAccount_processing")
    assert stripe.get(f"{PATH}/{slow['id']}")["status"] == "processing"
    stripe.clock.advance(180)
    assert stripe.get(f"{PATH}/{slow['id']}")["status"] == "succeeded"
    assert stripe.get(f"{PATH}/{stuck['id']}")["status"] == "processing"


def test_a_debit_needs_a_mandate(stripe: Client) -> None:
    """§15."""
    params = {"amount": 2000, "currency": "usd", "payment_method_types": ["us_bank_account"], "confirm": True}
    error = stripe.refused("POST", PATH, {**params, "payment_method": "pm_usBankAccount_success"})
    assert "mandate_data" in error["message"]


@pytest.mark.parametrize(
    ("kind", "currency"), [("boleto", "brl"), ("konbini", "jpy"), ("multibanco", "eur"), ("oxxo", "mxn")]
)
def test_vouchers(stripe: Client, table: Table, kind: str, currency: str) -> None:
    """The customer is shown a voucher; when it is paid, the intent succeeds."""
    data = {"type": kind, kind: {"tax_id": "00000000000"}} if kind == "boleto" else {"type": kind}
    intent = stripe.post(
        PATH,
        {
            "amount": 2000,
            "currency": currency,
            "payment_method_types": [kind],
            "payment_method_data": data,
            "confirm": True,
        },
    )
    assert (intent["status"], intent["next_action"]["type"]) == ("requires_action", f"{kind}_display_details")
    operation = table.operation("create", "payment_intent")
    assert operation is not None
    assert list(departures(table, operation.response, intent)) == []
    stripe.sandbox.authenticate(intent["id"])
    done = stripe.get(f"{PATH}/{intent['id']}", {"expand": ["latest_charge"]})
    assert (done["status"], done["latest_charge"]["payment_method_details"]["type"]) == ("succeeded", kind)


# --- what others call ----------------------------------------------------------------------------------------


def test_confirm_existing(stripe: Client) -> None:
    """A decline is an attempt too, and nothing is raised."""
    owner = stripe.post("/v1/customers", {"payment_method": "pm_card_chargeCustomerFail"})["id"]
    with stripe.sandbox.context() as ctx:
        method = ctx.all("payment_method", customer=owner)[0]["id"]
        intent = confirmation.open_intent(
            ctx, amount=500, currency="usd", customer=owner, payment_method=method, off_session=True
        )
        found = confirmation.confirm_existing(ctx, intent, None, True)
        assert (found.status, found.charge is not None, found.error is not None) == (
            "requires_payment_method",
            True,
            True,
        )
        again = confirmation.confirm_existing(ctx, found.payment_intent, "pm_card_visa", True)
        assert (again.status, again.error) == ("succeeded", None)
        bare = confirmation.open_intent(
            ctx, amount=500, currency="usd", customer=owner, payment_method=None, off_session=True
        )
        empty = confirmation.confirm_existing(ctx, bare, None, True)
        assert (empty.status, empty.charge) == ("requires_payment_method", None)


def test_default_method(stripe: Client) -> None:
    """§19.1: the subscription's, its source, the customer's default, the default source."""
    made = stripe.post("/v1/customers", {"source": "tok_visa", "payment_method": "pm_card_visa"})
    with stripe.sandbox.context() as ctx:
        customer = ctx.get("customer", made["id"])
        card = ctx.all("card", customer=made["id"])[0]["id"]
        assert confirmation.default_method(ctx, customer, None) == card
        own = confirmation.attach(ctx, "pm_card_mastercard", customer)["id"]
        customer["invoice_settings"]["default_payment_method"] = own
        assert confirmation.default_method(ctx, customer, None) == own
        other = confirmation.attach(ctx, "pm_card_amex", customer)["id"]
        assert confirmation.default_method(ctx, customer, {"default_payment_method": other}) == other
        assert confirmation.default_method(ctx, customer, {"default_source": card}) == card
        token = confirmation.attach(ctx, "tok_visa", customer)
        assert token["id"].startswith("card_")
