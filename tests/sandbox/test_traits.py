"""Traits of the key's own account: an older one, a new one, its country, age and capabilities."""

from __future__ import annotations

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.payments.accounts.traits import parse_traits
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.wire import Request

from .conftest import NOW, Client, Json

CARD = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"}


def test_a_new_account_sends_no_card_numbers_and_charges_no_tokens(stripe: Client) -> None:
    stripe.sandbox.set_traits({"kind": "new"})
    error = stripe.refused("POST", "/v1/payment_methods", {"type": "card", "card": CARD})
    assert (error["status"], error["type"]) == (402, "invalid_request_error")
    assert error["message"].startswith("Sending credit card numbers directly to the Stripe API is generally unsafe.")
    assert stripe.refused("POST", "/v1/tokens", {"card": CARD})["status"] == 402
    error = stripe.refused("POST", "/v1/charges", {"amount": 100, "currency": "usd", "source": "tok_visa"})
    assert error["message"].startswith("The Customers and Charges API")
    stripe.sandbox.set_traits({"raw_card_data": True})
    assert stripe.post("/v1/payment_methods", {"type": "card", "card": CARD})["card"]["last4"] == "4242"


def test_country_age_and_capabilities(stripe: Client) -> None:
    stripe.sandbox.set_traits({"country": "de", "age": 10, "capabilities": ["sepa_debit_payments"]})
    own = stripe.get("/v1/account")
    assert (own["country"], own["default_currency"], own["created"]) == ("DE", "eur", NOW - 10 * 86_400)
    assert own["capabilities"] == {"sepa_debit_payments": "active"}
    assert (own["charges_enabled"], own["payouts_enabled"]) == (True, False)
    assert stripe.get("/v1/balance")["available"][0]["currency"] == "eur"
    assert stripe.post("/v1/customers", {"balance": 100})["currency"] == "eur"
    assert stripe.post("/v1/accounts", {"type": "custom"})["country"] == "DE"
    assert len(stripe.get("/v1/accounts")["data"]) == 1


def test_a_legacy_key(stripe: Client) -> None:
    account = stripe.sandbox.account_of_key("sk_test_legacy_shop")
    own = stripe.get("/v1/account", account=account)
    assert own["created"] == NOW - 3650 * 86_400
    paid = stripe.post("/v1/charges", {"amount": 100, "currency": "usd", "source": "tok_visa"}, account=account)
    assert paid["paid"] is True
    stripe.sandbox.reset(account)
    assert stripe.get("/v1/account", account=account)["created"] == NOW - 3650 * 86_400


def test_traits_of_every_account() -> None:
    sandbox = Sandbox(Store.open(), traits=parse_traits("new,country=JP"))
    for account in (None, sandbox.account_of_key("sk_test_1")):
        own: Json = sandbox.send(Request("GET", "/v1/account"), account=account).json()
        assert (own["country"], own["default_currency"]) == ("JP", "jpy")
    sandbox.store.close()


@pytest.mark.parametrize(
    ("text", "traits"),
    [
        ("", {}),
        ("legacy", {"age": 3650, "card_tokens": True, "raw_card_data": True}),
        ("new,raw_card_data=true,age=3", {"age": 3, "card_tokens": False, "raw_card_data": True}),
        ("country=de", {"country": "DE"}),
        (
            "capabilities=card_payments+transfers",
            {"capabilities": {"card_payments": "active", "transfers": "active"}},
        ),
    ],
)
def test_parse_traits(text: str, traits: Json) -> None:
    assert parse_traits(text) == traits


@pytest.mark.parametrize("text", ["old", "country=ZZ", "age=x", "age=-1", "card_tokens=yes", "colour=red"])
def test_no_traits(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("=")[0]):
        parse_traits(text)


def test_an_unknown_capability(stripe: Client) -> None:
    with pytest.raises(ValueError, match="flying"):
        stripe.sandbox.set_traits({"capabilities": ["flying"]})
