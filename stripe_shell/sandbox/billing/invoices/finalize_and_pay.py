"""Invoices from finalized to paid, void or uncollectible: numbers, balance, PaymentIntents, attempts.

What the result changes on the subscription is in billing/subscriptions/after_payment.py.
Source: https://docs.stripe.com/invoicing/integration/workflow-transitions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.periods import DAY
from stripe_shell.sandbox.currencies import maximum, minimum, unpayable
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.carried_over import customer_to_invoice, rendering_of
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import InvoicePrivate, PaymentIntentPrivate

from . import customer_balance, discounts, draft

if TYPE_CHECKING:
    from stripe_shell.sandbox.payments.confirmation import PaymentAttempt

#: Billing reasons of invoices that their own request pays, or the customer: no attempt is scheduled for them.
_PAID_AT_ONCE = ("subscription_create", "subscription_update")

_HOSTED = "https://invoice.stripe.com/i"
_PDF = "https://pay.stripe.com/invoice"


# --- finalize -------------------------------------------------------------------------------------------------


def finalize_invoice(ctx: Context, invoice: Json, *, method: str | None = None, paid_by: Json | None = None) -> None:
    """Finalizes and saves a draft: sets its number, applies the balance, creates a PaymentIntent for what is due.

    An invoice with nothing due becomes paid. `method` is the id of a payment method for the intent, if known. `paid_by`
    is a PaymentIntent that already paid the whole invoice, so that the balance is not applied.
    """
    customer = ctx.get("customer", invoice["customer"])
    invoice |= customer_to_invoice(ctx, customer)
    draft.recalculate(ctx, invoice)
    _invoice_number(invoice, customer)
    now = ctx.now()
    invoice["status"] = "open"
    invoice["status_transitions"]["finalized_at"] = now
    invoice["effective_at"] = invoice["effective_at"] or now
    invoice["automatically_finalizes_at"] = None
    invoice["webhooks_delivered_at"] = invoice["webhooks_delivered_at"] or now
    invoice["rendering"] = rendering_of(invoice, final=True)
    by_itself = invoice["auto_advance"] and _is_charged(invoice) and invoice["billing_reason"] not in _PAID_AT_ONCE
    invoice["next_payment_attempt"] = now + rules.DRAFT_FOR if by_itself else None
    token = f"test_{ctx.ids.text(40)}"
    invoice["hosted_invoice_url"] = f"{_HOSTED}/{ctx.account}/{token}?s=ap"
    invoice["invoice_pdf"] = f"{_PDF}/{ctx.account}/{token}/pdf?s=ap"
    if paid_by is None:
        _apply_balance(ctx, invoice, customer)
    ctx.save(customer)
    invoice["amount_remaining"] = invoice["amount_due"]
    _use_up_discounts(ctx, invoice, customer)
    if invoice["amount_due"]:
        ctx.save(invoice)
        ctx.emit("invoice.finalized", invoice)
        if paid_by is None:
            _open_payment(ctx, invoice, method)
        else:
            attach_payment(ctx, invoice, paid_by)
    else:
        _mark_zero_due_paid(ctx, invoice)


def _apply_balance(ctx: Context, invoice: Json, customer: Json) -> None:
    customer_balance.apply_to_invoice(ctx, invoice, customer)
    if not _is_charged(invoice):
        return
    if 0 < invoice["amount_due"] < minimum(invoice["currency"]):
        customer_balance.carry_over(ctx, invoice, customer, "invoice_too_small")
    elif invoice["amount_due"] > maximum(invoice["currency"]):
        customer_balance.carry_over(ctx, invoice, customer, "invoice_too_large")
    elif rest := unpayable(invoice["amount_due"], invoice["currency"]):  # of taxes and prorations (assumed)
        customer_balance.carry_over(ctx, invoice, customer, "invoice_too_small", rest)


def _invoice_number(invoice: Json, customer: Json) -> None:
    """Sets the invoice's number, `{prefix}-0001`, counted per customer; a number that is set already stays.

    Mutates `invoice` and `customer`. Source: https://docs.stripe.com/invoicing/customize
    """
    sequence = customer.get("next_invoice_sequence") or 1
    if not invoice["number"]:
        invoice["number"] = f"{customer.get('invoice_prefix') or 'INVOICE'}-{sequence:04d}"
        customer["next_invoice_sequence"] = sequence + 1
    customer["currency"] = customer.get("currency") or invoice["currency"]


def _mark_zero_due_paid(ctx: Context, invoice: Json) -> None:
    """Marks an invoice with zero due as paid, and saves it."""
    invoice |= {"attempted": True, "auto_advance": False, "next_payment_attempt": None, "status": "paid"}
    invoice["status_transitions"]["paid_at"] = ctx.now()
    ctx.save(invoice)
    for name in ("invoice.finalized", "invoice.paid", "invoice.payment_succeeded"):
        ctx.emit(name, invoice)


def _use_up_discounts(ctx: Context, invoice: Json, customer: Json) -> None:
    """Removes `once` discounts that reduced this invoice from the customer and the subscription.

    Saves both. Source: https://docs.stripe.com/billing/subscriptions/coupons
    """
    used = {entry["discount"] for entry in invoice["total_discount_amounts"] or () if entry["amount"]}
    once = [name for name in used if discounts.is_once(ctx, name)]
    if not once:
        return
    own = customer.get("discount")
    if isinstance(own, dict) and own["id"] in once:
        customer["discount"] = None
        changed = ctx.save(customer)
        ctx.emit("customer.discount.deleted", own)
        ctx.emit("customer.updated", customer, changed)
    key = subscription_id_of(invoice)
    subscription = ctx.find("subscription", key) if key else None
    if subscription is None:
        return
    for item in ctx.all("subscription_item", subscription=subscription["id"], oldest_first=True):
        if discounts.drop_used(ctx, item, once):
            ctx.save(item)
    shown = {item["id"]: item for item in subscription["items"]["data"]}
    for item in shown.values():
        item["discounts"] = [name for name in item["discounts"] if name not in once]
    discounts.drop_used(ctx, subscription, once)
    ctx.save(subscription)


def _open_payment(ctx: Context, invoice: Json, method: str | None) -> None:
    """Creates the PaymentIntent of an open invoice, and saves the invoice."""
    from stripe_shell.sandbox.payments import confirmation

    intent = confirmation.open_intent(
        ctx,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        payment_method=method or invoice["default_payment_method"],
        off_session=False,
        description=_payment_text(invoice),
        metadata={},
        invoice=invoice["id"],
    )
    ctx.private(invoice, InvoicePrivate)["payment_intent"] = intent["id"]
    secret = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    ctx.private(invoice, InvoicePrivate)["confirmation_secret"] = secret
    ctx.save(invoice)
    _link_intent(ctx, invoice, intent, is_default=True)


def _link_intent(ctx: Context, invoice: Json, intent: Json, *, is_default: bool) -> None:
    """Stores the invoice payment that links a PaymentIntent to an invoice."""
    ctx.insert(
        ctx.new(
            "invoice_payment",
            amount_requested=intent["amount"],
            currency=invoice["currency"],
            invoice=invoice["id"],
            is_default=is_default,
            payment={"payment_intent": intent["id"], "type": "payment_intent"},
            status="open",
        )
    )


def _payment_text(invoice: Json) -> str | None:
    reasons = {"subscription_create": "Subscription creation", "subscription_update": "Subscription update"}
    if invoice["billing_reason"] in reasons:
        return reasons[invoice["billing_reason"]]
    return f"Payment for Invoice {invoice['number']}" if invoice["number"] else None


# --- pay ------------------------------------------------------------------------------------------------------


def pay_invoice(
    ctx: Context, invoice: Json, *, method: str | None = None, off_session: bool = True, automatic: bool = False
) -> PaymentAttempt | None:
    """Attempts to pay an open invoice and records the result; returns None if there is no payment method.

    `method` defaults to that of the invoice, the subscription or the customer. `automatic` means scheduled by Stripe.
    """
    from stripe_shell.sandbox.payments import confirmation

    key = subscription_id_of(invoice)
    subscription = ctx.find("subscription", key) if key else None
    chosen = method or invoice["default_payment_method"]
    chosen = chosen or confirmation.default_method(ctx, ctx.get("customer", invoice["customer"]), subscription)
    if chosen is None:
        record_failure(ctx, invoice, None, automatic=automatic)
        return None
    ctx.private(invoice, InvoicePrivate)["tried"] = True
    intent = ctx.get("payment_intent", ctx.private(invoice, InvoicePrivate)["payment_intent"])
    attempt = confirmation.confirm_existing(ctx, intent, chosen, off_session)
    if attempt.status == "succeeded":
        record_payment(ctx, invoice)
    elif attempt.status == "requires_action":
        record_action_required(ctx, invoice)
    elif attempt.status != "processing":
        record_failure(ctx, invoice, attempt.error, automatic=automatic)
    return attempt


def record_payment(ctx: Context, invoice: Json, *, out_of_band: bool = False) -> None:
    """Marks the invoice as paid by its PaymentIntent, or out of band. Saves it and emits the events."""
    paid = invoice["amount_remaining"]
    invoice |= {
        "amount_paid": invoice["amount_paid"] + (0 if out_of_band else paid),
        "amount_remaining": 0,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "paid",
    }
    invoice.pop("status_details", None)
    invoice["status_transitions"]["paid_at"] = ctx.now()
    if out_of_band:
        invoice["amount_paid"] = invoice["amount_due"]
        invoice["amount_paid_off_stripe"] = paid
        cancel_payment(ctx, invoice)
        ctx.save(invoice)
        ctx.emit("invoice.paid", invoice)
        return
    invoice["attempted"] = True
    invoice["attempt_count"] = max(invoice["attempt_count"], 1)
    changed = ctx.save(invoice)
    for payment in _open_payments(ctx, invoice):
        payment |= {"amount_paid": paid, "status": "paid"}
        payment["status_transitions"]["paid_at"] = ctx.now()
        ctx.save(payment)
        ctx.emit("invoice_payment.paid", payment)
    ctx.emit("invoice.updated", invoice, changed)
    ctx.emit("invoice.payment_succeeded", invoice)
    ctx.emit("invoice.paid", invoice)


def record_failure(ctx: Context, invoice: Json, error: StripeError | None, *, automatic: bool) -> None:
    """Counts a failed attempt and schedules the next one. Saves the invoice and emits the events.

    After the first attempt only automatic ones count. Source: Stripe's API reference, `attempt_count` of an invoice.
    """
    invoice["attempted"] = True
    if automatic or not invoice["attempt_count"]:
        invoice["attempt_count"] += 1
    by_itself = invoice["auto_advance"] and invoice["billing_reason"] != "subscription_create"
    invoice["next_payment_attempt"] = next_attempt(ctx, invoice) if by_itself or automatic else None
    code = (error.extra.get("decline_code") or error.code) if error else None
    ctx.private(invoice, InvoicePrivate)["refusal"] = code
    changed = ctx.save(invoice)
    ctx.emit("invoice.payment_failed", invoice)
    if code == "authentication_required":
        ctx.emit("invoice.payment_action_required", invoice)
    ctx.emit("invoice.updated", invoice, changed)


def record_action_required(ctx: Context, invoice: Json) -> None:
    """Records that the payment requires an action of the customer. Saves the invoice and emits the events."""
    invoice["attempted"] = True
    changed = ctx.save(invoice)
    ctx.emit("invoice.payment_action_required", invoice)
    ctx.emit("invoice.updated", invoice, changed)


def next_attempt(ctx: Context, invoice: Json) -> int | None:
    """Returns when a failed payment is retried, in epoch seconds; None after the last attempt."""
    tried = max(invoice["attempt_count"], 1)
    if tried > len(rules.RETRY_AFTER_DAYS):
        return None
    return ctx.now() + rules.RETRY_AFTER_DAYS[tried - 1] * DAY


# --- void and uncollectible -----------------------------------------------------------------------------------


def void_invoice(ctx: Context, invoice: Json) -> None:
    """Voids an open invoice: returns the applied balance, cancels the payment, and saves it."""
    invoice |= {"auto_advance": False, "next_payment_attempt": None, "status": "void"}
    invoice.pop("status_details", None)
    invoice["status_transitions"]["voided_at"] = ctx.now()
    customer_balance.restore(ctx, invoice, ctx.get("customer", invoice["customer"]))
    cancel_payment(ctx, invoice)
    ctx.save(invoice)
    ctx.emit("invoice.voided", invoice)


def mark_uncollectible(ctx: Context, invoice: Json, reason: str = "user_forgiven") -> None:
    """Marks an invoice as uncollectible, which ends its automatic collection, and saves it.

    `reason` is what `status_details` say. Which of its values stands for what is certainty C.
    """
    invoice |= {"auto_advance": False, "next_payment_attempt": None, "status": "uncollectible"}
    invoice["status_details"] = {"uncollectible": {"reason": reason}}
    invoice["status_transitions"]["marked_uncollectible_at"] = ctx.now()
    ctx.save(invoice)
    ctx.emit("invoice.marked_uncollectible", invoice)


def cancel_payment(ctx: Context, invoice: Json) -> None:
    """Cancels the open payments and the PaymentIntent of an invoice, and saves them."""
    for payment in _open_payments(ctx, invoice):
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = ctx.now()
        ctx.save(payment)
    key = ctx.private(invoice, InvoicePrivate).get("payment_intent")
    intent = ctx.find("payment_intent", key) if key else None
    if intent is None or intent["status"] in ("succeeded", "canceled"):
        return
    intent |= {"status": "canceled", "canceled_at": ctx.now(), "cancellation_reason": "void_invoice"}
    intent["next_action"] = None
    ctx.save(intent)
    ctx.emit("payment_intent.canceled", intent)


def subscription_id_of(invoice: Json) -> str | None:
    """Returns the id of the subscription that an invoice bills, or None."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    key = details.get("subscription")
    return str(key) if key else None


def intent_of(ctx: Context, invoice: Json) -> Json | None:
    """Returns the PaymentIntent of an invoice, or None."""
    key = ctx.private(invoice, InvoicePrivate).get("payment_intent")
    return ctx.find("payment_intent", key) if key else None


def check_invoice_open(invoice: Json) -> None:
    """Raises StripeError unless the invoice is open, or is uncollectible and was finalized."""
    final = invoice["status_transitions"]["finalized_at"] is not None
    if invoice["status"] not in ("open", "uncollectible") or not final:
        raise errors.invalid("You can only pass in open invoices. This invoice isn't open.")


def _open_payments(ctx: Context, invoice: Json) -> list[Json]:
    return [payment for payment in ctx.all("invoice_payment", invoice=invoice["id"]) if payment["status"] == "open"]


def _is_charged(invoice: Json) -> bool:
    return bool(invoice["collection_method"] == "charge_automatically")


def attach_payment(ctx: Context, invoice: Json, intent: Json) -> None:
    """Links an existing PaymentIntent to an open invoice; one that has succeeded pays it at once."""
    ctx.private(intent, PaymentIntentPrivate)["invoice"] = invoice["id"]
    ctx.save(intent)
    _link_intent(ctx, invoice, intent, is_default=False)
    if intent["status"] == "succeeded" and intent["amount_received"] >= invoice["amount_remaining"]:
        record_payment(ctx, invoice)
