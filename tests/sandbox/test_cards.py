"""Every test card does what the sheet's table says of it (§14.1 to §14.5), charged through a PaymentIntent."""

from __future__ import annotations

import pytest

from stripe_shell.sandbox.payments.test_cards import CARDS, card_of_number
from stripe_shell.secrets import passes_luhn

from .conftest import Client, Json

PAY = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}

SUCCEEDING = [
    ("visa", "visa", "credit", "4242"),
    ("visa_debit", "visa", "debit", "5556"),
    ("mastercard", "mastercard", "credit", "4444"),
    ("mastercard_debit", "mastercard", "debit", "8210"),
    ("mastercard_prepaid", "mastercard", "prepaid", "5100"),
    ("amex", "amex", "credit", "0005"),
    ("discover", "discover", "credit", "1117"),
    ("diners", "diners", "credit", "0004"),
    ("jcb", "jcb", "credit", "0505"),
    ("unionpay", "unionpay", "credit", "0005"),
    ("us", "visa", "credit", "4242"),
    ("de", "visa", "credit", "0016"),
    ("th_credit", "visa", "credit", "0003"),
]

FAILING = [
    ("visa_chargeDeclined", "card_declined", "generic_decline", "Your card was declined."),
    ("chargeDeclined", "card_declined", "generic_decline", "Your card was declined."),
    ("chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", "Your card has insufficient funds."),
    ("visa_chargeDeclinedLostCard", "card_declined", "lost_card", "Your card was declined."),
    ("visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", "Your card was declined."),
    ("visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded", "Your card was declined."),
    ("chargeDeclinedExpiredCard", "expired_card", "expired_card", "Your card has expired."),
    ("chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    (
        "chargeDeclinedProcessingError",
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    ("chargeCustomerFail", "card_declined", "generic_decline", "Your card was declined."),
    ("radarBlock", "card_declined", "fraudulent", "Your card was declined."),
]


def pay(stripe: Client, name: str, **more: object) -> Json:
    return stripe.post("/v1/payment_intents", {**PAY, "payment_method": f"pm_card_{name}", **more})


def charge_of(stripe: Client, intent: Json) -> Json:
    return stripe.get(f"/v1/charges/{intent['latest_charge']}")


@pytest.mark.parametrize(("name", "brand", "funding", "last4"), SUCCEEDING)
def test_cards_that_succeed(stripe: Client, name: str, brand: str, funding: str, last4: str) -> None:
    """§14.1."""
    intent = pay(stripe, name)
    assert intent["status"] == "succeeded"
    card = charge_of(stripe, intent)["payment_method_details"]["card"]
    assert (card["brand"], card["funding"], card["last4"]) == (brand, funding, last4)


@pytest.mark.parametrize(("name", "code", "decline_code", "message"), FAILING)
def test_cards_that_fail(stripe: Client, name: str, code: str, decline_code: str | None, message: str) -> None:
    """§14.2, §2.5: 402 with code, decline code and message; the failed charge is named."""
    error = stripe.refused("POST", "/v1/payment_intents", {**PAY, "payment_method": f"pm_card_{name}"})
    assert (error["status"], error["type"], error["code"]) == (402, "card_error", code)
    assert (error.get("decline_code"), error["message"]) == (decline_code, message)
    assert error["doc_url"] == f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
    assert stripe.get(f"/v1/charges/{error['charge']}")["failure_code"] == code


def test_blocked_by_radar(stripe: Client) -> None:
    """§14.3: outcome type `blocked`, risk `highest`."""
    error = stripe.refused("POST", "/v1/payment_intents", {**PAY, "payment_method": "pm_card_radarBlock"})
    outcome = stripe.get(f"/v1/charges/{error['charge']}")["outcome"]
    assert (outcome["type"], outcome["risk_level"]) == ("blocked", "highest")
    assert charge_of(stripe, pay(stripe, "riskLevelElevated"))["outcome"]["risk_level"] == "elevated"


@pytest.mark.parametrize(
    ("name", "cvc", "line1", "postal_code"),
    [
        ("visa", "pass", None, None),
        ("cvcCheckFail", "fail", None, None),
        ("avsZipFail", "pass", None, "fail"),
        ("avsLine1Fail", "pass", "fail", None),
        ("avsFail", "pass", "fail", "fail"),
        ("avsUnchecked", "pass", "unavailable", "unavailable"),
    ],
)
def test_checks(stripe: Client, name: str, cvc: str, line1: str | None, postal_code: str | None) -> None:
    """§14.3: the results of the checks, at charge time."""
    checks = charge_of(stripe, pay(stripe, name))["payment_method_details"]["card"]["checks"]
    assert checks == {"address_line1_check": line1, "address_postal_code_check": postal_code, "cvc_check": cvc}


@pytest.mark.parametrize(
    "name",
    [
        "authenticationRequired",
        "authenticationRequiredOnSetup",
        "authenticationRequiredSetupForOffSession",
        "threeDSecure2Required",
        "threeDSecureRequiredChargeDeclined",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
    ],
)
def test_three_d_secure_on_session(stripe: Client, name: str) -> None:
    """§14.4, §15: `requires_action`, the method kept, no charge."""
    intent = pay(stripe, name, return_url="https://example.com/back")
    assert (intent["status"], intent["latest_charge"]) == ("requires_action", None)
    assert intent["payment_method"]
    action = intent["next_action"]
    assert action["type"] == "redirect_to_url"
    assert action["redirect_to_url"]["return_url"] == "https://example.com/back"
    assert pay(stripe, name)["next_action"]["type"] == "use_stripe_sdk"


@pytest.mark.parametrize("name", ["authenticationRequired", "threeDSecure2Required", "authenticationRequiredOnSetup"])
def test_three_d_secure_off_session(stripe: Client, name: str) -> None:
    """Declined with `authentication_required`, by the bank: there is a failed charge."""
    params = {**PAY, "payment_method": f"pm_card_{name}", "off_session": True}
    error = stripe.refused("POST", "/v1/payment_intents", params)
    assert (error["code"], error["decline_code"]) == ("authentication_required", "authentication_required")
    assert error["message"] == "Your card was declined. This transaction requires authentication."
    assert stripe.get(f"/v1/charges/{error['charge']}")["status"] == "failed"
    assert error["payment_intent"]["latest_charge"] == error["charge"]


@pytest.mark.parametrize("name", ["authenticationRequiredSetupForOffSession", "threeDSecureOptional"])
def test_three_d_secure_not_asked_for(stripe: Client, name: str) -> None:
    """§14.4: fine off session; supported and not asked by default."""
    assert pay(stripe, name, off_session=True)["status"] == "succeeded"


def test_three_d_secure_when_asked_for(stripe: Client) -> None:
    """§14.4: an optional card asks where the intent requests it."""
    options = {"card": {"request_three_d_secure": "any"}}
    assert pay(stripe, "threeDSecureOptional", payment_method_options=options)["status"] == "requires_action"


def test_early_fraud_warning(stripe: Client) -> None:
    """§14.5: a warning, no dispute."""
    charge = pay(stripe, "createIssuerFraudRecord")["latest_charge"]
    (warning,) = stripe.get("/v1/radar/early_fraud_warnings", {"charge": charge})["data"]
    assert warning["actionable"] is True
    assert stripe.get("/v1/disputes")["data"] == []
    assert "radar.early_fraud_warning.created" in stripe.event_types()


def test_several_disputes(stripe: Client) -> None:
    """§14.5."""
    intent = pay(stripe, "createMultipleDisputes")
    assert len(stripe.get("/v1/disputes", {"payment_intent": intent["id"]})["data"]) == 2


def test_numbers_of_the_table() -> None:
    """Every number is a possible card number, and none comes twice."""
    numbers = [card.number for card in CARDS]
    assert len(set(numbers)) == len(numbers)
    impossible = [card.names for card in CARDS if not passes_luhn(card.number)]
    assert impossible == []
    names = [name for card in CARDS for name in card.names]
    assert len(set(names)) == len(names)
    found = card_of_number("4242 4242-4242 4242")
    assert found is not None
    assert found.names == ("visa", "us")
