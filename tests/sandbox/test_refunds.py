"""Refunds: amounts, gates, the ledger and what comes later (sheet §2.4, §8.1, §14.5, §17.2)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Client, Json, open_client

PAY = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}


def paid(stripe: Client, name: str = "visa", **more: object) -> Json:
    return stripe.post("/v1/payment_intents", {**PAY, "payment_method": f"pm_card_{name}", **more})


def test_refund(stripe: Client) -> None:
    """§17.2: succeeded at once, both parents filled, no reason; absent members; no `livemode`."""
    intent = paid(stripe, description="Order 7")
    refund = stripe.post("/v1/refunds", {"payment_intent": intent["id"]})
    assert (refund["status"], refund["amount"], refund["reason"]) == ("succeeded", 2000, None)
    assert (refund["charge"], refund["payment_intent"]) == (intent["latest_charge"], intent["id"])
    assert refund["destination_details"] == {
        "card": {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        },
        "type": "card",
    }
    absent = {"description", "failure_reason", "instructions_email", "next_action", "presentment_details", "livemode"}
    assert not absent & refund.keys()
    row = stripe.get(f"/v1/balance_transactions/{refund['balance_transaction']}")
    assert (row["amount"], row["fee"], row["net"], row["type"]) == (-2000, 0, -2000, "refund")
    assert row["description"] == "REFUND FOR CHARGE (Order 7)"
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}")
    assert (charge["refunded"], charge["amount_refunded"]) == (True, 2000)
    assert stripe.event_types()[-2:] == ["refund.created", "charge.refunded"]


def test_partial_refunds_add_up(stripe: Client) -> None:
    """§17.2: the last flips `refunded`; then nothing is left."""
    charge = paid(stripe)["latest_charge"]
    stripe.post("/v1/refunds", {"charge": charge, "amount": 500, "reason": "requested_by_customer"})
    assert stripe.get(f"/v1/charges/{charge}")["refunded"] is False
    error = stripe.refused("POST", "/v1/refunds", {"charge": charge, "amount": 4000})
    assert (error["status"], error["param"]) == (400, "amount")
    assert error["message"] == "Refund amount ($40.00) is greater than unrefunded amount on charge ($15.00)"
    stripe.post("/v1/refunds", {"charge": charge})
    assert stripe.get(f"/v1/charges/{charge}")["refunded"] is True
    error = stripe.refused("POST", "/v1/refunds", {"charge": charge})
    assert (error["code"], error["message"]) == (
        "charge_already_refunded",
        f"Charge {charge} has already been refunded.",
    )


def test_gates(stripe: Client) -> None:
    """§2.4, §17.2: nothing named, a failed charge, an uncaptured one, a disputed one, a bad reason."""
    error = stripe.refused("POST", "/v1/refunds")
    assert error["message"] == (
        "One of the following params should be provided for this request: payment_intent or charge."
    )
    declined = stripe.refused("POST", "/v1/payment_intents", {**PAY, "payment_method": "pm_card_chargeDeclined"})
    intent = declined["payment_intent"]["id"]
    error = stripe.refused("POST", "/v1/refunds", {"payment_intent": intent})
    assert error["message"] == f"This PaymentIntent ({intent}) does not have a successful charge to refund."
    held = paid(stripe, capture_method="manual")
    assert (
        "Cancel the PaymentIntent" in stripe.refused("POST", "/v1/refunds", {"payment_intent": held["id"]})["message"]
    )
    disputed = paid(stripe, "createDispute")
    error = stripe.refused("POST", "/v1/refunds", {"payment_intent": disputed["id"]})
    assert (error["code"], error["message"]) == (
        "charge_disputed",
        f"Charge {disputed['latest_charge']} has been charged back; cannot issue a refund.",
    )
    inquiry = paid(stripe, "createDisputeInquiry")
    assert stripe.post("/v1/refunds", {"payment_intent": inquiry["id"]})["status"] == "succeeded"
    error = stripe.refused("POST", "/v1/refunds", {"charge": "ch_x", "reason": "expired_uncaptured_charge"})
    assert error["param"] == "reason"
    assert error["message"] == "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer"


def test_missing(stripe: Client) -> None:
    """§2.2: the charge of a parameter is named with param `id`, 400."""
    error = stripe.refused("POST", "/v1/refunds", {"charge": "ch_x"})
    assert (error["status"], error["message"], error["param"]) == (400, "No such charge: 'ch_x'", "id")
    assert stripe.refused("GET", "/v1/refunds/re_x")["message"] == "No such refund: 're_x'"


def test_cancel_is_unsupported_for_cards(stripe: Client) -> None:
    """§2.4."""
    refund = stripe.post("/v1/refunds", {"payment_intent": paid(stripe)["id"]})["id"]
    assert stripe.refused("POST", f"/v1/refunds/{refund}/cancel")["message"] == "Canceling this refund is unsupported."


def test_below_a_charge(stripe: Client) -> None:
    """§2.2, §17.1: `/refund` answers the charge, `/refunds` the refund; one of another charge is missing."""
    first, second = paid(stripe)["latest_charge"], paid(stripe)["latest_charge"]
    assert stripe.post(f"/v1/charges/{first}/refund", {"amount": 100})["amount_refunded"] == 100
    refund = stripe.post(f"/v1/charges/{first}/refunds", {"amount": 200})
    assert (refund["object"], refund["amount"]) == ("refund", 200)
    assert [row["amount"] for row in stripe.get(f"/v1/charges/{first}/refunds")["data"]] == [200, 100]
    error = stripe.refused("GET", f"/v1/charges/{second}/refunds/{refund['id']}")
    assert (error["status"], error["message"], error["param"]) == (
        404,
        f"No such refund: '{refund['id']}'",
        "refund",
    )


def test_refund_that_is_pending(stripe: Client) -> None:
    """§14.5: starts `pending`, later `succeeded` with `refund.updated`."""
    refund = stripe.post("/v1/refunds", {"payment_intent": paid(stripe, "pendingRefund")["id"]})
    assert refund["status"] == "pending"
    assert stripe.get(f"/v1/refunds/{refund['id']}")["status"] == "succeeded"
    assert stripe.event_types()[-2:] == ["refund.updated", "charge.refund.updated"]


def test_refund_that_fails(stripe: Client) -> None:
    """§14.5, §17.2: starts `succeeded`, later `failed` with `refund.failed`; the money comes back."""
    refund = stripe.post("/v1/refunds", {"payment_intent": paid(stripe, "refundFail")["id"]})
    assert refund["status"] == "succeeded"
    later = stripe.get(f"/v1/refunds/{refund['id']}")
    assert (later["status"], later["failure_reason"]) == ("failed", "expired_or_canceled_card")
    row = stripe.get(f"/v1/balance_transactions/{later['failure_balance_transaction']}")
    assert (row["amount"], row["type"]) == (2000, "refund_failure")
    assert stripe.event_types()[-2:] == ["refund.failed", "charge.refund.updated"]
    assert stripe.get(f"/v1/charges/{refund['charge']}")["refunded"] is False


@pytest.mark.parametrize("amount", [0, -1])
def test_amounts_below_one(stripe: Client, amount: int) -> None:
    error = stripe.refused("POST", "/v1/refunds", {"charge": paid(stripe)["latest_charge"], "amount": amount})
    assert (error["code"], error["param"]) == ("parameter_invalid_integer", "amount")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=6))
def test_refunds_never_exceed_the_charge(parts: list[int]) -> None:
    """Whatever is asked for, what was given back is at most what was taken, and the charge counts it exactly."""
    stripe = open_client()
    charge = paid(stripe)["latest_charge"]
    given_back = 0
    for part in parts:
        response = stripe.send("POST", "/v1/refunds", {"charge": charge, "amount": part})
        assert (response.status == 200) == (given_back + part <= 2000)
        given_back += part if response.status == 200 else 0
    shown = stripe.get(f"/v1/charges/{charge}")
    assert (shown["amount_refunded"], shown["refunded"]) == (given_back, given_back == 2000)
    stripe.sandbox.store.close()


def uncaptured(stripe: Client) -> Json:
    return stripe.post("/v1/charges", {"amount": 7200, "currency": "usd", "source": "tok_visa", "capture": "false"})


@pytest.mark.parametrize("amount", [None, 7200])
def test_an_uncaptured_charge_of_the_charges_api_is_released(stripe: Client, amount: int | None) -> None:
    """Without a PaymentIntent to cancel, a refund releases the hold; no money moves."""
    charge = uncaptured(stripe)
    rows = len(stripe.get("/v1/balance_transactions")["data"])
    refund = stripe.post("/v1/refunds", {"charge": charge["id"], **({"amount": amount} if amount else {})})
    assert (refund["amount"], refund["status"], refund["balance_transaction"]) == (7200, "succeeded", None)
    after = stripe.get(f"/v1/charges/{charge['id']}")
    assert (after["amount_refunded"], after["refunded"], after["captured"]) == (7200, True, False)
    assert len(stripe.get("/v1/balance_transactions")["data"]) == rows
    error = stripe.refused("POST", "/v1/refunds", {"charge": charge["id"]})
    assert error["code"] == "charge_already_refunded"


def test_an_uncaptured_charge_is_released_as_a_whole(stripe: Client) -> None:
    error = stripe.refused("POST", "/v1/refunds", {"charge": uncaptured(stripe)["id"], "amount": 1200})
    assert (error["status"], error["param"]) == (400, "amount")
    assert error["message"].startswith("You cannot partially refund an uncaptured charge.")


def test_what_a_capture_released_cannot_be_refunded(stripe: Client) -> None:
    """The refundable amount is what was captured; refunding it refunds the charge in full."""
    charge = uncaptured(stripe)["id"]
    stripe.post(f"/v1/charges/{charge}/capture", {"amount": 4000})
    error = stripe.refused("POST", "/v1/refunds", {"charge": charge, "amount": 4001})
    assert error["message"] == "Refund amount ($40.01) is greater than charge amount ($40.00)"
    stripe.post("/v1/refunds", {"charge": charge, "amount": 3800})
    after = stripe.get(f"/v1/charges/{charge}")
    assert (after["amount_refunded"], after["refunded"]) == (3800, False)
    stripe.post("/v1/refunds", {"charge": charge})
    after = stripe.get(f"/v1/charges/{charge}")
    assert (after["amount_refunded"], after["refunded"]) == (4000, True)


def test_a_charge_counts_all_of_its_refunds_and_shows_ten(stripe: Client) -> None:
    charge = stripe.post("/v1/charges", {"amount": 5000, "currency": "usd", "source": "tok_visa"})["id"]
    for number in range(12):
        stripe.post("/v1/refunds", {"charge": charge, "amount": 100 + number})
        shown = stripe.get(f"/v1/charges/{charge}", {"expand": ["refunds"]})["refunds"]
        assert shown["data"][0]["amount"] == 100 + number
        counted = (len(shown["data"]), shown["has_more"], shown["total_count"])
        assert counted == (min(number + 1, 10), number >= 10, number + 1)
