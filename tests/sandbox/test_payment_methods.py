"""Payment methods: test names, raw numbers, tokens, attaching and detaching (sheet §2.4, §14)."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json


def customer(stripe: Client, **params: object) -> Json:
    return stripe.post("/v1/customers", params)


def test_a_test_name_mints_a_new_method_each_time(stripe: Client) -> None:
    """§14: `pm_card_*` in a path or parameter mints a new method; the same name fits many customers."""
    first, second = customer(stripe), customer(stripe)
    made = [
        stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": owner["id"]})
        for owner in (first, first, second)
    ]
    assert len({method["id"] for method in made}) == 3
    assert [method["customer"] for method in made] == [first["id"], first["id"], second["id"]]
    assert len({method["card"]["fingerprint"] for method in made}) == 1
    assert stripe.get("/v1/payment_methods/pm_card_visa")["card"]["last4"] == "4242"


def test_shape_of_a_card(stripe: Client) -> None:
    """§14: defaults, six address nulls, `unchecked` until attached, expiry in a rolling future month."""
    method = stripe.post("/v1/payment_methods", {"type": "card", "card": {"token": "tok_mastercard_debit"}})
    assert method["allow_redisplay"] == "unspecified"
    assert method["billing_details"] == {
        "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
        "email": None,
        "name": None,
        "phone": None,
        "tax_id": None,
    }
    card = method["card"]
    assert (card["brand"], card["funding"], card["last4"]) == ("mastercard", "debit", "8210")
    assert (card["exp_month"], card["exp_year"]) == (6, 2027)
    assert card["checks"]["cvc_check"] == "unchecked"
    assert len(card["fingerprint"]) == 16
    assert card["networks"] == {"available": ["mastercard"], "preferred": None}
    path = f"/v1/payment_methods/{method['id']}/attach"
    attached = stripe.post(path, {"customer": customer(stripe)["id"]})
    assert attached["card"]["checks"]["cvc_check"] == "pass"


def test_rails_without_parameters(stripe: Client) -> None:
    """§14: `type=klarna` gives `{type: {}}`."""
    assert stripe.post("/v1/payment_methods", {"type": "klarna"})["klarna"] == {}


@pytest.mark.parametrize(
    ("card", "code", "param"),
    [
        ({"number": "4242424242424241", "exp_month": 1, "exp_year": 2030}, "incorrect_number", "number"),
        ({"number": "4242424242424242", "exp_month": 13, "exp_year": 2030}, "invalid_expiry_month", "exp_month"),
        ({"number": "4242424242424242", "exp_month": 1, "exp_year": 2020}, "invalid_expiry_year", "exp_year"),
        ({"number": "4242424242424242", "exp_month": 1, "exp_year": 2030, "cvc": "99"}, "invalid_cvc", "cvc"),
        ({"number": "4532015112830366", "exp_month": 1, "exp_year": 2030}, "card_declined", "number"),
    ],
)
def test_raw_numbers_that_cannot_be(stripe: Client, card: Json, code: str, param: str) -> None:
    """§14.2: the Luhn digit, the month, the year, the security code; a card that is no test card."""
    error = stripe.refused("POST", "/v1/payment_methods", {"type": "card", "card": card})
    assert (error["status"], error["type"], error["code"], error["param"]) == (402, "card_error", code, param)


def test_tokens_that_are_none(stripe: Client) -> None:
    """§2.4: `pm_card_*` is no token; an unknown `tok_…` is told apart; both 400 with param `token`."""
    error = stripe.refused("POST", "/v1/payment_methods", {"type": "card", "card": {"token": "pm_card_visa"}})
    assert (error["status"], error["message"], error["param"]) == (400, "Invalid token id: pm_card_visa", "token")
    error = stripe.refused("POST", "/v1/payment_methods", {"type": "card", "card": {"token": "tok_wisa"}})
    assert (error["status"], error["param"]) == (400, "token")
    assert "`wisa`" in error["message"]


def test_customer_at_create_is_refused(stripe: Client) -> None:
    """§2.4: create, then attach."""
    owner = customer(stripe)["id"]
    error = stripe.refused(
        "POST", "/v1/payment_methods", {"type": "card", "card": {"token": "tok_visa"}, "customer": owner}
    )
    assert error["status"] == 400
    assert "attach" in error["message"]


def test_attach_and_detach(stripe: Client) -> None:
    """§2.4, §8.1, §14: events, twice is no change, a detached one cannot be used again."""
    owner = customer(stripe)["id"]
    method = stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": owner})["id"]
    path = f"/v1/payment_methods/{method}"
    stripe.post(f"{path}/attach", {"customer": owner})
    assert stripe.event_types() == ["customer.created", "payment_method.attached"]
    error = stripe.refused("POST", f"{path}/attach", {"customer": customer(stripe)["id"]})
    assert "already been attached" in error["message"]
    assert stripe.post(f"{path}/detach")["customer"] is None
    told = stripe.events(type="payment_method.detached")
    assert told[0]["data"]["previous_attributes"] == {"customer": owner}
    error = stripe.refused("POST", f"{path}/attach", {"customer": owner})
    assert "was previously used without being attached to a Customer or was detached" in error["message"]
    error = stripe.refused("POST", f"{path}/detach")
    assert (error["status"], error.get("code")) == (400, None)
    assert "detachment is impossible" in error["message"]


def test_attach_without_customer(stripe: Client) -> None:
    """§2.4: `Must provide customer or customer_account.`"""
    error = stripe.refused("POST", "/v1/payment_methods/pm_card_visa/attach")
    assert (error["status"], error["code"]) == (400, "parameter_missing")
    assert error["message"] == "Must provide customer or customer_account."


def test_decline_cards_cannot_be_attached_but_one(stripe: Client) -> None:
    """§2.4, §14.2: 402 at attach, except for the card that fails when it is charged."""
    owner = customer(stripe)["id"]
    error = stripe.refused("POST", "/v1/payment_methods/pm_card_chargeDeclined/attach", {"customer": owner})
    assert (error["status"], error["code"], error["decline_code"]) == (402, "card_declined", "generic_decline")
    assert error["message"] == "Your card was declined."
    assert error["payment_method"]["card"]["last4"] == "0002"
    stripe.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", {"customer": owner})
    page = stripe.get(f"/v1/customers/{owner}/payment_methods")
    assert [row["card"]["last4"] for row in page["data"]] == ["0341"]


def test_detaching_the_default_clears_it(stripe: Client) -> None:
    made = customer(stripe, payment_method="pm_card_visa", invoice_settings={"default_payment_method": "pm_card_visa"})
    method = made["invoice_settings"]["default_payment_method"]
    assert stripe.get(f"/v1/payment_methods/{method}")["customer"] == made["id"]
    stripe.post(f"/v1/payment_methods/{method}/detach")
    assert stripe.get(f"/v1/customers/{made['id']}")["invoice_settings"]["default_payment_method"] is None


def test_lists(stripe: Client) -> None:
    """§4, §14: without a customer an empty page; by customer and type, both ways."""
    owner = customer(stripe)["id"]
    card = stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": owner})["id"]
    bank = stripe.post("/v1/payment_methods/pm_usBankAccount_success/attach", {"customer": owner})["id"]
    assert stripe.get("/v1/payment_methods")["data"] == []
    both = stripe.get("/v1/payment_methods", {"customer": owner})["data"]
    assert [row["id"] for row in both] == [bank, card]
    cards = stripe.get(f"/v1/customers/{owner}/payment_methods", {"type": "card"})["data"]
    assert [row["id"] for row in cards] == [card]


def test_a_method_under_the_wrong_customer(stripe: Client) -> None:
    """§2.1: 404 with type, message and `param: customer`, and no code."""
    method = stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer(stripe)["id"]})["id"]
    error = stripe.refused("GET", f"/v1/customers/{customer(stripe)['id']}/payment_methods/{method}")
    assert (error["status"], error["param"], error.get("code")) == (404, "customer", None)


def test_updates(stripe: Client) -> None:
    """§14: billing details, expiry, metadata; only when attached. Event with the old values."""
    method = stripe.post("/v1/payment_methods", {"type": "card", "card": {"token": "tok_visa"}})["id"]
    path = f"/v1/payment_methods/{method}"
    assert (
        "must save this PaymentMethod to a customer" in stripe.refused("POST", path, {"metadata": {"a": 1}})["message"]
    )
    stripe.post(f"{path}/attach", {"customer": customer(stripe)["id"]})
    changed = stripe.post(
        path, {"card": {"exp_year": 2040}, "billing_details": {"name": "Ann", "address": {"city": "Wien"}}}
    )
    assert (changed["card"]["exp_year"], changed["billing_details"]["name"]) == (2040, "Ann")
    assert changed["billing_details"]["address"]["city"] == "Wien"
    told = stripe.events(type="payment_method.updated")
    assert told[0]["data"]["previous_attributes"] == {
        "billing_details": {"address": {"city": None}, "name": None},
        "card": {"exp_year": 2027},
    }


def test_missing_method(stripe: Client) -> None:
    """§2.2: the word `PaymentMethod`, the param `payment_method`."""
    error = stripe.refused("GET", "/v1/payment_methods/pm_nothing")
    assert (error["status"], error["message"], error["param"]) == (
        404,
        "No such PaymentMethod: 'pm_nothing'",
        "payment_method",
    )


def test_a_token_is_used_once(stripe: Client) -> None:
    token = stripe.post(
        "/v1/tokens", {"card": {"number": "4000056655665556", "exp_month": "8", "exp_year": "2031", "cvc": "123"}}
    )
    assert (token["type"], token["used"], token["card"]["funding"]) == ("card", False, "debit")
    assert token["created"] == NOW
    method = stripe.post("/v1/payment_methods", {"type": "card", "card": {"token": token["id"]}})
    assert (method["card"]["last4"], method["card"]["exp_year"]) == ("5556", 2031)
    assert stripe.get(f"/v1/tokens/{token['id']}")["used"] is True
    error = stripe.refused("POST", "/v1/payment_methods", {"type": "card", "card": {"token": token["id"]}})
    assert error["code"] == "token_already_used"
