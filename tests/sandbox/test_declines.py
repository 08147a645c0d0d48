"""What is said of a decline: the same codes in the error, the intent's last error and the charge's outcome."""

from __future__ import annotations

import pytest

from .conftest import Client, Json

PAY: Json = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}

#: Card, code, decline code, advice, network decline and network advice codes, param: recordings of test mode.
DECLINED = [
    ("chargeDeclined", "card_declined", "generic_decline", "try_again_later", "01", None, None),
    ("chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", "try_again_later", "51", "02", None),
    (
        "visa_chargeDeclinedVelocityLimitExceeded",
        "card_declined",
        "card_velocity_exceeded",
        "try_again_later",
        "61",
        "02",
        None,
    ),
    ("chargeDeclinedProcessingError", "processing_error", "processing_error", "try_again_later", "06", None, None),
    ("chargeDeclinedExpiredCard", "expired_card", "expired_card", "confirm_card_data", "54", "03", "exp_month"),
    ("chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "confirm_card_data", "N7", "03", "cvc"),
    ("chargeDeclinedLostCard", "card_declined", "lost_card", "do_not_try_again", "41", "01", None),
    ("chargeDeclinedStolenCard", "card_declined", "stolen_card", "do_not_try_again", "43", "01", None),
]
IDS = [row[0] for row in DECLINED]
CODES = ("code", "decline_code", "advice_code", "network_decline_code", "network_advice_code", "param")


def _codes(error: Json) -> tuple[object, ...]:
    return tuple(error.get(name) for name in CODES)


@pytest.mark.parametrize("row", DECLINED, ids=IDS)
def test_a_declined_payment(stripe: Client, row: tuple[str, ...]) -> None:
    """The error, `last_payment_error` and `charge.outcome` say the same."""
    name, *codes = row
    error = stripe.refused("POST", "/v1/payment_intents", {**PAY, "payment_method": f"pm_card_{name}"})
    assert _codes(error) == tuple(codes)
    last = stripe.get(f"/v1/payment_intents/{error['payment_intent']['id']}")["last_payment_error"]
    assert (_codes(last), last["payment_method_type"]) == (tuple(codes), "card")
    outcome = stripe.get(f"/v1/charges/{error['charge']}")["outcome"]
    assert outcome["reason"] == codes[1]
    assert [outcome[name] for name in CODES[2:5]] == codes[2:5]
    silent = "The bank did not return any further details with this decline."
    told = f"The bank returned the decline code `{codes[1]}`."
    assert outcome["seller_message"] == (silent if codes[1] == "generic_decline" else told)


@pytest.mark.parametrize("row", DECLINED, ids=IDS)
def test_a_declined_setup(stripe: Client, row: tuple[str, ...]) -> None:
    """The error, `last_setup_error` and the attempt's `setup_error` say the same."""
    name, *codes = row
    params = {"payment_method_types": ["card"], "confirm": True, "payment_method": f"pm_card_{name}"}
    error = stripe.refused("POST", "/v1/setup_intents", params)
    assert _codes(error) == tuple(codes)
    intent = stripe.get(f"/v1/setup_intents/{error['setup_intent']['id']}", {"expand": ["latest_attempt"]})
    assert intent["last_setup_error"]["payment_method_type"] == "card"
    assert _codes(intent["last_setup_error"]) == _codes(intent["latest_attempt"]["setup_error"]) == tuple(codes)


@pytest.mark.parametrize("row", DECLINED, ids=IDS)
def test_a_card_that_is_declined_when_saved(stripe: Client, row: tuple[str, ...]) -> None:
    """Attaching and a customer's source: `param` is empty where the decline concerns no field."""
    name, *codes = row
    owner = stripe.post("/v1/customers")["id"]
    attached = stripe.refused("POST", f"/v1/payment_methods/pm_card_{name}/attach", {"customer": owner})
    sourced = stripe.refused("POST", f"/v1/customers/{owner}/sources", {"source": f"tok_{name}"})
    created = stripe.refused("POST", "/v1/customers", {"source": f"tok_{name}"})
    param = codes[-1] if codes[-1] is not None or codes[0] == "processing_error" else ""
    for error in (attached, sourced, created):
        assert _codes(error) == (*codes[:-1], param)
    assert stripe.get(f"/v1/customers/{owner}/payment_methods")["data"] == []


def test_a_card_that_fails_later(stripe: Client) -> None:
    """A legacy charge of a customer's card has the codes of its decline, too."""
    owner = stripe.post("/v1/customers", {"source": "tok_chargeCustomerFail"})["id"]
    error = stripe.refused("POST", "/v1/charges", {"amount": 2000, "currency": "usd", "customer": owner})
    assert (error["advice_code"], error["network_decline_code"]) == ("try_again_later", "01")
    assert stripe.get(f"/v1/charges/{error['charge']}")["outcome"]["network_decline_code"] == "01"


def test_a_payment_that_may_not_ask_for_action(stripe: Client) -> None:
    """It is refused before it is sent: there is no charge."""
    params = {**PAY, "payment_method": "pm_card_authenticationRequired", "error_on_requires_action": True}
    error = stripe.refused("POST", "/v1/payment_intents", params)
    assert error["code"] == "authentication_required"
    assert "charge" not in error


@pytest.mark.parametrize("name", ["visa", "mastercard", "threeDSecureOptional"])
@pytest.mark.parametrize("wanted", ["any", "challenge"])
def test_three_d_secure_on_request(stripe: Client, name: str, wanted: str) -> None:
    """Every card that supports it is asked on request, of a payment and of a setup."""
    options = {"card": {"request_three_d_secure": wanted}}
    params = {"payment_method": f"pm_card_{name}", "payment_method_options": options}
    assert stripe.post("/v1/payment_intents", {**PAY, **params})["status"] == "requires_action"
    assert stripe.post("/v1/payment_intents", {**PAY, **params, "off_session": True})["status"] == "succeeded"
    setup = {"payment_method_types": ["card"], "confirm": True, **params}
    assert stripe.post("/v1/setup_intents", setup)["status"] == "requires_action"


def test_three_d_secure_of_a_card_without_it(stripe: Client) -> None:
    """The card that does not support it is charged, whatever is requested."""
    options = {"card": {"request_three_d_secure": "any"}}
    params = {**PAY, "payment_method": "pm_card_amex_threeDSecureNotSupported", "payment_method_options": options}
    assert stripe.post("/v1/payment_intents", params)["status"] == "succeeded"


def test_a_failed_authentication(stripe: Client) -> None:
    """A setup that the customer did not authenticate names its own code."""
    params = {"payment_method_types": ["card"], "confirm": True, "payment_method": "pm_card_authenticationRequired"}
    asked = stripe.post("/v1/setup_intents", params)
    with stripe.sandbox.context() as ctx:
        ctx.resource("setup_intent").authenticate(ctx, ctx.get("setup_intent", asked["id"]), passed=False)  # type: ignore[attr-defined]
    last = stripe.get(f"/v1/setup_intents/{asked['id']}")["last_setup_error"]
    assert last["code"] == "setup_intent_authentication_failure"
    assert "decline_code" not in last
