"""What the command-line tool's trigger fixtures send for payments, step by step (sheet §25)."""

from __future__ import annotations

import pytest

from .conftest import Client, Json

INTENT = {"amount": 2000, "currency": "usd", "description": "(created by Stripe CLI)"}


def paid(stripe: Client, name: str = "bypassPending", **more: object) -> Json:
    """No types, no return URL: as fixtures confirm."""
    return stripe.post(
        "/v1/payment_intents", {**INTENT, "payment_method": f"pm_card_{name}", "confirm": "true", **more}
    )


def test_transfers(stripe: Client) -> None:
    """`transfer.*`: an account of an empty body, funds that are available in the same second."""
    account = stripe.post("/v1/accounts")["id"]
    paid(stripe)
    transfer = stripe.post("/v1/transfers", {"amount": "1500", "currency": "usd", "destination": account})["id"]
    stripe.post(f"/v1/transfers/{transfer}", {"metadata": {"foo": "bar"}})
    stripe.post(f"/v1/transfers/{transfer}/reversals")
    told = set(stripe.event_types())
    assert {"transfer.created", "transfer.updated", "transfer.reversed", "balance.available"} <= told


def test_payouts(stripe: Client) -> None:
    """`payout.created`, `payout.updated`."""
    paid(stripe)
    payout = stripe.post("/v1/payouts", {"amount": "1100", "currency": "usd"})["id"]
    stripe.post(f"/v1/payouts/{payout}", {"metadata": {"foo": "bar"}})
    assert {"payout.created", "payout.updated"} <= set(stripe.event_types())


def test_setup_intents(stripe: Client) -> None:
    """`setup_intent.requires_action`: confirmed without types and return URL."""
    params = {"payment_method": "pm_card_authenticationRequired", "confirm": "true"}
    assert stripe.post("/v1/setup_intents", params)["status"] == "requires_action"
    error = stripe.refused("POST", "/v1/setup_intents", {**params, "payment_method": "pm_card_chargeDeclined"})
    assert error["type"] == "card_error"


def test_disputes(stripe: Client) -> None:
    """`charge.dispute.updated`, `.closed`: the inquiry is listed immediately."""
    intent = paid(stripe, "createDisputeInquiry")["id"]
    (dispute,) = stripe.get("/v1/disputes", {"payment_intent": intent})["data"]
    stripe.post(f"/v1/disputes/{dispute['id']}", {"evidence": {"shipping_carrier": "USPS"}})
    stripe.post(f"/v1/disputes/{dispute['id']}/close")
    assert {"charge.dispute.updated", "charge.dispute.closed"} <= set(stripe.event_types())


@pytest.mark.parametrize("name", ["visa_chargeDeclined", "chargeDeclined"])
def test_failures(stripe: Client, name: str) -> None:
    """`charge.failed`, `payment_intent.payment_failed`: the error's type is `card_error`."""
    params = {**INTENT, "payment_method": f"pm_card_{name}", "confirm": "true"}
    assert stripe.refused("POST", "/v1/payment_intents", params)["type"] == "card_error"


def test_sources(stripe: Client) -> None:
    """`customer.source.created`, `.updated`."""
    owner = stripe.post("/v1/customers")["id"]
    card = stripe.post(f"/v1/customers/{owner}/sources", {"source": "tok_visa"})["id"]
    stripe.post(f"/v1/customers/{owner}/sources/{card}", {"metadata": {"foo": "bar"}})
    assert {"customer.source.created", "customer.source.updated"} <= set(stripe.event_types())


def test_processing(stripe: Client) -> None:
    """`payment_intent.processing`: a method of an IBAN, offline acceptance."""
    method = stripe.post(
        "/v1/payment_methods",
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "DE89370400440532013000"},
            "billing_details": {"name": "Jenny Rosen", "email": "jenny@example.com"},
        },
    )["id"]
    intent = stripe.post(
        "/v1/payment_intents",
        {
            "amount": "2000",
            "currency": "eur",
            "payment_method_types": {"0": "sepa_debit"},
            "payment_method": method,
            "confirm": "true",
            "mandate_data": {"customer_acceptance": {"type": "offline"}},
        },
    )
    assert intent["status"] == "processing"
    assert "payment_intent.processing" in stripe.event_types()


def test_deauthorized(stripe: Client) -> None:
    """`account.application.deauthorized`: DELETE of a standard account."""
    account = stripe.post("/v1/accounts", {"type": "standard"})["id"]
    assert stripe.delete(f"/v1/accounts/{account}")["deleted"] is True
    assert "account.application.deauthorized" in stripe.event_types()
