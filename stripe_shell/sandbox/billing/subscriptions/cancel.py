"""The end of subscriptions: by request, at the end of a period, or by Stripe after failed payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.invoices import draft, lines
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import InvoicePrivate

from . import items, proration, states


def check_alive(subscription: Json) -> None:
    """Raises StripeError, as for an unknown id, if the subscription is canceled or expired."""
    if subscription["status"] in rules.OVER:
        raise errors.missing("subscription", subscription["id"], param="id", status=404)


def cancel(ctx: Context, subscription: Json, params: Mapping[str, Any]) -> None:
    """Cancels now: `prorate` credits unused time, `invoice_now` bills pending items. Raises StripeError."""
    check_alive(subscription)
    if subscription["cancel_at_period_end"]:  # it ends now, not at the end of the period (recorded)
        subscription |= {"cancel_at": None, "cancel_at_period_end": False}
    note_details(ctx, subscription, params.get("cancellation_details"))
    customer = ctx.find("customer", subscription["customer"])
    if customer is not None:
        if params.get("prorate") and subscription["status"] in ("active", "past_due", "unpaid"):
            proration.credit_all(ctx, subscription)
        if params.get("invoice_now"):
            _last_invoice(ctx, customer, subscription)
    end_subscription(ctx, subscription, "cancellation_requested")


def end_subscription(ctx: Context, subscription: Json, reason: str) -> None:
    """Cancels and saves a subscription, keeps an earlier `canceled_at`, and ends its schedule.

    Collection of its unpaid invoices stops. Source: https://docs.stripe.com/billing/subscriptions/cancel
    """
    now = ctx.now()
    states.set_status(subscription, "canceled")
    subscription |= {"ended_at": now, "pause_collection": None, "pending_update": None}
    subscription["canceled_at"] = subscription["canceled_at"] or now
    subscription["next_pending_invoice_item_invoice"] = None
    details = subscription["cancellation_details"] = dict(subscription["cancellation_details"] or {})
    details["reason"] = details.get("reason") or reason
    ctx.save(subscription)
    for invoice in ctx.all("invoice", subscription=subscription["id"]):
        if invoice["status"] in ("draft", "open") and invoice["auto_advance"]:
            invoice |= {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}
            ctx.save(invoice)
    ctx.emit("customer.subscription.deleted", subscription)
    _end_schedule(ctx, subscription, reason)


def note_details(ctx: Context, subscription: Json, feedback: Any) -> None:
    """Sets the customer's comment and feedback about the cancellation. Mutates `subscription`. Raises StripeError.

    `feedback_option` is one of the account's own reasons.
    """
    if not feedback:
        return
    option = feedback.get("feedback_option")
    if option:
        ctx.get("billing.feedback_option", option, param="cancellation_details[feedback_option]")
    details = subscription["cancellation_details"] = dict(subscription["cancellation_details"] or {})
    for name in ("comment", "feedback", "feedback_option"):
        if name in feedback:
            details[name] = feedback[name] or None


def _last_invoice(ctx: Context, customer: Json, subscription: Json) -> None:
    """Stores a draft of the pending items as the latest invoice. Mutates `subscription`.

    Stripe marks a final invoice that is a credit as uncollectible seconds later (observed in test mode recordings).
    """
    waiting = lines.pending_items(ctx, customer["id"], subscription["id"], subscription["currency"])
    if not waiting:
        return
    period = Period(items.period_of(items.items_of(ctx, subscription)[0]).start, ctx.now())
    invoice = draft.subscription_draft(ctx, customer, subscription, reason="subscription_cycle", period=period)
    draft.fill_draft(ctx, invoice, (), waiting)
    if invoice["total"] <= 0:
        draft.set_auto_advance(invoice, False)
        ctx.private(invoice, InvoicePrivate)["uncollectible_at"] = ctx.now() + 5
    draft.store_draft(ctx, invoice, waiting)
    subscription["latest_invoice"] = invoice["id"]


def _end_schedule(ctx: Context, subscription: Json, reason: str) -> None:
    """Cancels the schedule of a canceled subscription, and saves it."""
    key = subscription["schedule"]
    schedule = ctx.find("subscription_schedule", key) if key else None
    if schedule is None or schedule["status"] not in ("active", "not_started"):
        return
    states.set_schedule_status(schedule, "canceled")
    schedule |= {"canceled_at": ctx.now(), "current_phase": None}
    ctx.save(schedule)
    ctx.emit(f"subscription_schedule.{'aborted' if reason == 'payment_failed' else 'canceled'}", schedule)
