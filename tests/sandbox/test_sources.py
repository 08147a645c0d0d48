"""Legacy cards, bank accounts and sources of customers; confirmation tokens; cash balances (sheet §10, §15, §25)."""

from __future__ import annotations

import pytest

from .conftest import Client, Json

CARD = {"number": "4242424242424242", "exp_month": 8, "exp_year": 2031, "cvc": "314", "name": "Ann"}


@pytest.fixture
def customer(stripe: Client) -> str:
    return str(stripe.post("/v1/customers")["id"])


def test_a_card_is_a_payment_method_too(stripe: Client, customer: str) -> None:
    """§25: `tok_visa` becomes `card_…`; under the same id it pays and is listed."""
    path = f"/v1/customers/{customer}/sources"
    card = stripe.post(path, {"source": "tok_visa"})
    assert card["id"].startswith("card_")
    assert (card["brand"], card["cvc_check"], card["customer"]) == ("Visa", "pass", customer)
    assert stripe.get(f"/v1/payment_methods/{card['id']}")["card"]["last4"] == "4242"
    page = stripe.get("/v1/payment_methods", {"customer": customer})
    assert [row["id"] for row in page["data"]] == [card["id"]]
    params = {"amount": 500, "currency": "usd", "payment_method_types": ["card"], "customer": customer}
    paid = stripe.post("/v1/payment_intents", {**params, "payment_method": card["id"], "confirm": True})
    assert paid["status"] == "succeeded"
    changed = stripe.post(f"{path}/{card['id']}", {"exp_year": "2040", "name": "Bo", "metadata": {"a": "1"}})
    assert (changed["exp_year"], changed["name"], changed["metadata"]) == (2040, "Bo", {"a": "1"})
    assert stripe.get(f"/v1/payment_methods/{card['id']}")["card"]["exp_year"] == 2040
    assert stripe.delete(f"{path}/{card['id']}")["deleted"] is True
    assert stripe.refused("GET", f"/v1/payment_methods/{card['id']}")["status"] == 404


def test_a_card_of_data_and_of_a_token(stripe: Client, customer: str) -> None:
    path = f"/v1/customers/{customer}/sources"
    token = stripe.post("/v1/tokens", {"card": CARD})
    assert token["card"]["name"] == "Ann"
    card = stripe.post(path, {"source": token["id"]})
    assert (card["exp_month"], card["exp_year"], card["last4"]) == (8, 2031, "4242")
    assert stripe.refused("POST", path, {"source": token["id"]})["code"] == "token_already_used"


def test_a_card_that_declines_is_refused(stripe: Client, customer: str) -> None:
    """§25: `tok_chargeCustomerFail` attaches; cards that decline do not."""
    path = f"/v1/customers/{customer}/sources"
    error = stripe.refused("POST", path, {"source": "tok_chargeDeclined"})
    assert (error["status"], error["code"]) == (402, "card_declined")
    assert stripe.post(path, {"source": "tok_chargeCustomerFail"})["last4"] == "0341"


def test_bank_accounts_are_verified(stripe: Client, customer: str) -> None:
    data = {"country": "US", "currency": "usd", "account_number": "000123456789", "account_holder_name": "Ann"}
    token = stripe.post("/v1/tokens", {"bank_account": data})
    assert (token["type"], token["id"][:5]) == ("bank_account", "btok_")
    path = f"/v1/customers/{customer}/sources"
    bank = stripe.post(path, {"source": token["id"]})
    assert (bank["status"], bank["last4"], bank["account_holder_name"]) == ("new", "6789", "Ann")
    verify = f"{path}/{bank['id']}/verify"
    assert stripe.refused("POST", verify, {"amounts": [1, 2]})["code"] == "bank_account_verification_failed"
    assert stripe.post(verify, {"amounts": [32, 45]})["status"] == "verified"
    assert stripe.refused("POST", verify, {"amounts": [32, 45]})["message"].endswith("already been verified.")


def test_sources(stripe: Client, customer: str) -> None:
    source = stripe.post("/v1/sources", {"type": "card", "token": "tok_visa"})
    assert (source["status"], source["card"]["last4"]) == ("chargeable", "4242")
    attached = stripe.post(f"/v1/customers/{customer}/sources", {"source": source["id"]})
    assert attached["customer"] == customer
    waiting = stripe.post(
        "/v1/sources",
        {"type": "ideal", "amount": 500, "currency": "eur", "redirect": {"return_url": "https://example.com"}},
    )
    assert (waiting["status"], waiting["redirect"]["status"]) == ("pending", "pending")
    gone = stripe.delete(f"/v1/customers/{customer}/sources/{source['id']}")
    assert gone["status"] == "consumed"


def test_confirmation_tokens(stripe: Client) -> None:
    """One confirmation each."""
    token = stripe.post(
        "/v1/test_helpers/confirmation_tokens",
        {"payment_method": "pm_card_visa", "return_url": "https://example.com", "setup_future_usage": "off_session"},
    )
    assert token["id"].startswith("ctoken_")
    assert token["payment_method_preview"]["card"]["last4"] == "4242"
    params = {"amount": 500, "currency": "usd", "payment_method_types": ["card"], "confirm": True}
    paid = stripe.post("/v1/payment_intents", {**params, "confirmation_token": token["id"]})
    assert paid["status"] == "succeeded"
    assert stripe.get(f"/v1/confirmation_tokens/{token['id']}")["payment_intent"] == paid["id"]
    error = stripe.refused("POST", "/v1/payment_intents", {**params, "confirmation_token": token["id"]})
    assert error["param"] == "confirmation_token"


def transfer_intent(stripe: Client, customer: str, currency: str = "eur", kind: str = "eu_bank_transfer") -> Json:
    transfer: Json = {"type": kind}
    if kind == "eu_bank_transfer":
        transfer["eu_bank_transfer"] = {"country": "DE"}
    return stripe.post(
        "/v1/payment_intents",
        {
            "amount": 2000,
            "currency": currency,
            "customer": customer,
            "payment_method_types": ["customer_balance"],
            "payment_method_data": {"type": "customer_balance"},
            "payment_method_options": {
                "customer_balance": {"funding_type": "bank_transfer", "bank_transfer": transfer}
            },
            "confirm": True,
        },
    )


def fund(stripe: Client, customer: str, amount: int, currency: str = "eur") -> Json:
    return stripe.post(
        f"/v1/test_helpers/customers/{customer}/fund_cash_balance", {"amount": amount, "currency": currency}
    )


def test_bank_transfers(stripe: Client, customer: str) -> None:
    """§15: instructions; part-funded intents tell and wait; funded ones succeed."""
    intent = transfer_intent(stripe, customer)
    action = intent["next_action"]
    assert (intent["status"], action["type"]) == ("requires_action", "display_bank_transfer_instructions")
    assert action["display_bank_transfer_instructions"]["amount_remaining"] == 2000
    row = fund(stripe, customer, 1000)
    assert (row["type"], row["net_amount"], row["ending_balance"]) == ("funded", 1000, 1000)
    part = stripe.get(f"/v1/payment_intents/{intent['id']}")
    assert part["status"] == "requires_action"
    assert part["next_action"]["display_bank_transfer_instructions"]["amount_remaining"] == 1000
    assert "payment_intent.partially_funded" in stripe.event_types()
    fund(stripe, customer, 1500)
    assert stripe.get(f"/v1/payment_intents/{intent['id']}")["status"] == "succeeded"
    assert stripe.get(f"/v1/customers/{customer}/cash_balance")["available"] == {"eur": 500}
    types = [row["type"] for row in stripe.get(f"/v1/customers/{customer}/cash_balance_transactions")["data"]]
    assert types == ["applied_to_payment", "funded", "applied_to_payment", "funded"]
    assert "cash_balance.funds_available" in stripe.event_types()


def test_a_cash_balance_pays_at_once(stripe: Client, customer: str) -> None:
    fund(stripe, customer, 5000)
    assert transfer_intent(stripe, customer)["status"] == "succeeded"


def test_the_older_word_for_transfers_in_japan(stripe: Client, customer: str) -> None:
    """§25: `jp_bank_account` in the fixture of `payment_intent.partially_funded`."""
    intent = transfer_intent(stripe, customer, "jpy", "jp_bank_account")
    fund(stripe, customer, 1000, "jpy")
    part = stripe.get(f"/v1/payment_intents/{intent['id']}")
    assert part["next_action"]["display_bank_transfer_instructions"]["type"] == "jp_bank_transfer"
    assert "payment_intent.partially_funded" in stripe.event_types()


def test_manual_reconciliation(stripe: Client, customer: str) -> None:
    stripe.post(f"/v1/customers/{customer}/cash_balance", {"settings": {"reconciliation_mode": "manual"}})
    intent = transfer_intent(stripe, customer)["id"]
    fund(stripe, customer, 2000)
    assert stripe.get(f"/v1/payment_intents/{intent}")["status"] == "requires_action"
    done = stripe.post(f"/v1/payment_intents/{intent}/apply_customer_balance")
    assert done["status"] == "succeeded"
