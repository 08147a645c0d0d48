"""The ledger: fees, when money is available, payouts, top-ups; net and sums always agree (sheet §17.4)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_shell.sandbox.payments import ledger
from stripe_shell.sandbox.payments.test_cards import card_of_number

from .conftest import NOW, Client, Json, open_client

DAY = 86_400
PAY = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}


def pay(stripe: Client, name: str = "visa", **more: object) -> Json:
    return stripe.post("/v1/payment_intents", {**PAY, "payment_method": f"pm_card_{name}", **more})


def amounts(stripe: Client, part: str) -> dict[str, int]:
    return {row["currency"]: row["amount"] for row in stripe.get("/v1/balance")[part]}


def test_an_empty_balance(stripe: Client) -> None:
    nothing = [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
    balance = stripe.get("/v1/balance")
    assert (balance["available"], balance["pending"]) == (nothing, nothing)


def test_fee_and_availability(stripe: Client) -> None:
    """§17.4: 2000 → 88, net 1912; pending until midnight UTC two business days on; the fee is Stripe's."""
    charge = stripe.get(f"/v1/charges/{pay(stripe)['latest_charge']}", {"expand": ["balance_transaction"]})
    row = charge["balance_transaction"]
    assert (row["amount"], row["fee"], row["net"], row["type"], row["status"]) == (2000, 88, 1912, "charge", "pending")
    assert row["fee_details"] == [
        {
            "amount": 88,
            "application": None,
            "currency": "usd",
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    assert "livemode" not in row
    assert row["available_on"] == 1_780_444_800  # 3 June, midnight
    assert (amounts(stripe, "available"), amounts(stripe, "pending")) == ({"usd": 0}, {"usd": 1912})
    stripe.clock.seconds = row["available_on"]
    assert (amounts(stripe, "available"), amounts(stripe, "pending")) == ({"usd": 1912}, {"usd": 0})
    assert stripe.get(f"/v1/balance_transactions/{row['id']}")["status"] == "available"
    assert stripe.get(f"/v1/balance/history/{row['id']}")["status"] == "available"
    assert stripe.event_types()[-1] == "balance.available"


def test_funds_that_are_available_at_once(stripe: Client) -> None:
    """§14.1, §25: 1912 of 2000 in the same second, and `balance.available`."""
    pay(stripe, "bypassPending")
    assert amounts(stripe, "available") == {"usd": 1912}
    assert "balance.available" in stripe.event_types()


def test_foreign_cards_cost_more(stripe: Client) -> None:
    """§17.4."""
    charge = pay(stripe, "de")["latest_charge"]
    (row,) = stripe.get("/v1/balance_transactions", {"source": charge})["data"]
    assert row["fee"] > 88


@pytest.mark.parametrize(("amount", "fee"), [(2000, 88), (50, 31), (1000, 59), (1050, 60), (99_999_999, 2_900_030)])
def test_fees_round_half_up(amount: int, fee: int) -> None:
    """§17.4: 2.9 % + 30, rounded half up (1050 → 30.45 + 30 → 60; 50 → 1.45 + 30 → 31)."""
    assert ledger.card_fee(amount, card_of_number("4242424242424242")) == fee


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1_780_315_200, 1_780_444_800),  # Monday 1 June 2026 → Wednesday
        (1_780_574_400, 1_780_876_800),  # Thursday 4 June → Monday 8 June
        (1_780_747_200, 1_780_963_200),  # Saturday 6 June → Tuesday 9 June
    ],
)
def test_business_days(start: int, end: int) -> None:
    assert ledger.available_on(start) == end


def test_lists(stripe: Client) -> None:
    """§2.2, §4: by type and source; an unknown source or type is an empty page, an unknown payout is refused."""
    charge = pay(stripe)["latest_charge"]
    stripe.post("/v1/refunds", {"charge": charge, "amount": 100})
    assert [row["type"] for row in stripe.get("/v1/balance_transactions")["data"]] == ["refund", "charge"]
    assert len(stripe.get("/v1/balance_transactions", {"type": "charge"})["data"]) == 1
    assert stripe.get("/v1/balance_transactions", {"source": "ch_x"})["data"] == []
    assert stripe.refused("GET", "/v1/balance_transactions", {"payout": "po_x"})["param"] == "payout"
    error = stripe.refused("GET", "/v1/balance_transactions/txn_x")
    assert (error["message"], error["param"]) == ("No such balance transaction: 'txn_x'", "id")


# --- payouts ---------------------------------------------------------------------------------------------------


def test_payout(stripe: Client) -> None:
    """§17.4: draws at once; pending, in transit, paid; defaults of one made by hand."""
    pay(stripe, "bypassPending")
    payout = stripe.post("/v1/payouts", {"amount": 1500, "currency": "usd"})
    expected = {
        "amount": 1500,
        "automatic": False,
        "method": "standard",
        "reconciliation_status": "not_applicable",
        "status": "pending",
        "type": "bank_account",
    }
    assert {name: payout[name] for name in expected} == expected
    assert payout["destination"].startswith("ba_")
    assert amounts(stripe, "available") == {"usd": 412}
    row = stripe.get(f"/v1/balance_transactions/{payout['balance_transaction']}")
    assert (row["amount"], row["type"], row["fee"]) == (-1500, "payout", 0)
    path = f"/v1/payouts/{payout['id']}"
    stripe.clock.advance(3600)
    assert stripe.get(path)["status"] == "in_transit"
    assert "pending" in stripe.refused("POST", f"{path}/cancel")["message"]
    stripe.clock.seconds = payout["arrival_date"]
    assert stripe.get(path)["status"] == "paid"
    told = [name for name in stripe.event_types() if name.startswith("payout")]
    assert told == ["payout.created", "payout.updated", "payout.paid", "payout.updated"]


def test_payout_over_the_balance(stripe: Client) -> None:
    """§2.4: `balance_insufficient`; the text names both amounts."""
    pay(stripe, "bypassPending")
    error = stripe.refused("POST", "/v1/payouts", {"amount": 5000, "currency": "usd"})
    assert (error["status"], error["code"]) == (400, "balance_insufficient")
    assert "$50.00" in error["message"]
    assert "$19.12" in error["message"]


def test_payout_mistakes(stripe: Client) -> None:
    """§2.3: below 1; a currency that is none, with the list and no full stop."""
    error = stripe.refused("POST", "/v1/payouts", {"amount": 0, "currency": "usd"})
    assert (error["code"], error["message"]) == (
        "parameter_invalid_integer",
        "This value must be greater than or equal to 1.",
    )
    error = stripe.refused("POST", "/v1/payouts", {"amount": 5, "currency": "xyz"})
    assert error["param"] == "currency"
    assert error["message"].startswith("Invalid currency: xyz. Stripe currently supports these currencies: usd,")
    assert not error["message"].endswith(".")
    assert stripe.get("/v1/payouts", {"status": "nothing"})["data"] == []


def test_cancel_and_reverse(stripe: Client) -> None:
    """§17.4, §8.1: cancel while pending (row `payout_cancel`); reverse once paid, by a negative payout."""
    pay(stripe, "bypassPending")
    first = stripe.post("/v1/payouts", {"amount": 1000, "currency": "usd"})["id"]
    assert stripe.post(f"/v1/payouts/{first}/cancel")["status"] == "canceled"
    assert amounts(stripe, "available") == {"usd": 1912}
    second = stripe.post("/v1/payouts", {"amount": 1000, "currency": "usd", "method": "instant"})["id"]
    back = stripe.post(f"/v1/payouts/{second}/reverse", {"metadata": {"a": "1"}})
    assert (back["amount"], back["original_payout"], back["metadata"]) == (-1000, second, {"a": "1"})
    assert stripe.get(f"/v1/payouts/{second}")["reversed_by"] == back["id"]
    assert amounts(stripe, "available") == {"usd": 1912}
    assert stripe.event_types()[-3:] == ["payout.updated", "payout.created", "payout.paid"]
    assert stripe.refused("POST", f"/v1/payouts/{second}/reverse")["message"].endswith("already been reversed.")
    types = Counter(row["type"] for row in stripe.get("/v1/balance_transactions")["data"])
    assert types == {"payout": 3, "payout_cancel": 1, "charge": 1}


@pytest.mark.parametrize(
    ("number", "failure"), [("000111111116", "no_account"), ("000222222227", "insufficient_funds")]
)
def test_a_payout_that_fails(stripe: Client, number: str, failure: str) -> None:
    """§14.6: the bank sends it back."""
    pay(stripe, "bypassPending")
    account = stripe.post("/v1/accounts")["id"]
    stripe.post("/v1/transfers", {"amount": 1000, "currency": "usd", "destination": account})
    data = {"object": "bank_account", "country": "US", "currency": "usd", "account_number": number}
    token = stripe.post("/v1/tokens", {"bank_account": {k: v for k, v in data.items() if k != "object"}})["id"]
    stripe.post(f"/v1/accounts/{account}/external_accounts", {"external_account": token})
    there = {"headers": {"Stripe-Account": account}}
    payout = stripe.post("/v1/payouts", {"amount": 1000, "currency": "usd", "method": "instant"}, **there)
    later = stripe.get(f"/v1/payouts/{payout['id']}", **there)
    assert (later["status"], later["failure_code"]) == ("failed", failure)
    (money,) = stripe.get("/v1/balance", **there)["available"]
    assert money["amount"] == 1000


# --- top-ups ---------------------------------------------------------------------------------------------------


def test_topup(stripe: Client) -> None:
    """§17.4, §25: no source; `pending`, then `succeeded`, and the funds are available."""
    topup = stripe.post("/v1/topups", {"amount": 5000, "currency": "usd", "description": "d"})
    assert (topup["status"], topup["source"]) == ("pending", None)
    assert stripe.get(f"/v1/topups/{topup['id']}")["status"] == "succeeded"
    assert amounts(stripe, "available") == {"usd": 5000}
    assert stripe.event_types()[:2] == ["topup.created", "topup.succeeded"]
    assert "pending" in stripe.refused("POST", f"/v1/topups/{topup['id']}/cancel")["message"]


# --- what always holds -----------------------------------------------------------------------------------------

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "debit", "decline", "refund", "dispute", "payout", "cancel", "topup", "wait"]),
        st.integers(50, 5000),
        st.sampled_from(["usd", "eur"]),
    ),
    max_size=14,
)


@settings(max_examples=20, deadline=None)
@given(STEPS)
def test_the_balance_is_the_sum_of_its_transactions(steps: list[tuple[str, int, str]]) -> None:
    """Whatever happens: net = amount - fee, fee = sum of its details, and the balance is the sum of the nets."""
    stripe = open_client()
    for step, amount, currency in steps:
        act(stripe, step, amount, currency)
        check(stripe)
    stripe.sandbox.store.close()


def act(stripe: Client, step: str, amount: int, currency: str) -> None:
    cards = {"pay": "bypassPending", "decline": "chargeDeclined", "dispute": "createDispute"}
    params: Json = {"amount": amount, "currency": currency, "confirm": True}
    if step in cards:
        stripe.send(
            "POST",
            "/v1/payment_intents",
            {**params, "payment_method_types": ["card"], "payment_method": f"pm_card_{cards[step]}"},
        )
    elif step == "debit":
        method = {"payment_method_types": ["sepa_debit"], "payment_method": "pm_sepaDebit_success_de"}
        mandate = {"mandate_data": {"customer_acceptance": {"type": "offline"}}}
        stripe.send("POST", "/v1/payment_intents", {**params, **method, **mandate})
    elif step == "refund":
        for charge in stripe.get("/v1/charges", {"limit": 1})["data"]:
            stripe.send("POST", "/v1/refunds", {"charge": charge["id"], "amount": amount})
    elif step == "payout":
        stripe.send("POST", "/v1/payouts", {"amount": amount, "currency": currency})
    elif step == "cancel":
        for payout in stripe.get("/v1/payouts", {"limit": 1})["data"]:
            stripe.send("POST", f"/v1/payouts/{payout['id']}/cancel")
    elif step == "topup":
        stripe.send("POST", "/v1/topups", {"amount": amount, "currency": currency})
    else:
        stripe.clock.advance(amount * 60)


def check(stripe: Client) -> None:
    shown = {part: Counter(amounts(stripe, part)) for part in ("available", "pending")}
    sums = {"available": Counter[str](), "pending": Counter[str]()}
    rows = stripe.get("/v1/balance_transactions", {"limit": 100})["data"]
    for row in rows:
        assert row["net"] == row["amount"] - row["fee"]
        assert row["fee"] == sum(detail["amount"] for detail in row["fee_details"])
        assert (row["status"] == "available") == (row["available_on"] <= stripe.clock.now())
        sums[row["status"]][row["currency"]] += row["net"]
    for part, total in sums.items():
        assert {code: value for code, value in shown[part].items() if value} == {
            code: value for code, value in total.items() if value
        }


def test_the_clock_of_these_tests() -> None:
    assert NOW % DAY == DAY / 2


def test_a_row_of_a_list_is_the_row_that_is_retrieved(stripe: Client) -> None:
    """Lists set the status in the text, a retrieved row is parsed; what a description says does not count."""
    made = 'said "status":"pending","available_on":1,"created":2'
    intent = {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True, "description": made}
    stripe.post("/v1/payment_intents", {**intent, "return_url": "https://example.com"})
    for later in (0, 30 * 86_400):
        stripe.clock.seconds += later
        (row,) = stripe.get("/v1/balance_transactions")["data"]
        assert row == stripe.get(f"/v1/balance_transactions/{row['id']}")
        assert row["description"] == made
        assert row["status"] == ("available" if later else "pending")
