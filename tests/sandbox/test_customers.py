"""Customers: defaults, balance, tax ids, legacy cards and coupons, and what goes when they go."""

from __future__ import annotations

import re

import pytest

from .conftest import NOW, Client, Json


@pytest.fixture
def customer(stripe: Client) -> Json:
    return stripe.post("/v1/customers", {"email": "jane@example.com", "name": "Jane"})


def test_a_fresh_customer(stripe: Client) -> None:
    made = stripe.post("/v1/customers")
    assert made == {
        "id": made["id"],
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": NOW,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": made["invoice_prefix"],
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    assert re.fullmatch(r"[A-Z0-9]{8}", made["invoice_prefix"])


def test_mail_addresses(stripe: Client, customer: Json) -> None:
    assert stripe.post("/v1/customers", {"email": customer["email"]})["id"] != customer["id"]
    error = stripe.refused("POST", "/v1/customers", {"email": "nobody"})
    assert (error["code"], error["message"], error["param"]) == (
        "email_invalid",
        "Invalid email address: nobody",
        "email",
    )


def test_invoice_prefix(stripe: Client, customer: Json) -> None:
    path = f"/v1/customers/{customer['id']}"
    assert stripe.post(path, {"invoice_prefix": "JANE1"})["invoice_prefix"] == "JANE1"
    assert stripe.post(path, {"invoice_prefix": "JANE1"})["invoice_prefix"] == "JANE1"
    for bad in ("jane", "J-1", "ABCDEFGHIJKLM"):
        assert "1–12 uppercase" in stripe.refused("POST", path, {"invoice_prefix": bad})["message"]  # noqa: RUF001
    taken = stripe.refused("POST", "/v1/customers", {"invoice_prefix": "JANE1"})
    assert taken["message"].startswith(f"This invoice number prefix is taken by customer: {customer['id']}.")
    assert taken["param"] == "invoice_prefix"


def test_deleting(stripe: Client, customer: Json) -> None:
    path = f"/v1/customers/{customer['id']}"
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    assert stripe.delete(path) == gone
    assert stripe.get(path) == gone
    assert stripe.refused("POST", path, {"name": "x"})["status"] == 404
    assert stripe.refused("DELETE", path)["status"] == 404
    assert stripe.events()[-1]["data"]["object"] == customer


def test_balance_transactions(stripe: Client, customer: Json) -> None:
    path = f"/v1/customers/{customer['id']}/balance_transactions"
    credit = stripe.post(path, {"amount": -500, "currency": "eur", "description": "sorry"})
    assert (credit["type"], credit["ending_balance"], credit["customer"]) == ("adjustment", -500, customer["id"])
    debit = stripe.post(path, {"amount": 200, "currency": "eur"})
    assert debit["ending_balance"] == -300
    now = stripe.get(f"/v1/customers/{customer['id']}")
    assert (now["balance"], now["currency"]) == (-300, "eur")
    assert [row["id"] for row in stripe.get(path)["data"]] == [debit["id"], credit["id"]]
    assert stripe.get(f"{path}/{credit['id']}") == credit
    changed = stripe.post(f"{path}/{credit['id']}", {"description": "very sorry", "metadata": {"a": "1"}})
    assert (changed["amount"], changed["description"]) == (-500, "very sorry")
    assert stripe.post(path, {"amount": 1, "currency": "usd"})["ending_balance"] == 1
    other = stripe.post("/v1/customers")["id"]
    assert stripe.refused("GET", f"/v1/customers/{other}/balance_transactions/{credit['id']}")["status"] == 404


def test_a_balance_that_is_set_keeps_the_ledger(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"balance": -100})
    assert made["currency"] == "usd"
    stripe.post(f"/v1/customers/{made['id']}", {"balance": 50})
    rows = stripe.get(f"/v1/customers/{made['id']}/balance_transactions")["data"]
    assert [(row["type"], row["amount"], row["ending_balance"]) for row in rows] == [
        ("adjustment", 150, 50),
        ("initial", -100, -100),
    ]
    stripe.post(f"/v1/customers/{made['id']}", {"name": "x"})
    assert len(stripe.get(f"/v1/customers/{made['id']}/balance_transactions")["data"]) == 2


def test_tax_ids(stripe: Client, customer: Json) -> None:
    path = f"/v1/customers/{customer['id']}/tax_ids"
    made = stripe.post(path, {"type": "eu_vat", "value": "DE123456789"})
    assert (made["country"], made["customer"], made["verification"]["status"]) == ("DE", customer["id"], "pending")
    assert made["owner"] == {"type": "customer", "customer": customer["id"]}
    assert stripe.post(path, {"type": "eu_vat", "value": "000000000"})["verification"]["status"] == "verified"
    assert stripe.post(path, {"type": "gb_vat", "value": "111111111"})["verification"]["status"] == "unverified"
    assert stripe.refused("POST", path, {"type": "eu_vat", "value": "nonsense"})["code"] == "tax_id_invalid"
    assert stripe.delete(f"{path}/{made['id']}")["deleted"] is True
    assert len(stripe.get(path)["data"]) == 2
    assert stripe.event_types()[-1] == "customer.tax_id.deleted"
    own = stripe.post("/v1/tax_ids", {"type": "us_ein", "value": "12-3456789"})
    assert [row["id"] for row in stripe.get("/v1/tax_ids")["data"]] == [own["id"]]
    owner = {"owner": {"type": "customer", "customer": customer["id"]}}
    assert len(stripe.get("/v1/tax_ids", owner)["data"]) == 2


def test_tax_ids_at_creation(stripe: Client) -> None:
    data = [{"type": "ch_vat", "value": "CHE-123.456.789 MWST"}]
    made = stripe.post("/v1/customers", {"tax_id_data": data, "expand": ["tax_ids"]})
    assert made["tax_ids"]["data"][0]["country"] == "CH"
    assert stripe.event_types() == ["customer.created", "customer.tax_id.created"]


def test_legacy_cards(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"source": "tok_visa", "expand": ["default_source"]})
    card = made["default_source"]
    assert (card["object"], card["brand"], card["last4"], card["customer"]) == ("card", "Visa", "4242", made["id"])
    path = f"/v1/customers/{made['id']}/sources"
    second = stripe.post(path, {"source": "tok_mastercard"})
    assert second["brand"] == "MasterCard"
    assert stripe.get(f"/v1/customers/{made['id']}")["default_source"] == card["id"]
    assert stripe.post(f"{path}/{second['id']}", {"metadata": {"a": "1"}})["metadata"] == {"a": "1"}
    assert stripe.delete(f"{path}/{card['id']}")["deleted"] is True
    assert stripe.get(f"/v1/customers/{made['id']}")["default_source"] == second["id"]
    assert [row["id"] for row in stripe.get(path)["data"]] == [second["id"]]
    assert {"customer.source.created", "customer.source.updated", "customer.source.deleted"} <= set(
        stripe.event_types()
    )
    assert stripe.refused("POST", path, {"source": "nothing"})["code"] == "resource_missing"


def test_legacy_coupon(stripe: Client) -> None:
    first = stripe.post("/v1/coupons", {"percent_off": 10})["id"]
    second = stripe.post("/v1/coupons", {"percent_off": 20, "duration": "repeating", "duration_in_months": 3})["id"]
    made = stripe.post("/v1/customers", {"coupon": first})
    path = f"/v1/customers/{made['id']}"
    assert made["discount"]["source"] == {"coupon": first, "type": "coupon"}
    changed = stripe.post(path, {"coupon": second})
    assert changed["discount"]["source"]["coupon"] == second
    assert changed["discount"]["end"] == 1_788_264_000  # 1 September, the same time of day
    assert stripe.get(f"{path}/discount")["id"] == changed["discount"]["id"]
    assert stripe.post(path, {"coupon": ""})["discount"] is None
    assert stripe.refused("GET", f"{path}/discount")["status"] == 404
    told = [name for name in stripe.event_types() if "discount" in name]
    assert told == ["customer.discount.created", "customer.discount.updated", "customer.discount.deleted"]
    assert stripe.get(f"/v1/coupons/{first}")["times_redeemed"] == 1


def test_a_customer_on_a_test_clock_lives_in_its_time(stripe: Client) -> None:
    clock = stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": 1_577_836_800})
    made = stripe.post("/v1/customers", {"test_clock": clock["id"]})
    assert (made["created"], made["test_clock"]) == (1_577_836_800, clock["id"])
    assert stripe.refused("POST", "/v1/customers", {"test_clock": "clock_x"})["param"] == "test_clock"
    stripe.post("/v1/customers")
    page = stripe.get("/v1/customers", {"test_clock": clock["id"]})
    assert [row["id"] for row in page["data"]] == [made["id"]]


def test_the_default_source_comes_first(stripe: Client) -> None:
    """Seen at Stripe by the suite of another mock; any other source of the customer can take its place."""
    owner = stripe.post("/v1/customers", {"source": "tok_mastercard"})
    other = stripe.post(f"/v1/customers/{owner['id']}/sources", {"source": "tok_visa"})["id"]
    expanded = {"expand": ["sources"]}

    def shown() -> list[str]:
        return [each["id"] for each in stripe.get(f"/v1/customers/{owner['id']}", expanded)["sources"]["data"]]

    assert shown() == [owner["default_source"], other]
    stripe.post(f"/v1/customers/{owner['id']}", {"default_source": other})
    assert shown() == [other, owner["default_source"]]
    strange = stripe.post("/v1/customers", {"source": "tok_visa"})["default_source"]
    for key in ("card_none", strange):
        error = stripe.refused("POST", f"/v1/customers/{owner['id']}", {"default_source": key})
        assert (error["status"], error["code"], error["param"]) == (400, "resource_missing", "source")
