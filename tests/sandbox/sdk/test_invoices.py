"""Section 18: the life of invoices, items, numbers, previews, credit notes."""

from __future__ import annotations

from tests.sandbox.conftest import NOW

from .conftest import Sdk

DAY = 86_400


def test_a_manual_invoice_is_an_empty_draft(sdk: Sdk) -> None:
    """§18.1, §23: pending items are not swept, nothing advances by itself."""
    customer = sdk.customer()
    sdk.v1.invoice_items.create(params={"customer": customer.id, "amount": 500, "currency": "usd"})
    made = sdk.v1.invoices.create(params={"customer": customer.id})
    assert (made.status, made.auto_advance, made.billing_reason, made.total) == ("draft", False, "manual", 0)
    assert (made.number, made.effective_at, made.period_start, made.period_end) == (None, None, NOW, NOW)
    swept = sdk.v1.invoices.create(params={"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert (swept.total, [line.amount for line in swept.lines.data]) == (500, [500])
    assert not {"payment_intent", "charge", "paid", "subscription", "tax"} & set(swept.to_dict())


def test_finalize_and_pay(sdk: Sdk) -> None:
    """§18.1, §18.3: a number, links, a payment; twice is refused each time."""
    customer = sdk.customer()
    invoice = sdk.invoice(customer, 2000)
    assert (invoice.status, invoice.number) == ("open", f"{customer.invoice_prefix}-0001")
    assert (invoice.status_transitions.finalized_at, invoice.effective_at) == (NOW, NOW)
    assert invoice.hosted_invoice_url
    assert invoice.invoice_pdf
    error = sdk.refused(sdk.v1.invoices.finalize_invoice, invoice.id)
    assert error.user_message == "This invoice is already finalized, you can't re-finalize a non-draft invoice."
    paid = sdk.v1.invoices.pay(invoice.id)
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempt_count) == ("paid", 2000, 0, 1)
    found = sdk.v1.invoices.retrieve(invoice.id, params={"expand": ["payments.data.payment.payment_intent"]})
    (payment,) = found.payments.data
    assert (payment.status, payment.amount_paid, payment.payment.payment_intent.status) == ("paid", 2000, "succeeded")
    assert sdk.refused(sdk.v1.invoices.pay, invoice.id).user_message == "Invoice is already paid"
    error = sdk.refused(sdk.v1.invoices.void_invoice, invoice.id)
    assert error.user_message == "Invoices with `paid` payments cannot be voided."
    assert sdk.v1.customers.retrieve(customer.id).next_invoice_sequence == 2


def test_pay_a_draft_that_fails(sdk: Sdk) -> None:
    """§18.1: a draft is finalized first; a decline is 402, but the invoice is open."""
    customer = sdk.customer("pm_card_chargeCustomerFail")
    draft = sdk.invoice(customer, 2000, finalize=False)
    error = sdk.refused(sdk.v1.invoices.pay, draft.id)
    assert (error.http_status, error.code) == (402, "card_declined")
    kept = sdk.v1.invoices.retrieve(draft.id)
    assert (kept.status, kept.attempt_count, kept.attempted) == ("open", 1, True)
    card = sdk.v1.payment_methods.attach("pm_card_visa", params={"customer": customer.id})
    assert sdk.v1.invoices.pay(draft.id, params={"payment_method": card.id}).status == "paid"


def test_three_d_secure(sdk: Sdk) -> None:
    """§2.4, §18.1: 402 with a code of its own, no attempt is counted."""
    customer = sdk.customer("pm_card_authenticationRequired")
    draft = sdk.invoice(customer, 2000, finalize=False)
    error = sdk.refused(sdk.v1.invoices.pay, draft.id, params={"off_session": False})
    assert (error.http_status, error.code) == (402, "invoice_payment_intent_requires_action")
    kept = sdk.v1.invoices.retrieve(draft.id)
    assert (kept.status, kept.attempted, kept.attempt_count) == ("open", True, 0)
    assert "invoice.payment_action_required" in sdk.event_types()


def test_nothing_to_pay(sdk: Sdk) -> None:
    """§18.1, §23: a total of nothing is paid at finalization without an attempt."""
    invoice = sdk.invoice(sdk.customer())
    assert (invoice.status, invoice.attempted, invoice.attempt_count) == ("paid", True, 0)


def test_out_of_band_void_and_uncollectible(sdk: Sdk) -> None:
    """§18.1: the other three ends; an uncollectible one can still be paid."""
    customer = sdk.customer()
    outside = sdk.v1.invoices.pay(sdk.invoice(customer, 1000).id, params={"paid_out_of_band": True})
    assert (outside.status, outside.attempted) == ("paid", False)
    assert "charge.succeeded" not in sdk.event_types()
    void = sdk.v1.invoices.void_invoice(sdk.invoice(customer, 1000).id)
    assert (void.status, void.total, void.status_transitions.voided_at) == ("void", 1000, NOW)
    error = sdk.refused(sdk.v1.invoices.pay, void.id)
    assert error.user_message == "You can only pass in open invoices. This invoice isn't open."
    bad = sdk.v1.invoices.mark_uncollectible(sdk.invoice(customer, 1000).id)
    assert bad.status == "uncollectible"
    error = sdk.refused(sdk.v1.invoices.mark_uncollectible, bad.id)
    assert error.user_message == "This invoice has already been marked uncollectible."
    assert sdk.v1.invoices.pay(bad.id).status == "paid"


def test_send_invoice_needs_a_term(sdk: Sdk) -> None:
    """§2.4, §18.1: the due date counts from the creation."""
    customer = sdk.customer()
    params = {"customer": customer.id, "collection_method": "send_invoice"}
    error = sdk.refused(sdk.v1.invoices.create, params=params)
    assert error.user_message == (
        "If invoice collection method is 'send_invoice', you must specify 'due_date' or 'days_until_due'."
    )
    draft = sdk.v1.invoices.create(params=params | {"days_until_due": 30})
    assert draft.due_date == NOW + 30 * DAY
    sent = sdk.v1.invoices.send_invoice(sdk.invoice(customer, 700, finalize=False).id)
    assert sent.status == "open"
    assert "invoice.sent" in sdk.event_types()


def test_only_drafts_can_be_changed_or_deleted(sdk: Sdk) -> None:
    """§2.4, §18.1."""
    customer = sdk.customer()
    draft = sdk.invoice(customer, 700, finalize=False)
    assert sdk.v1.invoices.update(draft.id, params={"description": "May"}).description == "May"
    assert sdk.v1.invoices.delete(draft.id).deleted is True
    final = sdk.invoice(customer, 700)
    error = sdk.refused(sdk.v1.invoices.update, final.id, params={"days_until_due": 3})
    assert error.http_status == 400
    assert sdk.v1.invoices.update(final.id, params={"metadata": {"k": "v"}}).metadata.k == "v"
    error = sdk.refused(sdk.v1.invoices.delete, final.id)
    assert error.user_message == "You can only delete draft invoices."
    lines = [{"amount": 100, "description": "late"}]
    error = sdk.refused(sdk.v1.invoices.add_lines, final.id, params={"lines": lines})
    assert (error.code, error.user_message) == (
        "invoice_not_editable",
        "Invalid invoice: This invoice is no longer editable",
    )


def test_lines_of_a_draft(sdk: Sdk) -> None:
    """§18.1: lines are added, changed, taken away; an added line is an invoice item."""
    draft = sdk.invoice(sdk.customer(), 700, finalize=False)
    lines = [{"amount": 300, "description": "more"}]
    changed = sdk.v1.invoices.add_lines(draft.id, params={"lines": lines})
    assert changed.total == 1000
    line = next(line for line in changed.lines.data if line.amount == 300)
    assert (line.id[:3], line.parent.type) == ("il_", "invoice_item_details")
    params = {"lines": [{"id": line.id, "amount": 400}]}
    assert sdk.v1.invoices.update_lines(draft.id, params=params).total == 1100
    params = {"lines": [{"id": line.id, "behavior": "delete"}]}
    assert sdk.v1.invoices.remove_lines(draft.id, params=params).total == 700


def test_auto_advance(sdk: Sdk) -> None:
    """§18.1: finalizes 3601 s after the creation, an attempt is due after 3600 s; off clears, on restores."""
    draft = sdk.v1.invoices.create(params={"customer": sdk.customer().id, "auto_advance": True})
    assert (draft.automatically_finalizes_at, draft.next_payment_attempt) == (NOW + 3601, NOW + 3600)
    update = sdk.v1.invoices.update
    assert update(draft.id, params={"auto_advance": False}).automatically_finalizes_at is None
    assert update(draft.id, params={"auto_advance": True}).automatically_finalizes_at == NOW + 3601


def test_items(sdk: Sdk) -> None:
    """§18.2: an amount mints a price and a product; an item of a final invoice cannot be deleted."""
    customer = sdk.customer()
    item = sdk.v1.invoice_items.create(params={"customer": customer.id, "amount": 500, "currency": "usd"})
    assert (item.quantity, item.discountable, item.proration, item.invoice) == (1, True, False, None)
    assert item.period.start == item.period.end == item.date == NOW
    assert item.pricing.price_details.price.startswith("price_")
    assert sdk.v1.invoice_items.update(item.id, params={"amount": 600}).amount == 600
    assert [row.id for row in sdk.v1.invoice_items.list(params={"pending": True}).data] == [item.id]
    assert sdk.v1.invoice_items.delete(item.id).deleted is True
    invoice = sdk.invoice(customer, 800)
    billed = invoice.lines.data[0].parent.invoice_item_details.invoice_item
    error = sdk.refused(sdk.v1.invoice_items.delete, billed)
    assert error.user_message == (
        "Can't delete an invoice item that is attached to an invoice that is no longer editable"
    )


def test_previews(sdk: Sdk) -> None:
    """§18.4: the next invoice of a subscription; nothing is stored; the same date gives the same amounts."""
    customer = sdk.customer()
    made = sdk.subscribe(customer, sdk.price(1000))
    before = len(sdk.events())
    shown = sdk.v1.invoices.create_preview(params={"subscription": made.id})
    assert (shown.id[:12], shown.status, shown.number, shown.total) == ("upcoming_in_", "draft", None, 1000)
    assert shown.lines.data[0].id.startswith("il_tmp_")
    assert len(sdk.events()) == before
    item, dear = made["items"].data[0], sdk.price(3000, name="Dear")
    moment = item.current_period_start + (item.current_period_end - item.current_period_start) // 3
    change = {"items": [{"id": item.id, "price": dear.id}], "proration_date": moment}
    preview = sdk.v1.invoices.create_preview(params={"subscription": made.id, "subscription_details": change})
    sdk.v1.subscriptions.update(made.id, params=change)
    pending = sdk.v1.invoice_items.list(params={"customer": customer.id, "pending": True}).data
    prorated = [line.amount for line in preview.lines.data if line.parent.type == "invoice_item_details"] or [
        line.amount
        for line in preview.lines.data
        if line.parent.subscription_item_details and line.parent.subscription_item_details.proration
    ]
    assert sorted(prorated) == sorted(row.amount for row in pending) == [-667, 2000]
    sdk.v1.subscriptions.cancel(made.id)
    error = sdk.refused(sdk.v1.invoices.create_preview, params={"subscription": made.id})
    assert (error.http_status, error.code) == (404, "invoice_upcoming_none")


def test_credit_notes_before_payment(sdk: Sdk) -> None:
    """§18.5: they lower what remains; the number follows the invoice's; voided, it is due again."""
    invoice = sdk.invoice(sdk.customer(), 2000)
    params = {"invoice": invoice.id, "amount": 500, "reason": "order_change"}
    note = sdk.v1.credit_notes.create(params=params)
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("pre_payment", 500, 0)
    assert (note.status, note.number) == ("issued", f"{invoice.number}-CN-01")
    credited = sdk.v1.invoices.retrieve(invoice.id)
    assert (credited.amount_remaining, credited.pre_payment_credit_notes_amount) == (1500, 500)
    assert sdk.refused(sdk.v1.credit_notes.create, params=params | {"amount": 1600}).http_status == 400
    assert sdk.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert sdk.v1.invoices.retrieve(invoice.id).amount_remaining == 2000


def test_credit_notes_after_payment(sdk: Sdk) -> None:
    """§18.5: the excess is refunded or credited, and must add up."""
    customer = sdk.customer()
    invoice = sdk.v1.invoices.pay(sdk.invoice(customer, 2000).id)
    create = sdk.v1.credit_notes.create
    assert sdk.refused(create, params={"invoice": invoice.id, "amount": 500}).http_status == 400
    params = {"invoice": invoice.id, "amount": 500, "refund_amount": 300, "credit_amount": 200}
    note = create(params=params)
    assert (note.type, note.post_payment_amount) == ("post_payment", 500)
    assert note.refunds[0].amount_refunded == 300
    assert sdk.v1.customers.retrieve(customer.id).balance == -200
    assert sdk.v1.charges.list().data[0].amount_refunded == 300
    assert sdk.v1.invoices.retrieve(invoice.id).post_payment_credit_notes_amount == 500
    assert sdk.event_types("credit_note") == ["credit_note.created"]
