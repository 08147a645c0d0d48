"""Issued cards: cardholders, cards, what is authorised and why not, transactions, shipping."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client, Json

ADDRESS = {"line1": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"}
LIMIT = {"amount": 999, "interval": "per_authorization"}
HELPERS = "/v1/test_helpers/issuing"


@pytest.fixture
def holder(stripe: Client) -> Json:
    return stripe.post("/v1/issuing/cardholders", {"name": "Jenny Rosen", "billing": {"address": ADDRESS}})


@pytest.fixture
def card(stripe: Client, holder: Json) -> Json:
    return make_card(stripe, holder)


def make_card(stripe: Client, holder: Json, **params: Any) -> Json:
    given = {"cardholder": holder["id"], "currency": "usd", "type": "virtual", "status": "active"}
    return stripe.post("/v1/issuing/cards", {**given, **params})


def buy(stripe: Client, card: Json, amount: int = 1000, **params: Any) -> Json:
    return stripe.post(f"{HELPERS}/authorizations", {"card": card["id"], "amount": amount, **params})


def test_a_card_shows_its_holder_and_hides_its_number(stripe: Client, holder: Json, card: Json) -> None:
    assert (card["cardholder"], card["status"], card["brand"]) == (holder, "active", "Visa")
    assert not {"number", "cvc"} & card.keys()
    shown = stripe.get(f"/v1/issuing/cards/{card['id']}", {"expand": ["number", "cvc"]})
    assert (shown["number"][-4:], len(shown["number"]), len(shown["cvc"])) == (card["last4"], 16, 3)
    stripe.post(f"/v1/issuing/cardholders/{holder['id']}", {"email": "jenny@example.com"})
    assert stripe.get(f"/v1/issuing/cards/{card['id']}")["cardholder"]["email"] == "jenny@example.com"
    assert stripe.get("/v1/issuing/cards", {"cardholder": holder["id"]})["data"][0]["id"] == card["id"]


def test_a_purchase_is_approved_and_captured(stripe: Client, card: Json) -> None:
    bought = buy(stripe, card)
    assert (bought["approved"], bought["status"], bought["amount"]) == (True, "pending", 1000)
    assert bought["request_history"][0]["reason"] == "card_active"
    asked, answered = stripe.events()[-2:]
    assert (asked["type"], answered["type"]) == ("issuing_authorization.request", "issuing_authorization.created")
    assert asked["data"]["object"]["pending_request"]["amount"] == 1000
    captured = stripe.post(f"{HELPERS}/authorizations/{bought['id']}/capture", {"capture_amount": 800})
    assert (captured["status"], captured["transactions"][0]["amount"]) == ("closed", -800)
    listed = stripe.get("/v1/issuing/transactions", {"card": card["id"]})["data"]
    assert [(row["amount"], row["type"], row["authorization"]) for row in listed] == [(-800, "capture", bought["id"])]
    again = stripe.refused("POST", f"{HELPERS}/authorizations/{bought['id']}/capture")
    assert "has a status of closed" in again["message"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "inactive"}, "card_inactive"),
        ({"status": "canceled", "cancellation_reason": "lost"}, "card_canceled"),
        ({"spending_controls": {"spending_limits": [LIMIT]}}, "spending_controls"),
        ({"spending_controls": {"blocked_categories": ["computer_software_stores"]}}, "spending_controls"),
        ({"spending_controls": {"allowed_merchant_countries": ["FR"]}}, "spending_controls"),
    ],
)
def test_a_purchase_is_declined(stripe: Client, card: Json, change: Json, reason: str) -> None:
    stripe.post(f"/v1/issuing/cards/{card['id']}", change)
    declined = buy(stripe, card)
    assert (declined["approved"], declined["status"]) == (False, "closed")
    assert declined["request_history"][0]["reason"] == reason
    assert stripe.event_types()[-1] == "issuing_authorization.created"
    refused = stripe.refused("POST", f"{HELPERS}/authorizations/{declined['id']}/capture")
    assert "cannot be captured" in refused["message"]


def test_an_inactive_holder_cannot_buy(stripe: Client, holder: Json, card: Json) -> None:
    stripe.post(f"/v1/issuing/cardholders/{holder['id']}", {"status": "inactive"})
    assert buy(stripe, card)["request_history"][0]["reason"] == "cardholder_inactive"


def test_amounts_change_until_they_are_settled(stripe: Client, card: Json) -> None:
    path = f"{HELPERS}/authorizations/{buy(stripe, card)['id']}"
    assert stripe.post(f"{path}/increment", {"increment_amount": 500})["amount"] == 1500
    assert stripe.post(f"{path}/finalize_amount", {"final_amount": 1200})["amount"] == 1200
    assert stripe.post(f"{path}/reverse", {"reverse_amount": 200})["amount"] == 1000
    assert "more than was authorized" in stripe.refused("POST", f"{path}/reverse", {"reverse_amount": 2000})["message"]
    gone = stripe.post(f"{path}/reverse")
    assert (gone["status"], gone["amount"], len(gone["request_history"])) == ("reversed", 0, 5)


def test_an_authorization_expires(stripe: Client, card: Json) -> None:
    path = f"{HELPERS}/authorizations/{buy(stripe, card)['id']}/expire"
    assert stripe.post(path)["status"] == "expired"
    assert "has a status of expired" in stripe.refused("POST", path)["message"]


def test_money_comes_back(stripe: Client, card: Json) -> None:
    taken = stripe.post(f"{HELPERS}/transactions/create_force_capture", {"card": card["id"], "amount": 700})
    refund = stripe.post(f"{HELPERS}/transactions/{taken['id']}/refund", {"refund_amount": 200})
    found = stripe.post(f"{HELPERS}/transactions/create_unlinked_refund", {"card": card["id"], "amount": 50})
    assert [row["amount"] for row in (taken, refund, found)] == [-700, 200, 50]
    path = f"{HELPERS}/transactions/{taken['id']}/refund"
    assert "larger" in stripe.refused("POST", path, {"refund_amount": 900})["message"]


def test_the_way_of_the_command_line_tool(stripe: Client, card: Json) -> None:
    path = f"/v1/issuing/cards/{card['id']}/test/authorizations"
    asked = stripe.post(path, {"held_amount": 300, "authorization_method": "chip"})
    assert (asked["amount"], asked["authorization_method"], asked["approved"]) == (300, "chip", True)
    assert stripe.refused("POST", path, {"held_amount": "much"})["code"] == "parameter_invalid_integer"


def test_a_card_of_plastic_is_shipped(stripe: Client, holder: Json) -> None:
    card = make_card(stripe, holder, type="physical")
    assert (card["shipping"]["status"], card["shipping"]["name"]) == ("pending", "Jenny Rosen")
    path = f"{HELPERS}/cards/{card['id']}/shipping"
    assert "must be shipped" in stripe.refused("POST", f"{path}/deliver")["message"]
    assert stripe.post(f"{path}/ship")["shipping"]["tracking_number"]
    assert stripe.post(f"{path}/deliver")["shipping"]["status"] == "delivered"
    virtual = make_card(stripe, holder)
    assert "virtual" in stripe.refused("POST", f"{HELPERS}/cards/{virtual['id']}/shipping/ship")["message"]


def test_a_lost_card_is_replaced(stripe: Client, card: Json) -> None:
    stripe.post(f"/v1/issuing/cards/{card['id']}", {"status": "canceled", "cancellation_reason": "lost"})
    new = stripe.post(
        "/v1/issuing/cards",
        {"currency": "usd", "type": "virtual", "replacement_for": card["id"], "replacement_reason": "lost"},
    )
    assert new["cardholder"]["id"] == card["cardholder"]["id"]
    assert stripe.get(f"/v1/issuing/cards/{card['id']}")["replaced_by"] == new["id"]
    assert "canceled" in stripe.refused("POST", f"/v1/issuing/cards/{card['id']}", {"status": "active"})["message"]


def test_a_card_needs_a_holder(stripe: Client) -> None:
    assert stripe.refused("POST", "/v1/issuing/cards", {"currency": "usd", "type": "virtual"})["param"] == "cardholder"
    given = {"currency": "usd", "type": "virtual", "cardholder": "ich_nobody"}
    assert stripe.refused("POST", "/v1/issuing/cards", given)["code"] == "resource_missing"
