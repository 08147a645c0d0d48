"""Everything that payments store has the shape that Stripe's description promises."""

from __future__ import annotations

import pytest

from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import Client, Json

MANDATE = {"customer_acceptance": {"type": "online", "online": {"ip_address": "1.2.3.4", "user_agent": "test"}}}

KINDS = """account application_fee balance_transaction bank_account card cash_balance charge confirmation_token
    customer_cash_balance_transaction dispute fee_refund mandate payment_intent payment_method payout person
    radar.early_fraud_warning refund setup_attempt setup_intent source token topup transfer transfer_reversal""".split()  # noqa: SIM905 - easier to read

#: Ways to pay, in which currency, and what their method needs.
RAILS: list[tuple[str, str, Json]] = [
    ("us_bank_account", "usd", {"account_number": "000123456789", "routing_number": "110000000"}),
    ("us_bank_account", "usd", {"account_number": "000111111116", "routing_number": "110000000"}),
    ("us_bank_account", "usd", {"account_number": "000555555559", "routing_number": "110000000"}),
    ("sepa_debit", "eur", {"iban": "DE89370400440532013000"}),
    ("bacs_debit", "gbp", {"account_number": "00012345", "sort_code": "108800"}),
    ("acss_debit", "cad", {"account_number": "000123456789", "institution_number": "000", "transit_number": "11000"}),
    ("au_becs_debit", "aud", {"account_number": "000123456", "bsb_number": "000000"}),
    ("klarna", "usd", {}),
    ("ideal", "eur", {}),
    ("link", "usd", {}),
    ("cashapp", "usd", {}),
    ("paypal", "eur", {}),
    ("sofort", "eur", {"country": "DE"}),
]

CARDS = """visa chargeDeclined authenticationRequired createDispute createDisputeInquiry createComplianceDispute
    createIssuerFraudRecord pendingRefund refundFail bypassPending radarBlock mastercard_cartesBancaires""".split()  # noqa: SIM905 - easier to read


def stored(stripe: Client) -> list[Json]:
    """Every object in the sandbox."""
    with stripe.sandbox.context() as ctx:
        return [obj for kind in KINDS for obj in ctx.all(kind)]


def check(stripe: Client, table: Table) -> None:
    found = stored(stripe)
    assert found
    for obj in found:
        schema = table.schema_of_object(obj["object"])
        assert list(departures(table, Shape("reference", schema=schema), obj)) == [], obj["id"]


@pytest.mark.parametrize("name", CARDS)
def test_cards(stripe: Client, table: Table, name: str) -> None:
    card = {"payment_method_types": ["card"], "payment_method": f"pm_card_{name}", "confirm": True}
    paid = stripe.send("POST", "/v1/payment_intents", {"amount": 3000, "currency": "usd", **card}).json()
    if "id" in paid:
        stripe.send("POST", "/v1/refunds", {"payment_intent": paid["id"], "amount": 100})
    stripe.send("POST", "/v1/setup_intents", card)
    stripe.get("/v1/balance")
    check(stripe, table)


@pytest.mark.parametrize(("kind", "currency", "data"), RAILS)
def test_other_rails(stripe: Client, table: Table, kind: str, currency: str, data: Json) -> None:
    method = {"type": kind, "billing_details": {"name": "Ann", "email": "a@b.co"}} | ({kind: data} if data else {})
    params = {"payment_method_types": [kind], "payment_method_data": method, "confirm": True, "mandate_data": MANDATE}
    more = {"return_url": "https://example.com"}
    paid = stripe.post("/v1/payment_intents", {"amount": 3000, "currency": currency, **params, **more})
    if paid["status"] == "requires_action":
        stripe.sandbox.authenticate(paid["id"])
    done = stripe.get(f"/v1/payment_intents/{paid['id']}")
    failing = data.get("account_number") == "000111111116"
    assert done["status"] == ("requires_payment_method" if failing else "succeeded")
    if not failing and kind != "us_bank_account":
        refund = stripe.post("/v1/refunds", {"payment_intent": paid["id"]})
        assert refund["id"].startswith("pyr_")
    stripe.send("POST", "/v1/setup_intents", {**params, **more})
    check(stripe, table)


def test_what_moves_money(stripe: Client, table: Table) -> None:
    account = stripe.post("/v1/accounts")["id"]
    customer = stripe.post("/v1/customers", {"source": "tok_visa"})["id"]
    card = {"payment_method_types": ["card"], "payment_method": "pm_card_bypassPending", "confirm": True}
    destination = {"transfer_data": {"destination": account}, "application_fee_amount": 100}
    paid = stripe.post("/v1/payment_intents", {"amount": 3000, "currency": "usd", **card, **destination})
    back = {"payment_intent": paid["id"], "reverse_transfer": True, "refund_application_fee": True}
    stripe.post("/v1/refunds", back)
    stripe.post("/v1/topups", {"amount": 9000, "currency": "usd"})
    stripe.get("/v1/balance")
    stripe.post("/v1/payouts", {"amount": 100, "currency": "usd", "method": "instant"})
    stripe.post("/v1/tokens", {"card": {"number": "4242424242424242", "exp_month": "1", "exp_year": "2030"}})
    stripe.post("/v1/tokens", {"bank_account": {"country": "US", "account_number": "000123456789"}})
    stripe.post(f"/v1/customers/{customer}/sources", {"source": "btok_us"})
    for external in ("btok_us_verified", "tok_visa_debit"):
        stripe.post(f"/v1/accounts/{account}/external_accounts", {"external_account": external})
    stripe.post("/v1/sources", {"type": "card", "token": "tok_visa"})
    stripe.post("/v1/test_helpers/confirmation_tokens", {"payment_method": "pm_card_visa"})
    funds = {"amount": 5000, "currency": "eur"}
    stripe.post(f"/v1/test_helpers/customers/{customer}/fund_cash_balance", funds)
    stripe.post(f"/v1/accounts/{account}/persons", {"first_name": "Ann"})
    stripe.get("/v1/balance")
    check(stripe, table)
