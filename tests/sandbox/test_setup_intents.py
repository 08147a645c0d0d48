"""SetupIntents: confirmed, declined, authenticated, canceled (sheet §2.4, §2.5, §8.1, §16)."""

from __future__ import annotations

import pytest

from stripe_shell.sandbox.payments.intent_rules import Intent
from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import Client, Json

PATH = "/v1/setup_intents"
CARD = {"payment_method_types": ["card"]}


def customer(stripe: Client) -> str:
    return str(stripe.post("/v1/customers")["id"])


def test_defaults(stripe: Client, table: Table) -> None:
    """§16: `usage` is `off_session` whatever is sent; the card options have no `installments`."""
    made = stripe.post(PATH, {**CARD, "usage": "nonsense"})
    assert (made["usage"], made["status"]) == ("off_session", "requires_payment_method")
    assert made["payment_method_options"]["card"]["request_three_d_secure"] == "automatic"
    assert "installments" not in made["payment_method_options"]["card"]
    assert made["client_secret"].startswith(f"{made['id']}_secret_")
    operation = table.operation("create", "setup_intent")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []


def test_success(stripe: Client) -> None:
    """§16, §8.1: the method is attached first, then it succeeds; an attempt is recorded."""
    owner = customer(stripe)
    done = stripe.post(PATH, {**CARD, "customer": owner, "payment_method": "pm_card_visa", "confirm": True})
    assert done["status"] == "succeeded"
    assert done["latest_attempt"].startswith("setatt_")
    assert stripe.get(f"/v1/payment_methods/{done['payment_method']}")["customer"] == owner
    assert stripe.event_types()[1:] == ["setup_intent.created", "payment_method.attached", "setup_intent.succeeded"]
    attempts = stripe.get("/v1/setup_attempts", {"setup_intent": done["id"]})["data"]
    assert [(row["id"], row["status"]) for row in attempts] == [(done["latest_attempt"], "succeeded")]


def test_attempts_need_their_intent(stripe: Client) -> None:
    """§16: `setup_intent=` is required."""
    error = stripe.refused("GET", "/v1/setup_attempts")
    assert (error["code"], error["param"]) == ("parameter_missing", "setup_intent")


@pytest.mark.parametrize(
    ("name", "code", "decline_code", "param"),
    [
        ("chargeDeclined", "card_declined", "generic_decline", None),
        ("chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", None),
        ("chargeDeclinedExpiredCard", "expired_card", "expired_card", "exp_month"),
        ("chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "cvc"),
    ],
)
def test_declines(stripe: Client, name: str, code: str, decline_code: str, param: str | None) -> None:
    """§2.5, §16: a decline of a field names its param; rows are kept."""
    params = {**CARD, "customer": customer(stripe), "payment_method": f"pm_card_{name}", "confirm": True}
    error = stripe.refused("POST", PATH, params)
    assert (error["status"], error["code"], error["decline_code"], error.get("param")) == (
        402,
        code,
        decline_code,
        param,
    )
    intent = stripe.get(f"{PATH}/{error['setup_intent']['id']}")
    assert (intent["status"], intent["payment_method"]) == ("requires_payment_method", None)
    assert intent["last_setup_error"]["code"] == code
    assert stripe.event_types()[1:] == ["setup_intent.created", "setup_intent.setup_failed"]


def test_the_card_that_fails_later_is_set_up(stripe: Client) -> None:
    """§14.2."""
    params = {**CARD, "customer": customer(stripe), "payment_method": "pm_card_chargeCustomerFail", "confirm": True}
    assert stripe.post(PATH, params)["status"] == "succeeded"


def test_three_d_secure(stripe: Client) -> None:
    """§8.1, §14.4: asked for at set-up; a card that is set up pays off session without it."""
    owner = customer(stripe)
    params = {**CARD, "customer": owner, "payment_method": "pm_card_authenticationRequiredOnSetup", "confirm": True}
    asked = stripe.post(PATH, params)
    assert (asked["status"], asked["next_action"]["type"]) == ("requires_action", "use_stripe_sdk")
    assert stripe.event_types()[-1] == "setup_intent.requires_action"
    with stripe.sandbox.context() as ctx:
        intent = ctx.get("setup_intent", asked["id"])
        ctx.handler(Intent, "setup_intent").authenticate(ctx, intent)
    done = stripe.get(f"{PATH}/{asked['id']}")
    assert (done["status"], done["next_action"]) == ("succeeded", None)
    paid = stripe.post(
        "/v1/payment_intents",
        {
            **CARD,
            "amount": 500,
            "currency": "usd",
            "customer": owner,
            "payment_method": done["payment_method"],
            "off_session": True,
            "confirm": True,
        },
    )
    assert paid["status"] == "succeeded"


def test_three_d_secure_that_fails(stripe: Client) -> None:
    asked = stripe.post(PATH, {**CARD, "payment_method": "pm_card_threeDSecure2Required", "confirm": True})
    with stripe.sandbox.context() as ctx:
        ctx.handler(Intent, "setup_intent").authenticate(ctx, ctx.get("setup_intent", asked["id"]), passed=False)
    failed = stripe.get(f"{PATH}/{asked['id']}")
    assert failed["status"] == "requires_payment_method"
    assert failed["last_setup_error"]["message"].startswith("We are unable to authenticate")


def test_confirm_without_method(stripe: Client) -> None:
    """§2.4: wins over a wrong state; the customer's default is never looked at (§15)."""
    owner = stripe.post(
        "/v1/customers",
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}},
    )["id"]
    intent = stripe.post(PATH, {**CARD, "customer": owner})["id"]
    for _ in range(2):
        error = stripe.refused("POST", f"{PATH}/{intent}/confirm")
        assert error["code"] == "setup_intent_unexpected_state"
        assert error["message"].startswith(
            "You cannot confirm this SetupIntent because it's missing a payment method. "
        )
        if stripe.get(f"{PATH}/{intent}")["status"] != "canceled":
            stripe.post(f"{PATH}/{intent}/cancel")


def test_confirm_in_the_wrong_state(stripe: Client) -> None:
    """§2.4: done, and canceled."""
    done = stripe.post(PATH, {**CARD, "customer": customer(stripe), "payment_method": "pm_card_visa", "confirm": True})
    error = stripe.refused("POST", f"{PATH}/{done['id']}/confirm")
    assert error["message"].endswith("because it has already succeeded.")
    gone = stripe.post(PATH, {**CARD, "payment_method": "pm_card_visa"})["id"]
    stripe.post(f"{PATH}/{gone}/cancel")
    error = stripe.refused("POST", f"{PATH}/{gone}/confirm")
    assert error["message"].endswith("because it has been canceled.")


def test_cancel(stripe: Client) -> None:
    """§2.4, §16: keeps the method and the reason; twice, or when done, it is refused."""
    intent = stripe.post(PATH, {**CARD, "payment_method": "pm_card_visa"})
    gone = stripe.post(f"{PATH}/{intent['id']}/cancel", {"cancellation_reason": "abandoned"})
    assert (gone["status"], gone["cancellation_reason"]) == ("canceled", "abandoned")
    assert gone["payment_method"] == intent["payment_method"]
    error = stripe.refused("POST", f"{PATH}/{intent['id']}/cancel")
    assert error["message"].endswith("because it is already canceled.")
    done = stripe.post(PATH, {**CARD, "customer": customer(stripe), "payment_method": "pm_card_visa", "confirm": True})
    error = stripe.refused("POST", f"{PATH}/{done['id']}/cancel")
    assert "`requires_payment_method`, `requires_confirmation`, `requires_action`" in error["message"]
    assert stripe.event_types().count("setup_intent.canceled") == 1


def test_ownership(stripe: Client) -> None:
    """§2.4: no code, param `payment_method`, two texts."""
    owner = customer(stripe)
    method = stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": owner})["id"]
    error = stripe.refused("POST", PATH, {**CARD, "payment_method": method, "confirm": True})
    assert (error["status"], error.get("code"), error["param"]) == (400, None, "payment_method")
    assert error["message"].startswith(f"The payment method supplied ({method}) belongs to the Customer {owner}.")
    other = customer(stripe)
    error = stripe.refused("POST", PATH, {**CARD, "payment_method": method, "customer": other})
    assert error["message"].startswith(
        f"The PaymentMethod {method} does not belong to the Customer you supplied {other}."
    )


def test_updates_in_every_state(stripe: Client) -> None:
    """§16: description, metadata and customer stay updatable."""
    intent = stripe.post(PATH, CARD)["id"]
    stripe.post(f"{PATH}/{intent}/cancel")
    assert stripe.post(f"{PATH}/{intent}", {"description": "d", "metadata": {"a": "1"}})["description"] == "d"


def test_an_unattached_method_is_burnt(stripe: Client) -> None:
    """§16."""
    done = stripe.post(PATH, {**CARD, "payment_method": "pm_card_visa", "confirm": True})
    error = stripe.refused("POST", PATH, {**CARD, "payment_method": done["payment_method"], "confirm": True})
    assert "was previously used" in error["message"]


def microdeposits(stripe: Client) -> Json:
    return stripe.post(
        PATH,
        {
            "payment_method_types": ["us_bank_account"],
            "customer": customer(stripe),
            "payment_method": "pm_usBankAccount_success",
            "payment_method_options": {"us_bank_account": {"verification_method": "microdeposits"}},
            "mandate_data": {"customer_acceptance": {"type": "offline"}},
            "confirm": True,
        },
    )


def test_microdeposits(stripe: Client) -> None:
    """§2.4, §14.6: 32 and 45 verify; others do not; the wrong state prints its list as a JSON array."""
    intent = microdeposits(stripe)
    assert intent["next_action"]["type"] == "verify_with_microdeposits"
    path = f"{PATH}/{intent['id']}/verify_microdeposits"
    assert stripe.refused("POST", path, {"amounts": [1, 2]})["code"].endswith("amounts_mismatch")
    assert stripe.refused("POST", path, {"amounts": [10, 11]})["code"].endswith("attempts_exceeded")
    assert stripe.refused("POST", path, {"descriptor_code": "SM44DD"})["code"].endswith("timeout")
    assert stripe.post(path, {"amounts": [32, 45]})["status"] == "succeeded"
    error = stripe.refused("POST", path, {"descriptor_code": "SM11AA"})
    assert error["code"] == "intent_invalid_state"
    assert '["requires_action"]' in error["message"]


def test_missing(stripe: Client) -> None:
    """§2.2: the word `setupintent`, param `intent`."""
    error = stripe.refused("GET", f"{PATH}/seti_x")
    assert (error["message"], error["param"]) == ("No such setupintent: 'seti_x'", "intent")
