"""Credit notes: off an open invoice, back to the card, onto the balance, and no more than there is."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import NOW, Client, Json
from .shop import Shop


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


@pytest.fixture
def customer(shop: Shop) -> Json:
    """A customer with a card."""
    return shop.customer(invoice_prefix="JANE")


def invoice(shop: Shop, customer: Json, amount: int = 2000, *, verb: str = "finalize", **more: Any) -> Json:
    """An open invoice, or a paid one."""
    made = shop.stripe.post("/v1/invoices", {"customer": customer["id"], **more})
    params = {"customer": customer["id"], "amount": amount, "currency": "usd", "invoice": made["id"]}
    shop.stripe.post("/v1/invoiceitems", params)
    return shop.stripe.post(f"/v1/invoices/{made['id']}/{verb}")


def credit(shop: Shop, of: Json, **params: Any) -> Json:
    """A credit note."""
    return shop.stripe.post("/v1/credit_notes", {"invoice": of["id"], **params})


def refused(shop: Shop, of: Json, **params: Any) -> Json:
    """The error of a credit note that must fail."""
    return shop.stripe.refused("POST", "/v1/credit_notes", {"invoice": of["id"], **params})


LINE = {"type": "custom_line_item", "unit_amount": 500, "quantity": 2, "description": "Too late"}


def test_an_open_invoice_is_lowered(shop: Shop, customer: Json, table: Table) -> None:
    """1000 of 2000 without refund or credit: `pre_payment`, less remains to be paid, by the intent as well."""
    open_ = invoice(shop, customer)
    shop.news()
    note = credit(shop, open_, lines=[LINE], reason="order_change", memo="Sorry")
    assert (note["amount"], note["type"], note["status"]) == (1000, "pre_payment", "issued")
    assert (note["pre_payment_amount"], note["post_payment_amount"]) == (1000, 0)
    assert (note["number"], note["reason"], note["memo"]) == ("JANE-0001-CN-01", "order_change", "Sorry")
    assert note["lines"]["data"][0]["description"] == "Too late"
    assert shop.news() == ["credit_note.created", "invoice.updated"]
    after = shop.invoice(open_["id"], expand=["payments"])
    assert (after["amount_remaining"], after["amount_due"], after["total"]) == (1000, 1000, 2000)
    assert after["pre_payment_credit_notes_amount"] == 1000
    assert after["payments"]["data"][0]["amount_requested"] == 1000
    assert shop.stripe.post(f"/v1/invoices/{open_['id']}/pay")["amount_paid"] == 1000
    operation = table.operation("create", "credit_note")
    assert operation is not None
    assert list(departures(table, operation.response, note)) == []
    assert credit(shop, invoice(shop, customer), amount=100)["number"] == "JANE-0002-CN-01"


def test_crediting_all_of_it_settles_the_invoice(shop: Shop, customer: Json) -> None:
    open_ = invoice(shop, customer)
    credit(shop, open_, amount=2000)
    assert shop.invoice(open_["id"])["status"] == "paid"


def test_a_note_covers_a_refund_that_was_made(shop: Shop, customer: Json) -> None:
    """The refund that a note names is not counted against it; another one is."""
    paid = invoice(shop, customer, verb="pay")
    payments = shop.stripe.get("/v1/invoice_payments", {"invoice": paid["id"]})["data"]
    intent = payments[0]["payment"]["payment_intent"]
    made = [shop.stripe.post("/v1/refunds", {"payment_intent": intent, "amount": 900})["id"] for _ in range(2)]
    too_much = {"amount": 1200, "refunds": [{"refund": made[0], "amount_refunded": 900}], "credit_amount": 300}
    assert refused(shop, paid, **too_much)["param"] == "amount"
    note = credit(shop, paid, amount=900, refunds=[{"refund": made[0], "amount_refunded": 900}])
    assert (note["amount"], [entry["refund"] for entry in note["refunds"]]) == (900, made[:1])


def test_a_paid_invoice_gives_back(shop: Shop, customer: Json) -> None:
    """The excess is `post_payment` and goes to the card, the balance, or elsewhere."""
    paid = invoice(shop, customer, verb="pay")
    note = credit(shop, paid, amount=900, refund_amount=500, credit_amount=300, out_of_band_amount=100)
    assert (note["type"], note["post_payment_amount"], note["out_of_band_amount"]) == ("post_payment", 900, 100)
    (entry,) = note["refunds"]
    refund = shop.stripe.get(f"/v1/refunds/{entry['refund']}")
    assert (refund["amount"], entry["amount_refunded"]) == (500, 500)
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["balance"] == -300
    (row,) = shop.stripe.get(f"/v1/customers/{customer['id']}/balance_transactions")["data"]
    assert (row["type"], row["amount"], row["id"]) == ("credit_note", -300, note["customer_balance_transaction"])
    assert shop.invoice(paid["id"])["post_payment_credit_notes_amount"] == 900
    assert "credit_note.created" in shop.news()


def test_the_parts_must_add_up(shop: Shop, customer: Json) -> None:
    paid = invoice(shop, customer, verb="pay")
    assert refused(shop, paid, amount=900, refund_amount=500)["param"] == "amount"
    assert refused(shop, invoice(shop, customer), amount=500, credit_amount=500)["status"] == 400


def test_no_more_than_there_is(shop: Shop, customer: Json) -> None:
    """Credit notes and plain refunds share one ceiling."""
    paid = invoice(shop, customer, verb="pay")
    credit(shop, paid, amount=1500, credit_amount=1500)
    assert refused(shop, paid, amount=600, credit_amount=600)["param"] == "amount"
    intent = shop.invoice(paid["id"], expand=["payments"])["payments"]["data"][0]["payment"]["payment_intent"]
    shop.stripe.post("/v1/refunds", {"payment_intent": intent, "amount": 400})
    assert refused(shop, paid, amount=200, credit_amount=200)["status"] == 400
    assert credit(shop, paid, amount=100, credit_amount=100)["amount"] == 100


def test_a_line_of_the_invoice(shop: Shop, customer: Json) -> None:
    """A part of a line takes its discounts and taxes with it."""
    coupon = shop.stripe.post("/v1/coupons", {"percent_off": 10})
    rate = shop.stripe.post("/v1/tax_rates", {"display_name": "VAT", "percentage": 20, "inclusive": False})
    open_ = invoice(shop, customer, 1000, discounts=[{"coupon": coupon["id"]}], default_tax_rates=[rate["id"]])
    assert open_["total"] == 1080
    line = {"type": "invoice_line_item", "invoice_line_item": open_["lines"]["data"][0]["id"], "amount": 500}
    note = credit(shop, open_, lines=[line])
    assert (note["subtotal"], note["discount_amount"], note["amount"]) == (500, 50, 540)
    assert note["total_taxes"][0]["amount"] == 90
    unknown = {"type": "invoice_line_item", "invoice_line_item": "il_none"}
    assert refused(shop, open_, lines=[unknown])["param"] == "lines[0][invoice_line_item]"


def test_void(shop: Shop, customer: Json) -> None:
    """What it took off an open invoice is due again; twice, or on a paid invoice, it is refused."""
    open_ = invoice(shop, customer)
    note = credit(shop, open_, amount=500)
    shop.news()
    gone = shop.stripe.post(f"/v1/credit_notes/{note['id']}/void")
    assert (gone["status"], gone["voided_at"]) == ("void", NOW)
    assert shop.news() == ["credit_note.voided", "invoice.updated"]
    assert shop.invoice(open_["id"])["amount_remaining"] == 2000
    assert shop.stripe.refused("POST", f"/v1/credit_notes/{note['id']}/void")["status"] == 400
    other = credit(shop, invoice(shop, customer, verb="pay"), amount=100, credit_amount=100)
    assert shop.stripe.refused("POST", f"/v1/credit_notes/{other['id']}/void")["status"] == 400


def test_a_preview_makes_nothing(shop: Shop, customer: Json) -> None:
    open_ = invoice(shop, customer)
    shop.news()
    shown = shop.stripe.get("/v1/credit_notes/preview", {"invoice": open_["id"], "lines": [LINE]})
    assert (shown["amount"], shown["type"]) == (1000, "pre_payment")
    params = {"invoice": open_["id"], "lines": [LINE]}
    assert shop.stripe.get("/v1/credit_notes/preview/lines", params)["data"][0]["amount"] == 1000
    assert shop.news() == []
    assert shop.stripe.get("/v1/credit_notes")["data"] == []


def test_only_final_invoices(shop: Shop, customer: Json) -> None:
    """Only open, paid or uncollectible ones; and something must be said."""
    draft = shop.stripe.post("/v1/invoices", {"customer": customer["id"]})
    assert refused(shop, draft, amount=100)["param"] == "invoice"
    assert refused(shop, invoice(shop, customer))["code"] == "parameter_missing"


def test_lists(shop: Shop, customer: Json) -> None:
    open_ = invoice(shop, customer)
    note = credit(shop, open_, amount=100, metadata={"a": "1"})
    assert shop.stripe.get("/v1/credit_notes", {"invoice": open_["id"]})["data"] == [note]
    assert shop.stripe.get(f"/v1/credit_notes/{note['id']}/lines")["data"] == note["lines"]["data"]
    changed = shop.stripe.post(f"/v1/credit_notes/{note['id']}", {"memo": "New"})
    assert (changed["memo"], changed["metadata"]) == ("New", {"a": "1"})
