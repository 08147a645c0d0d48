"""Invoices made by hand: items, lines, and their life from draft to paid, void or uncollectible."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import NOW, Client, Json
from .shop import DAY, HOUR, Shop, at, descriptions


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


@pytest.fixture
def customer(shop: Shop) -> Json:
    """A customer with a card."""
    return shop.customer(invoice_prefix="JANE")


def item(shop: Shop, customer: Json, amount: int, **more: Any) -> Json:
    """An invoice item of a plain amount."""
    params = {"customer": customer["id"], "amount": amount, "currency": "usd", **more}
    return shop.stripe.post("/v1/invoiceitems", params)


def draft(shop: Shop, customer: Json, *amounts: int, **more: Any) -> Json:
    """A draft with an item for each amount."""
    made = shop.stripe.post("/v1/invoices", {"customer": customer["id"], **more})
    for amount in amounts:
        item(shop, customer, amount, invoice=made["id"])
    return shop.invoice(made["id"])


def act(shop: Shop, invoice: Json, verb: str, **params: Any) -> Json:
    """Finalize, pay, send, void, …"""
    return shop.stripe.post(f"/v1/invoices/{invoice['id']}/{verb}".rstrip("/"), params)


def refused(shop: Shop, invoice: Json, verb: str, **params: Any) -> Json:
    """The error of an action that must fail."""
    return shop.stripe.refused("POST", f"/v1/invoices/{invoice['id']}/{verb}".rstrip("/"), params)


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_an_empty_draft(shop: Shop, customer: Json, table: Table) -> None:
    """By hand: pending items are not included, nothing advances, no number."""
    item(shop, customer, 500)
    shop.news()
    made = shop.stripe.post("/v1/invoices", {"customer": customer["id"]})
    assert (made["status"], made["total"], made["lines"]["total_count"]) == ("draft", 0, 0)
    assert (made["auto_advance"], made["automatically_finalizes_at"], made["next_payment_attempt"]) == (
        False,
        None,
        None,
    )
    assert (made["billing_reason"], made["collection_method"]) == ("manual", "charge_automatically")
    assert (made["number"], made["effective_at"], made["ending_balance"]) == (None, None, None)
    assert made["period_start"] == made["period_end"] == made["created"] == NOW
    assert made["lines"]["url"] == f"/v1/invoices/{made['id']}/lines"
    assert shop.news() == ["invoice.created"]
    operation = table.operation("create", "invoice")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []


def test_pending_items_are_included_when_asked(shop: Shop, customer: Json) -> None:
    """`include` takes all of the customer's, newest first; another currency stays pending."""
    first, second = item(shop, customer, 500, description="First"), item(shop, customer, 700, description="Second")
    euro = item(shop, customer, 100, currency="eur")
    made = shop.stripe.post("/v1/invoices", {"customer": customer["id"], "pending_invoice_items_behavior": "include"})
    assert made["currency"] == "usd"
    assert descriptions(made) == [("Second", 700), ("First", 500)]
    assert (made["amount_due"], made["amount_remaining"]) == (1200, 1200)
    assert [row["id"] for row in shop.pending(customer)] == [euro["id"]]
    for entry in (first, second):
        assert shop.stripe.get(f"/v1/invoiceitems/{entry['id']}")["invoice"] == made["id"]


def test_advancing(shop: Shop, customer: Json) -> None:
    """Finalizes at created + 3601, first attempt at created + 3600; off clears, on restores."""
    made = draft(shop, customer, 500, auto_advance=True)
    assert (made["automatically_finalizes_at"], made["next_payment_attempt"]) == (NOW + 3601, NOW + 3600)
    off = act(shop, made, "", auto_advance=False)
    assert (off["automatically_finalizes_at"], off["next_payment_attempt"]) == (None, None)
    on = act(shop, made, "", auto_advance=True)
    assert (on["automatically_finalizes_at"], on["next_payment_attempt"]) == (NOW + 3601, NOW + 3600)
    shop.stripe.clock.advance(HOUR)
    assert shop.invoice(made["id"])["status"] == "paid"


def test_due_dates(shop: Shop, customer: Json) -> None:
    """`due_date` = created + days, also when the days come by a later update."""
    made = draft(shop, customer, 500, collection_method="send_invoice", days_until_due=10)
    assert made["due_date"] == NOW + 10 * DAY
    shop.stripe.clock.advance(DAY)
    assert act(shop, made, "", days_until_due=5)["due_date"] == NOW + 5 * DAY
    params = {"customer": customer["id"], "collection_method": "send_invoice"}
    error = shop.stripe.refused("POST", "/v1/invoices", params)
    assert error["message"] == (
        "If invoice collection method is 'send_invoice', you must specify 'due_date' or 'days_until_due'."
    )
    error = shop.stripe.refused("POST", "/v1/invoices", {"customer": customer["id"], "days_until_due": 3})
    assert error["message"].startswith("You can only specify 'due_date' or 'days_until_due' if")
    late = {"customer": customer["id"], "collection_method": "send_invoice", "due_date": NOW}
    error = shop.stripe.refused("POST", "/v1/invoices", late)
    assert (error["param"], error["message"][-21:]) == ("due_date", "which is in the past.")
    error = shop.stripe.refused("POST", f"/v1/invoices/{made['id']}", {"due_date": NOW - 1})
    assert error["param"] == "due_date"


def test_deleting_a_draft(shop: Shop, customer: Json) -> None:
    """Only one-off drafts; the items stay attached to what is gone."""
    made = draft(shop, customer, 500)
    entry = shop.stripe.get("/v1/invoiceitems", {"invoice": made["id"]})["data"][0]
    gone = shop.stripe.delete(f"/v1/invoices/{made['id']}")
    assert gone == {"id": made["id"], "object": "invoice", "deleted": True}
    assert shop.stripe.get(f"/v1/invoiceitems/{entry['id']}")["invoice"] == made["id"]
    error = shop.stripe.refused("POST", f"/v1/invoiceitems/{entry['id']}", {"amount": 1})
    assert error["message"] == "This invoice item has been deleted."
    final = act(shop, draft(shop, customer, 500), "finalize")
    error = shop.stripe.refused("DELETE", f"/v1/invoices/{final['id']}")
    assert error["message"] == "You can only delete draft invoices."
    sent = shop.subscribe(customer, shop.price(), collection_method="send_invoice", days_until_due=3)
    assert shop.stripe.refused("DELETE", f"/v1/invoices/{sent['latest_invoice']}")["status"] == 400


# --- final -----------------------------------------------------------------------------------------------------------


def test_finalize(shop: Shop, customer: Json) -> None:
    """Number, stamps, hosted page, and an intent reached through `payments` and `confirmation_secret`."""
    made = draft(shop, customer, 2000)
    shop.news()
    final = act(shop, made, "finalize")
    assert (final["status"], final["number"], final["effective_at"]) == ("open", "JANE-0001", NOW)
    assert final["status_transitions"]["finalized_at"] == NOW
    assert final["hosted_invoice_url"].startswith("https://invoice.stripe.com/i/acct_")
    assert final["invoice_pdf"].endswith("/pdf?s=ap")
    assert (final["starting_balance"], final["ending_balance"]) == (0, 0)
    assert shop.news() == ["invoice.finalized", "payment_intent.created"]
    assert "confirmation_secret" not in final
    assert "payments" not in final
    shown = shop.invoice(final["id"], expand=["payments", "confirmation_secret"])
    (payment,) = shown["payments"]["data"]
    assert (payment["status"], payment["amount_requested"], payment["is_default"]) == ("open", 2000, True)
    intent = payment["payment"]["payment_intent"]
    assert shown["confirmation_secret"]["client_secret"].startswith(f"{intent}_secret_")
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["next_invoice_sequence"] == 2
    assert shop.stripe.get("/v1/invoice_payments", {"invoice": final["id"]})["data"] == [payment]
    error = refused(shop, final, "finalize")
    assert error["message"] == "This invoice is already finalized, you can't re-finalize a non-draft invoice."


def test_nothing_to_pay_is_paid(shop: Shop, customer: Json) -> None:
    """Total 0: paid in the same call, attempted, no attempt."""
    made = draft(shop, customer)
    shop.news()
    final = act(shop, made, "finalize")
    assert (final["status"], final["attempted"], final["attempt_count"]) == ("paid", True, 0)
    assert shop.news() == ["invoice.finalized", "invoice.paid", "invoice.payment_succeeded"]


def test_pay_a_draft(shop: Shop, customer: Json) -> None:
    """`/pay` on a draft finalizes first; the events in order."""
    made = draft(shop, customer, 2000, auto_advance=True)
    shop.news()
    paid = act(shop, made, "pay")
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 2000, 0)
    assert (paid["attempt_count"], paid["auto_advance"], paid["next_payment_attempt"]) == (1, False, None)
    assert shop.news() == [
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.payment_succeeded",
        "invoice.paid",
    ]
    assert refused(shop, paid, "pay")["message"] == "Invoice is already paid"


def test_a_declined_pay_leaves_it_open(shop: Shop) -> None:
    """402, but the invoice is now open with one attempt; later manual attempts do not count."""
    customer = shop.customer("pm_card_chargeCustomerFail")
    made = draft(shop, customer, 2000, auto_advance=True)
    error = refused(shop, made, "pay")
    assert (error["status"], error["type"], error["code"]) == (402, "card_error", "card_declined")
    after = shop.invoice(made["id"])
    assert (after["status"], after["attempt_count"], after["attempted"]) == ("open", 1, True)
    assert after["next_payment_attempt"] is not None
    news = shop.news()
    assert news[-4:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "invoice.updated",
    ]
    refused(shop, made, "pay")
    assert shop.invoice(made["id"])["attempt_count"] == 1


def test_pay_with_another_method(shop: Shop, customer: Json) -> None:
    """The parameter goes before the customer's default."""
    bad = shop.stripe.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", {"customer": customer["id"]})
    assert refused(shop, draft(shop, customer, 500), "pay", payment_method=bad["id"])["code"] == "card_declined"


def test_pay_needs_3d_secure(shop: Shop) -> None:
    """On session: 402 `invoice_payment_intent_requires_action`; the attempt does not count."""
    made = draft(shop, shop.customer("pm_card_authenticationRequired"), 500)
    error = refused(shop, made, "pay", off_session=False)
    assert (error["status"], error["code"]) == (402, "invoice_payment_intent_requires_action")
    after = shop.invoice(made["id"])
    assert (after["status"], after["attempt_count"], after["attempted"]) == ("open", 0, True)
    assert "invoice.payment_action_required" in shop.news()


def test_pay_without_any_method(shop: Shop) -> None:
    error = refused(shop, draft(shop, shop.customer(None), 500), "pay")
    assert error["status"] == 400
    assert "default_payment_method" in error["message"]


def test_paid_elsewhere(shop: Shop, customer: Json) -> None:
    """`paid_out_of_band`: not attempted, no charge, `invoice.paid` alone."""
    final = act(shop, draft(shop, customer, 500), "finalize")
    shop.news()
    paid = act(shop, final, "pay", paid_out_of_band=True)
    assert (paid["status"], paid["attempted"], paid["attempt_count"]) == ("paid", False, 0)
    assert [name for name in shop.news() if name.startswith("invoice")] == ["invoice.paid"]
    assert shop.stripe.get("/v1/charges")["data"] == []


def test_the_client_confirms_the_intent(shop: Shop, customer: Json) -> None:
    """An intent of an invoice that is confirmed by the client pays the invoice."""
    final = act(shop, draft(shop, customer, 500), "finalize", expand=["confirmation_secret"])
    intent = final["confirmation_secret"]["client_secret"].partition("_secret")[0]
    shop.stripe.post(f"/v1/payment_intents/{intent}/confirm", {"payment_method": "pm_card_visa"})
    assert shop.invoice(final["id"])["status"] == "paid"


def test_void(shop: Shop, customer: Json) -> None:
    """Amounts keep their values; the time is stamped; the intent is canceled."""
    final = act(shop, draft(shop, customer, 500), "finalize", expand=["payments"])
    shop.news()
    gone = act(shop, final, "void")
    assert (gone["status"], gone["amount_due"], gone["amount_remaining"]) == ("void", 500, 500)
    assert gone["status_transitions"]["voided_at"] == NOW
    assert shop.news() == ["payment_intent.canceled", "invoice.voided"]
    intent = final["payments"]["data"][0]["payment"]["payment_intent"]
    assert shop.stripe.get(f"/v1/payment_intents/{intent}")["status"] == "canceled"
    for verb in ("void", "pay", "mark_uncollectible"):
        assert refused(shop, gone, verb)["message"] == "You can only pass in open invoices. This invoice isn't open."


def test_uncollectible(shop: Shop, customer: Json) -> None:
    """It can still be paid or voided."""
    final = act(shop, draft(shop, customer, 500), "finalize")
    lost = act(shop, final, "mark_uncollectible")
    assert (lost["status"], lost["status_transitions"]["marked_uncollectible_at"]) == ("uncollectible", NOW)
    assert shop.news()[-1] == "invoice.marked_uncollectible"
    error = refused(shop, lost, "mark_uncollectible")
    assert error["message"] == "This invoice has already been marked uncollectible."
    assert act(shop, lost, "pay")["status"] == "paid"
    other = act(shop, act(shop, draft(shop, customer, 500), "finalize"), "mark_uncollectible")
    assert act(shop, other, "void")["status"] == "void"


def test_mistakes_with_states(shop: Shop, customer: Json) -> None:
    paid = act(shop, draft(shop, customer, 500), "pay")
    assert refused(shop, paid, "void")["message"] == "Invoices with `paid` payments cannot be voided."
    assert refused(shop, paid, "send")["message"].startswith("This invoice cannot be sent right now.")
    assert refused(shop, draft(shop, customer, 500), "void")["message"].startswith(
        "You can only pass in open invoices."
    )
    error = refused(shop, paid, "", description="x", metadata={"a": "1"})
    assert (error["message"], error["param"]) == ("Finalized invoices can't be updated in this way", "description")
    assert act(shop, paid, "", metadata={"a": "1"})["metadata"] == {"a": "1"}


@pytest.mark.parametrize(
    ("method", "verb", "param"),
    [("GET", "", "invoice"), ("DELETE", "", "invoice"), ("POST", "send", "invoice"), ("POST", "add_lines", "invoice")]
    + [("POST", verb, "id") for verb in ("finalize", "pay", "void", "mark_uncollectible")],
)
def test_an_unknown_invoice(shop: Shop, method: str, verb: str, param: str) -> None:
    """`No such invoice`: `param` is `invoice` for GET, DELETE, send and add_lines, `id` for the other actions."""
    params = {"lines": [{"amount": 1}]} if verb == "add_lines" else {}
    error = shop.stripe.refused(method, f"/v1/invoices/in_none/{verb}".rstrip("/"), params)
    assert (error["status"], error["message"], error["param"]) == (404, "No such invoice: 'in_none'", param)


def test_send(shop: Shop, customer: Json) -> None:
    """Finalizes a draft; an open one answers unchanged; `invoice.sent` each time."""
    made = draft(shop, customer, 500, collection_method="send_invoice", days_until_due=3)
    shop.news()
    sent = act(shop, made, "send")
    assert sent["status"] == "open"
    assert shop.news() == ["invoice.finalized", "payment_intent.created", "invoice.sent"]
    assert act(shop, made, "send") == sent
    assert shop.news() == ["invoice.sent"]


def test_an_invoice_that_is_overdue(shop: Shop) -> None:
    """`send_invoice`: the subscription is past due after the due date, and active when it is paid."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(), collection_method="send_invoice", days_until_due=3)
    shop.stripe.clock.advance(HOUR)
    assert shop.invoice(made["latest_invoice"])["status"] == "open"
    shop.stripe.clock.advance(3 * DAY)
    assert shop.subscription(made)["status"] == "past_due"
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["delinquent"] is True
    act(shop, {"id": made["latest_invoice"]}, "pay")
    assert shop.subscription(made)["status"] == "active"
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["delinquent"] is False


def test_numbers(shop: Shop, customer: Json) -> None:
    """`{prefix}-{four digits}`, given at finalization; never used again; the sequence can be raised."""
    first = act(shop, draft(shop, customer, 500), "finalize")
    act(shop, first, "void")
    assert act(shop, draft(shop, customer, 500), "finalize")["number"] == "JANE-0002"
    shop.stripe.post(f"/v1/customers/{customer['id']}", {"next_invoice_sequence": 41_000})
    assert act(shop, draft(shop, customer, 500), "finalize")["number"] == "JANE-41000"
    assert act(shop, draft(shop, customer, 500, number="MINE-1"), "finalize")["number"] == "MINE-1"


def test_lists(shop: Shop, customer: Json) -> None:
    subscription = shop.subscribe(customer, shop.price())
    by_hand = draft(shop, customer, 500)

    def listed(**params: Any) -> list[str]:
        return [row["id"] for row in shop.stripe.get("/v1/invoices", params)["data"]]

    assert listed(customer=customer["id"]) == [by_hand["id"], subscription["latest_invoice"]]
    assert listed(status="draft") == [by_hand["id"]]
    assert listed(subscription=subscription["id"]) == [subscription["latest_invoice"]]
    assert listed(subscription=subscription["id"], customer=customer["id"]) == [subscription["latest_invoice"]]
    assert listed(customer=customer["id"], status="paid") == [subscription["latest_invoice"]]


# --- the balance -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("balance", "total", "due", "after"),
    [(-300, 2000, 1700, 0), (-3000, 2000, 0, -1000), (400, 2000, 2400, 0), (0, 2000, 2000, 0), (-100, 0, 0, -100)],
)
def test_the_balance_is_applied_at_finalization(shop: Shop, balance: int, total: int, due: int, after: int) -> None:
    """Due = total + debt − credit used; one row `applied_to_invoice` tells of it."""  # noqa: RUF002
    customer = shop.customer(balance=balance)
    made = draft(shop, customer, *([total] if total else []))
    assert (made["starting_balance"], made["ending_balance"]) == (balance, None)
    final = act(shop, made, "finalize")
    assert (final["amount_due"], final["starting_balance"], final["ending_balance"]) == (due, balance, after)
    assert final["status"] == ("open" if due else "paid")
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["balance"] == after
    rows = shop.stripe.get(f"/v1/customers/{customer['id']}/balance_transactions")["data"]
    applied = [(row["amount"], row["ending_balance"]) for row in rows if row["type"] == "applied_to_invoice"]
    assert applied == ([(after - balance, after)] if after != balance else [])


def test_void_gives_the_balance_back(shop: Shop) -> None:
    customer = shop.customer(balance=-300)
    final = act(shop, draft(shop, customer, 2000), "finalize")
    act(shop, final, "void")
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["balance"] == -300
    rows = shop.stripe.get(f"/v1/customers/{customer['id']}/balance_transactions")["data"]
    assert (rows[0]["type"], rows[0]["amount"]) == ("unapplied_from_invoice", -300)


# --- items -----------------------------------------------------------------------------------------------------------


def test_an_item_of_an_amount(shop: Shop, customer: Json, table: Table) -> None:
    """It mints a one-off price and product; the body shows what it shows."""
    shop.news()
    made = item(shop, customer, 500, description="Work")
    assert shop.news() == ["product.created", "price.created", "invoiceitem.created"]
    assert (made["amount"], made["quantity"], made["quantity_decimal"]) == (500, 1, "1")
    assert (made["date"], made["period"]) == (NOW, {"start": NOW, "end": NOW})
    assert (made["discountable"], made["frozen_fields"]) == (True, [])
    assert (made["invoice"], made["parent"], made["proration"]) == (None, None, False)
    assert made["pricing"]["unit_amount_decimal"] == "500"
    price = shop.stripe.get(f"/v1/prices/{made['pricing']['price_details']['price']}")
    assert (price["type"], price["unit_amount"]) == ("one_time", 500)
    operation = table.operation("create", "invoiceitem")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []
    assert item(shop, customer, -500)["discountable"] is False


def test_an_item_of_a_price(shop: Shop, customer: Json) -> None:
    price = shop.price(700, None)
    made = shop.stripe.post(
        "/v1/invoiceitems", {"customer": customer["id"], "pricing": {"price": price["id"]}, "quantity": 3}
    )
    assert (made["amount"], made["quantity"], made["description"]) == (2100, 3, "Gold")
    recurring = {"customer": customer["id"], "pricing": {"price": shop.price()["id"]}}
    assert "one_time" in shop.stripe.refused("POST", "/v1/invoiceitems", recurring)["message"]


def test_an_item_of_nothing_is_refused(shop: Shop, customer: Json) -> None:
    error = shop.stripe.refused("POST", "/v1/invoiceitems", {"customer": customer["id"], "currency": "usd"})
    assert (error["code"], error["param"]) == ("parameter_missing", "amount")


def test_changing_an_item_changes_its_draft(shop: Shop, customer: Json) -> None:
    """Another amount mints another price on the same product; the line keeps its id."""
    made = draft(shop, customer)
    entry = item(shop, customer, 500, invoice=made["id"])
    line = shop.invoice(made["id"])["lines"]["data"][0]
    shop.news()
    changed = shop.stripe.post(f"/v1/invoiceitems/{entry['id']}", {"amount": 900})
    assert changed["pricing"]["price_details"]["product"] == entry["pricing"]["price_details"]["product"]
    assert changed["pricing"]["price_details"]["price"] != entry["pricing"]["price_details"]["price"]
    after = shop.invoice(made["id"])
    assert (after["total"], after["lines"]["data"][0]["id"]) == (900, line["id"])
    assert shop.news() == ["price.created", "invoice.updated"]
    assert shop.stripe.delete(f"/v1/invoiceitems/{entry['id']}")["deleted"] is True
    assert shop.invoice(made["id"])["total"] == 0
    assert shop.stripe.refused("GET", f"/v1/invoiceitems/{entry['id']}")["status"] == 404


def test_items_of_a_final_invoice(shop: Shop, customer: Json) -> None:
    final = act(shop, draft(shop, customer, 500), "finalize")
    (entry,) = shop.stripe.get("/v1/invoiceitems", {"invoice": final["id"]})["data"]
    error = shop.stripe.refused("DELETE", f"/v1/invoiceitems/{entry['id']}")
    assert error["message"] == (
        "Can't delete an invoice item that is attached to an invoice that is no longer editable"
    )
    assert shop.stripe.refused("POST", f"/v1/invoiceitems/{entry['id']}", {"amount": 1})["message"] == (
        "This invoice item has been deleted."
    )
    error = shop.stripe.refused(
        "POST", "/v1/invoiceitems", {"customer": customer["id"], "amount": 1, "currency": "usd", "invoice": final["id"]}
    )
    assert error["code"] == "invoice_not_editable"


def test_an_unknown_item(shop: Shop) -> None:
    """The message has its own, odd form."""
    error = shop.stripe.refused("GET", "/v1/invoiceitems/ii_none")
    assert (error["message"], error["param"]) == ("No such Invoice Item: 'ii_none'(livemode=false)", "id")


def test_items_bound_to_a_subscription(shop: Shop, customer: Json) -> None:
    """With `subscription` only that one's invoices bill it."""
    price = shop.price()
    first, second = shop.subscribe(customer, price), shop.subscribe(customer, price)
    bound = item(shop, customer, 500, subscription=first["id"])
    assert bound["parent"]["subscription_details"]["subscription"] == first["id"]
    shop.stripe.clock.advance(at("2026-07-01T12:00:00") - NOW)
    totals = {sub["id"]: shop.invoice(shop.subscription(sub)["latest_invoice"])["total"] for sub in (first, second)}
    assert totals == {first["id"]: 1500, second["id"]: 1000}


# --- lines -----------------------------------------------------------------------------------------------------------


def test_lines_are_added_changed_and_removed(shop: Shop, customer: Json) -> None:
    """An added line is an invoice item; `update` answers the line; `unassign` lets the item wait again."""
    made = draft(shop, customer)
    waiting = item(shop, customer, 300, description="Waiting")
    added = act(
        shop,
        made,
        "add_lines",
        lines=[{"amount": 500, "description": "New"}, {"invoice_item": waiting["id"]}],
        invoice_metadata={"a": "1"},
    )
    assert (added["total"], added["metadata"]) == (800, {"a": "1"})
    assert descriptions(added) == [("Waiting", 300), ("New", 500)]
    line = added["lines"]["data"][1]
    assert line["parent"]["type"] == "invoice_item_details"
    path = f"/v1/invoices/{made['id']}/lines/{line['id']}"
    answer = shop.stripe.post(path, {"amount": 900, "description": "Newer"})
    assert (answer["object"], answer["id"], answer["amount"], answer["description"]) == (
        "line_item",
        line["id"],
        900,
        "Newer",
    )
    more = act(shop, made, "update_lines", lines=[{"id": line["id"], "amount": 100}])
    assert more["total"] == 400
    other = more["lines"]["data"][0]["id"]
    left = act(
        shop,
        made,
        "remove_lines",
        lines=[{"id": other, "behavior": "unassign"}, {"id": line["id"], "behavior": "delete"}],
    )
    assert left["total"] == 0
    assert [row["id"] for row in shop.pending(customer)] == [waiting["id"]]
    error = shop.stripe.refused("POST", path, {"amount": 1})
    assert error["status"] == 404


def test_amount_and_quantity_exclude_each_other(shop: Shop, customer: Json) -> None:
    made = draft(shop, customer)
    error = refused(shop, made, "add_lines", lines=[{"amount": 500, "quantity": 2}])
    assert error["message"] == "You may only specify one of these parameters: amount, quantity."
    assert error["param"] == "amount"
    final = act(shop, draft(shop, customer, 100), "finalize")
    error = refused(shop, final, "add_lines", lines=[{"amount": 500}])
    assert (error["code"], error["message"]) == (
        "invoice_not_editable",
        "Invalid invoice: This invoice is no longer editable",
    )


def test_many_lines_are_paged(shop: Shop, customer: Json) -> None:
    """Inside the invoice the first ten; all of them below its own path."""
    made = draft(shop, customer, *range(100, 1300, 100))
    assert (len(made["lines"]["data"]), made["lines"]["has_more"], made["lines"]["total_count"]) == (10, True, 12)
    path = f"/v1/invoices/{made['id']}/lines"
    page = shop.stripe.get(path, {"limit": 8})
    assert (len(page["data"]), page["has_more"], page["url"]) == (8, True, path)
    rest = shop.stripe.get(path, {"starting_after": page["data"][-1]["id"]})
    assert [line["amount"] for line in rest["data"]] == [400, 300, 200, 100]
