"""Currencies: one for each customer, a balance in each, and the smallest, largest and odd amounts of all of them."""

from __future__ import annotations

import pytest

from stripe_shell.sandbox.currencies import maximum, minimum
from stripe_shell.spec.currencies import THREE_DECIMAL, ZERO_DECIMAL

from .conftest import Client, Json
from .shop import DAY, Shop

CARD: Json = {"payment_method": "pm_card_visa", "payment_method_types": ["card"], "confirm": True}
#: Currencies with a rule of their own, and the step of their amounts.
STEPS = {"ugx": 100, "isk": 100, **dict.fromkeys(sorted(THREE_DECIMAL), 10)}


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


def _one_off(shop: Shop, owner: str, amount: int, currency: str) -> Json:
    """The paid invoice of one item."""
    invoice = shop.stripe.post("/v1/invoices", {"customer": owner, "currency": currency})["id"]
    item = {"customer": owner, "invoice": invoice, "amount": amount, "currency": currency}
    shop.stripe.post("/v1/invoiceitems", item)
    return shop.stripe.post(f"/v1/invoices/{invoice}/pay")


def _balance(shop: Shop, owner: str) -> tuple[str, int, Json]:
    shown = shop.stripe.get(f"/v1/customers/{owner}", {"expand": ["invoice_credit_balance"]})
    return shown["currency"], shown["balance"], shown["invoice_credit_balance"]


# --- amounts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["usd", "gbp", "jpy", "krw", "huf", "kwd", "ugx", "isk", "bhd"])
def test_the_smallest_and_the_largest_charge(stripe: Client, currency: str) -> None:
    """Of an intent and of a session; one step beyond is refused, with the code."""
    step = STEPS.get(currency, 1)
    least, most = -(-minimum(currency) // step) * step, maximum(currency) // step * step
    for amount, code in (
        (least, None),
        (most, None),
        (least - step, "amount_too_small"),
        (most + step, "amount_too_large"),
    ):
        params = {"amount": amount, "currency": currency}
        answer = stripe.send("POST", "/v1/payment_intents", params).json()
        if amount > 0:
            assert answer.get("error", {}).get("code") == code, amount
        data = {"currency": currency, "unit_amount": amount, "product_data": {"name": "x"}}
        session = {"mode": "payment", "success_url": "https://example.com/ok"}
        session["line_items"] = [{"price_data": data, "quantity": 1}]
        if 0 < amount < 99_999_999_999:
            shown = stripe.send("POST", "/v1/checkout/sessions", session).json()
            assert shown.get("error", {}).get("code") == code, amount


@pytest.mark.parametrize(("currency", "step"), STEPS.items())
def test_an_amount_between_two_steps(shop: Shop, currency: str, step: int) -> None:
    """Refused wherever money is asked for or given back: intents, refunds, sessions, subscriptions, transfers."""
    amount = 50_000
    odd = {"amount": amount + 1, "currency": currency}
    assert shop.stripe.refused("POST", "/v1/payment_intents", odd)["param"] == "amount"
    paid = shop.stripe.post("/v1/payment_intents", {"amount": amount, "currency": currency, **CARD})["id"]
    refund = {"payment_intent": paid, "amount": step + 1}
    assert shop.stripe.refused("POST", "/v1/refunds", refund)["param"] == "amount"
    assert shop.stripe.post("/v1/refunds", {**refund, "amount": step})["status"] == "succeeded"
    price = shop.price(amount + 1, currency=currency)["id"]
    items = {"customer": shop.customer()["id"], "items": [{"price": price}]}
    assert shop.stripe.refused("POST", "/v1/subscriptions", items)["status"] == 400
    item = {"customer": shop.customer()["id"], **odd}
    assert shop.stripe.refused("POST", "/v1/invoiceitems", item)["param"] == "amount"
    assert shop.stripe.refused("POST", "/v1/topups", {**odd, "description": "x"})["param"] == "amount"
    held = {**CARD, "amount": amount, "currency": currency, "capture_method": "manual"}
    intent = shop.stripe.post("/v1/payment_intents", held)["id"]
    part = {"amount_to_capture": amount - 1}
    assert shop.stripe.refused("POST", f"/v1/payment_intents/{intent}/capture", part)["param"] == "amount_to_capture"
    assert all(charge["amount"] % step == 0 for charge in shop.stripe.get("/v1/charges")["data"])


@pytest.mark.parametrize(("currency", "step"), STEPS.items())
def test_what_an_invoice_cannot_charge_is_owed(shop: Shop, currency: str, step: int) -> None:
    """A tax can leave an amount between two steps: the rest goes to the balance in that currency."""
    owner = shop.customer()["id"]
    rate = shop.stripe.post("/v1/tax_rates", {"display_name": "VAT", "percentage": 7.77, "inclusive": False})["id"]
    invoice = shop.stripe.post("/v1/invoices", {"customer": owner, "currency": currency})["id"]
    item = {"customer": owner, "invoice": invoice, "amount": 50_100, "currency": currency, "tax_rates": [rate]}
    shop.stripe.post("/v1/invoiceitems", item)
    paid = shop.stripe.post(f"/v1/invoices/{invoice}/pay")
    assert (paid["total"], paid["amount_paid"]) == (53_993, 53_993 // step * step)
    assert _balance(shop, owner)[2] == {currency: 53_993 % step}


@pytest.mark.parametrize("currency", ["huf", "twd", "ugx"])
def test_a_payout_in_whole_units(stripe: Client, currency: str) -> None:
    """Refused before the balance is looked at."""
    error = stripe.refused("POST", "/v1/payouts", {"amount": 10_050, "currency": currency})
    assert (error["param"], "divisible by 100" in error["message"]) == ("amount", True)


def test_no_decimals_and_three(stripe: Client) -> None:
    """Amounts are in the smallest unit in texts, too."""
    assert "jpy" in ZERO_DECIMAL
    yen = stripe.refused("POST", "/v1/payment_intents", {"amount": 49, "currency": "jpy"})
    assert yen["message"] == "Amount must be at least ¥50 jpy"
    paid = stripe.post("/v1/payment_intents", {"amount": 1230, "currency": "kwd", **CARD})["id"]
    error = stripe.refused("POST", "/v1/refunds", {"payment_intent": paid, "amount": 2000})
    assert error["message"] == "Refund amount (2.000 KWD) is greater than charge amount (1.230 KWD)"


def test_a_refund_above_what_is_left(stripe: Client) -> None:
    """`charge amount` while nothing was refunded, `unrefunded amount` after."""
    paid = stripe.post("/v1/payment_intents", {"amount": 1000, "currency": "usd", **CARD})["id"]
    error = stripe.refused("POST", "/v1/refunds", {"payment_intent": paid, "amount": 1001})
    assert error["message"].endswith("is greater than charge amount ($10.00)")
    stripe.post("/v1/refunds", {"payment_intent": paid, "amount": 400})
    error = stripe.refused("POST", "/v1/refunds", {"payment_intent": paid, "amount": 601})
    assert error["message"].endswith("is greater than unrefunded amount on charge ($6.00)")


# --- one customer, one currency --------------------------------------------------------------------------------------


def _second(shop: Shop, kind: str, owner: str, price: str) -> tuple[str, Json]:
    """The path and parameters that bill a customer in another currency."""
    lines = [{"price": price, "quantity": 1}]
    phase = {"items": [{"price": price}], "duration": {"interval": "month", "interval_count": 1}}
    session = {"mode": "subscription", "success_url": "https://example.com/ok", "line_items": lines}
    params: dict[str, tuple[str, Json]] = {
        "subscription": ("/v1/subscriptions", {"items": [{"price": price}]}),
        "trial": ("/v1/subscriptions", {"items": [{"price": price}], "trial_period_days": 7}),
        "schedule": ("/v1/subscription_schedules", {"start_date": "now", "phases": [phase]}),
        "session": ("/v1/checkout/sessions", session),
        "item": ("/v1/invoiceitems", {"amount": 500, "currency": "usd"}),
    }
    path, more = params[kind]
    return path, {"customer": owner, **more}


@pytest.mark.parametrize("kind", ["subscription", "trial", "schedule", "session", "item"])
def test_what_bills_in_another_currency(shop: Shop, kind: str) -> None:
    """Refused while a subscription runs in euros, accepted when it has ended."""
    owner = shop.customer()["id"]
    euro, dollar = shop.price(1000, currency="eur"), shop.price(1000)
    made = shop.stripe.post("/v1/subscriptions", {"customer": owner, "items": [{"price": euro["id"]}]})
    path, params = _second(shop, kind, owner, dollar["id"])
    error = shop.stripe.refused("POST", path, params)
    assert error["message"].startswith("You cannot combine currencies on a single customer.")
    assert error["message"].endswith("with currency eur.")
    shop.stripe.delete(f"/v1/subscriptions/{made['id']}")
    assert shop.stripe.post(path, params)["id"]


def test_a_quote_is_refused_when_it_is_finalized(shop: Shop) -> None:
    """A draft binds nobody yet."""
    owner = shop.customer()["id"]
    shop.subscribe({"id": owner}, shop.price(1000, currency="eur"))
    lines = [{"price": shop.price(1000)["id"], "quantity": 1}]
    quote = shop.stripe.post("/v1/quotes", {"customer": owner, "line_items": lines})
    error = shop.stripe.refused("POST", f"/v1/quotes/{quote['id']}/finalize")
    assert error["message"].startswith("You cannot combine currencies")


def test_a_pending_item_binds_the_currency(shop: Shop) -> None:
    """An invoice item that waits is in the list, too; billed, it is not."""
    owner = shop.customer()["id"]
    shop.stripe.post("/v1/invoiceitems", {"customer": owner, "amount": 500, "currency": "eur"})
    items = {"customer": owner, "items": [{"price": shop.price()["id"]}]}
    assert "with currency eur" in shop.stripe.refused("POST", "/v1/subscriptions", items)["message"]
    invoice = {"customer": owner, "pending_invoice_items_behavior": "include", "currency": "eur"}
    shop.stripe.post("/v1/invoices", invoice)
    assert shop.stripe.post("/v1/subscriptions", items)["status"] == "active"
    assert shop.stripe.get(f"/v1/customers/{owner}")["currency"] == "usd"


# --- balances ------------------------------------------------------------------------------------------------------


def test_a_balance_pays_its_own_currency(shop: Shop) -> None:
    """A credit in dollars does not pay an invoice in euros; one in euros does."""
    owner = shop.customer()["id"]
    path = f"/v1/customers/{owner}/balance_transactions"
    shop.stripe.post(path, {"amount": -700, "currency": "usd"})
    assert _one_off(shop, owner, 1000, "eur")["amount_paid"] == 1000
    assert _balance(shop, owner) == ("usd", -700, {"usd": -700})
    row = shop.stripe.post(path, {"amount": -300, "currency": "eur"})
    assert (row["currency"], row["ending_balance"]) == ("eur", -300)
    assert _balance(shop, owner) == ("usd", -700, {"usd": -700, "eur": -300})
    paid = _one_off(shop, owner, 1000, "eur")
    assert (paid["amount_paid"], paid["starting_balance"], paid["ending_balance"]) == (700, -300, 0)
    assert _one_off(shop, owner, 1000, "usd")["amount_paid"] == 300
    assert _balance(shop, owner) == ("usd", 0, {})


def test_a_debt_waits_in_its_currency(shop: Shop) -> None:
    """Too small an amount in yen is owed in yen."""
    owner = shop.customer()["id"]
    shop.stripe.post(f"/v1/customers/{owner}/balance_transactions", {"amount": -100, "currency": "usd"})
    assert _one_off(shop, owner, 20, "jpy")["status"] == "paid"
    assert _balance(shop, owner)[2] == {"usd": -100, "jpy": 20}
    assert _one_off(shop, owner, 100, "jpy")["amount_paid"] == 120


def test_the_balance_follows_the_currency(shop: Shop) -> None:
    """When a subscription in another currency becomes the customer's, `balance` is the one in it."""
    owner = shop.customer()["id"]
    path = f"/v1/customers/{owner}/balance_transactions"
    shop.stripe.post(path, {"amount": -700, "currency": "usd"})
    shop.stripe.post(path, {"amount": -200, "currency": "eur"})
    euro = shop.price(1000, currency="eur")["id"]
    params = {"customer": owner, "items": [{"price": euro}], "expand": ["latest_invoice"]}
    made = shop.stripe.post("/v1/subscriptions", params)
    assert made["latest_invoice"]["amount_paid"] == 800
    assert _balance(shop, owner) == ("eur", 0, {"usd": -700})
    shop.stripe.clock.advance(31 * DAY)
    shown = shop.stripe.get("/v1/invoices", {"subscription": made["id"]})["data"][0]
    assert (shown["starting_balance"], shown["amount_due"]) == (0, 1000)


# --- where a customer is taxed ---------------------------------------------------------------------------------


def test_the_tax_location_of_a_customer(stripe: Client) -> None:
    """Shown when it is expanded: by the address, and by the registrations of the account."""
    address = {"country": "DE", "city": "Berlin", "postal_code": "10115", "line1": "Unter den Linden 1"}
    owner = stripe.post("/v1/customers")["id"]
    shown = stripe.get(f"/v1/customers/{owner}", {"expand": ["tax"]})
    assert shown["tax"]["automatic_tax"] == "unrecognized_location"
    stripe.post(f"/v1/customers/{owner}", {"address": address})
    shown = stripe.get(f"/v1/customers/{owner}", {"expand": ["tax"]})
    assert shown["tax"]["location"] == {"country": "DE", "source": "billing_address", "state": None}
    assert shown["tax"]["automatic_tax"] == "not_collecting"
    assert "tax" not in stripe.get(f"/v1/customers/{owner}")
