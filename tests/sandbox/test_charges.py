"""Charges: shape, the old ways of making and capturing them, searching them (sheet §2.4, §17.1)."""

from __future__ import annotations

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import Client, Json

PAY = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}


def charge(stripe: Client, name: str = "visa", **more: object) -> Json:
    intent = stripe.post("/v1/payment_intents", {**PAY, "payment_method": f"pm_card_{name}", **more})
    return stripe.get(f"/v1/charges/{intent['latest_charge']}")


def test_shape(stripe: Client, table: Table) -> None:
    """§17.1: outcome, card details, flags; `refunds` is absent unless expanded (§5)."""
    made = charge(stripe)
    operation = table.operation("retrieve", "charge")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []
    assert (made["status"], made["paid"], made["captured"], made["refunded"], made["disputed"]) == (
        "succeeded",
        True,
        True,
        False,
        False,
    )
    assert (made["calculated_statement_descriptor"], made["fraud_details"]) == ("Stripe", {})
    outcome = made["outcome"]
    assert {name: outcome[name] for name in ("network_status", "reason", "risk_level", "seller_message", "type")} == {
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    card = made["payment_method_details"]["card"]
    assert (card["extended_authorization"], card["incremental_authorization"]) == (
        {"status": "disabled"},
        {"status": "unavailable"},
    )
    assert "capture_before" not in card
    assert "refunds" not in made
    expanded = stripe.get(f"/v1/charges/{made['id']}", {"expand": ["refunds"]})["refunds"]
    assert expanded == {
        "object": "list",
        "data": [],
        "has_more": False,
        "total_count": 0,
        "url": f"/v1/charges/{made['id']}/refunds",
    }


def test_a_card_token(stripe: Client) -> None:
    """Accounts that charged tokens before are served; the default is such an account."""
    made = stripe.post("/v1/charges", {"amount": 700, "currency": "usd", "source": "tok_visa"})
    assert (made["paid"], made["customer"], made["payment_intent"]) == (True, None, None)
    assert made["source"]["object"] == "card"
    assert made["payment_method"] == made["source"]["id"]
    assert stripe.get(f"/v1/charges/{made['id']}")["source"]["last4"] == "4242"
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    raw = stripe.post("/v1/charges", {"amount": 700, "currency": "usd", "source": {"object": "card", **card}})
    assert (raw["source"]["cvc_check"], raw["paid"]) == ("pass", True)
    error = stripe.refused("POST", "/v1/charges", {"amount": 700, "currency": "usd", "source": "tok_chargeDeclined"})
    assert (error["status"], error["code"]) == (402, "card_declined")
    owner = stripe.post("/v1/customers")["id"]
    params = {"amount": 700, "currency": "usd", "source": "tok_visa", "customer": owner}
    error = stripe.refused("POST", "/v1/charges", params)
    assert error["message"] == f"Customer {owner} does not have a linked source with ID tok_visa."


def test_tokens_are_refused(stripe: Client) -> None:
    """§2.4, §17.1: the Charges API for cards is at the end of its life; payment methods were never for it."""
    stripe.sandbox.set_traits({"kind": "new"})
    error = stripe.refused("POST", "/v1/charges", {"amount": 700, "currency": "usd", "source": "tok_visa"})
    assert (error["status"], error.get("code")) == (400, None)
    assert error["message"].startswith("The Customers and Charges API")
    error = stripe.refused("POST", "/v1/charges", {"amount": 700, "currency": "usd", "source": "pm_card_visa"})
    assert error["message"] == ("You cannot create a charge with a PaymentMethod. Use the Payment Intents API instead.")


def test_made_from_a_customer(stripe: Client) -> None:
    """§2.4: the default source; without any, 402 `missing` with param `card`, in two texts."""
    owner = stripe.post("/v1/customers", {"source": "tok_visa"})["id"]
    made = stripe.post("/v1/charges", {"amount": 700, "currency": "usd", "customer": owner, "metadata": {"a": "b"}})
    assert (made["customer"], made["payment_method"][:5], made["payment_intent"]) == (owner, "card_", None)
    assert (made["status"], made["metadata"]) == ("succeeded", {"a": "b"})
    assert stripe.get(f"/v1/balance_transactions/{made['balance_transaction']}")["amount"] == 700
    failing = stripe.post("/v1/customers", {"source": "tok_chargeCustomerFail"})["id"]
    error = stripe.refused("POST", "/v1/charges", {"amount": 700, "currency": "usd", "customer": failing})
    assert (error["status"], error["code"]) == (402, "card_declined")
    assert stripe.get(f"/v1/charges/{error['charge']}")["status"] == "failed"
    poor = stripe.post("/v1/customers")["id"]
    params = {"amount": 700, "currency": "usd", "customer": poor}
    first = stripe.refused("POST", "/v1/charges", params)
    assert (first["status"], first["code"], first["param"]) == (402, "missing", "card")
    stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": poor})
    assert stripe.refused("POST", "/v1/charges", params)["message"] != first["message"]


def test_amount_alone(stripe: Client) -> None:
    """§2.4."""
    error = stripe.refused("POST", "/v1/charges", {"amount": 700, "currency": "usd"})
    assert (error["status"], error["code"], error["message"]) == (
        400,
        "parameter_missing",
        "Must provide source or customer.",
    )


def test_capture(stripe: Client) -> None:
    """§2.4: once; the hold of an intent is captured there."""
    owner = stripe.post("/v1/customers", {"source": "tok_visa"})["id"]
    made = stripe.post("/v1/charges", {"amount": 700, "currency": "usd", "customer": owner, "capture": False})
    assert made["captured"] is False
    done = stripe.post(f"/v1/charges/{made['id']}/capture", {"amount": 500})
    assert (done["captured"], done["amount_captured"], done["amount_refunded"]) == (True, 500, 0)
    error = stripe.refused("POST", f"/v1/charges/{made['id']}/capture")
    assert (error["code"], error["message"]) == (
        "charge_already_captured",
        f"Charge {made['id']} has already been captured.",
    )
    held = charge(stripe, capture_method="manual")
    error = stripe.refused("POST", f"/v1/charges/{held['id']}/capture")
    assert held["payment_intent"] in error["message"]


def test_update(stripe: Client) -> None:
    """§2.4: the transfer group is the intent's; metadata and description change, with an event."""
    made = charge(stripe)
    path = f"/v1/charges/{made['id']}"
    assert "PaymentIntent" in stripe.refused("POST", path, {"transfer_group": "x"})["message"]
    assert stripe.post(path, {"metadata": {"a": "1"}, "description": "d"})["description"] == "d"
    told = stripe.events(type="charge.updated")
    assert told[0]["data"]["previous_attributes"] == {"description": None, "metadata": {"a": None}}


def test_lists_and_search(stripe: Client) -> None:
    """§4, §7: filters by customer and intent; search by amount and by how much was refunded."""
    owner = stripe.post("/v1/customers")["id"]
    mine, other = charge(stripe, customer=owner), charge(stripe, amount=5000)
    assert [row["id"] for row in stripe.get("/v1/charges", {"customer": owner})["data"]] == [mine["id"]]
    page = stripe.get("/v1/charges", {"payment_intent": other["payment_intent"]})
    assert [row["id"] for row in page["data"]] == [other["id"]]
    found = stripe.get("/v1/charges/search", {"query": "amount>3000"})["data"]
    assert [row["id"] for row in found] == [other["id"]]


@pytest.mark.parametrize("path", ["charges/ch_x", "charges/ch_x/refunds"])
def test_missing(stripe: Client, path: str) -> None:
    """§2.2: param `id`."""
    error = stripe.refused("GET", f"/v1/{path}")
    assert (error["status"], error["message"]) == (404, "No such charge: 'ch_x'")


def test_a_dispute_comes_after_the_answer(stripe: Client) -> None:
    """Seen at Stripe by the suite of another mock: the charge is answered without the dispute, and has it then."""
    made = stripe.post("/v1/charges", {"amount": 5000, "currency": "usd", "source": "tok_createDispute"})
    assert (made["dispute"], made["disputed"]) == (None, False)
    after = stripe.get(f"/v1/charges/{made['id']}")
    assert (after["dispute"][:3], after["disputed"]) == ("du_", True)


def test_the_descriptor_of_a_card_is_its_suffix(stripe: Client) -> None:
    params = {"amount": 5000, "currency": "usd", "source": "tok_visa", "statement_descriptor": "hello world"}
    assert stripe.post("/v1/charges", params)["statement_descriptor_suffix"] == "hello world"


@pytest.mark.parametrize(("amount", "code"), [(0, "parameter_invalid_integer"), (12, "amount_too_small")])
def test_a_capture_has_the_minimum_of_a_charge(stripe: Client, amount: int, code: str) -> None:
    params = {"amount": 5000, "currency": "usd", "source": "tok_visa", "capture": False}
    path = f"/v1/charges/{stripe.post('/v1/charges', params)['id']}/capture"
    assert stripe.refused("POST", path, {"amount": amount})["code"] == code


def test_a_source_of_nobody(stripe: Client) -> None:
    owner = stripe.post("/v1/customers", {"source": "tok_visa"})["id"]
    params = {"amount": 5000, "currency": "usd", "customer": owner, "source": "card_none"}
    error = stripe.refused("POST", "/v1/charges", params)
    message = f"Customer {owner} does not have a linked source with ID card_none."
    assert (error["status"], error["code"], error["param"], error["message"]) == (404, "missing", "source", message)


def test_a_hold_runs_out(stripe: Client) -> None:
    """After seven days the charge has expired and can be captured no more (docs.stripe.com/error-codes)."""
    params = {"amount": 5000, "currency": "usd", "source": "tok_visa", "capture": False}
    held, released, captured = (stripe.post("/v1/charges", params)["id"] for _ in range(3))
    stripe.post("/v1/refunds", {"charge": released})
    stripe.clock.advance(604_799)
    stripe.post(f"/v1/charges/{captured}/capture")
    stripe.clock.advance(1)
    assert stripe.refused("POST", f"/v1/charges/{held}/capture")["code"] == "charge_expired_for_capture"
    told = stripe.events(type="charge.expired")
    assert [event["data"]["object"]["id"] for event in told] == [held]
    after = stripe.get(f"/v1/charges/{held}")
    assert (after["captured"], after["refunded"], after["amount_refunded"]) == (False, False, 0)
