"""Updates the subscription, and the customer's `delinquent` flag, after an invoice is paid, fails or is voided."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.invoices import finalize_and_pay
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import InvoicePrivate, SubscriptionItemPrivate, SubscriptionPrivate

from . import items, states


def invoice_paid(ctx: Context, invoice: Json) -> None:
    """Applies a payment: activates the subscription or applies its pending update, and clears `delinquent`."""
    subscription = _subscription(ctx, invoice)
    if subscription is not None:
        save_payment_method(ctx, subscription, invoice)
        _activate(ctx, subscription, invoice)
    if not _has_failed_invoices(ctx, invoice["customer"]):
        set_delinquent(ctx, invoice["customer"], False)


def save_payment_method(ctx: Context, subscription: Json, invoice: Json) -> None:
    """Saves the method that paid as the subscription's default, if its payment settings say so."""
    settings = subscription["payment_settings"] or {}
    intent = finalize_and_pay.intent_of(ctx, invoice)
    if settings.get("save_default_payment_method") != "on_subscription" or intent is None:
        return
    if intent["payment_method"] and intent["status"] == "succeeded":
        subscription["default_payment_method"] = intent["payment_method"]
        ctx.save(subscription)


def invoice_failed(ctx: Context, invoice: Json, *, automatic: bool) -> None:
    """Applies a failed payment: the subscription becomes `past_due`, and ends after the last retry.

    Without a payment method that could be charged it stays `past_due`.
    Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
    """
    subscription = _subscription(ctx, invoice)
    if automatic:
        set_delinquent(ctx, invoice["customer"], True)
    if subscription is None:
        return
    if _resumes_in_arrears(ctx, subscription, invoice):
        _apply_pending(ctx, subscription, invoice)
        change_status(ctx, subscription, "past_due")
    if subscription["status"] in ("active", "trialing") and _counts(subscription, invoice):
        change_status(ctx, subscription, "past_due")
    over = automatic and invoice["next_payment_attempt"] is None and subscription["status"] == "past_due"
    if over and ctx.private(invoice, InvoicePrivate).get("tried"):
        _end_after_retries(ctx, subscription)


def invoice_uncollectible(ctx: Context, invoice: Json) -> None:
    """Clears `delinquent`, and resumes a paused subscription that waited for this invoice."""
    set_delinquent(ctx, invoice["customer"], False)
    subscription = _subscription(ctx, invoice)
    if subscription is not None and subscription["status"] == "paused":
        _apply_pending(ctx, subscription, invoice)


def invoice_voided(ctx: Context, invoice: Json) -> None:
    """Expires an incomplete subscription, or drops a pending update, whose invoice was voided."""
    subscription = _subscription(ctx, invoice)
    if subscription is None:
        return
    if subscription["status"] == "incomplete" and subscription["latest_invoice"] == invoice["id"]:
        expire(ctx, subscription)
    elif _waits_for(ctx, subscription, invoice):
        discard_pending_update(ctx, subscription)


def expire(ctx: Context, subscription: Json) -> None:
    """Marks an incomplete subscription as expired, saves it and emits the event."""
    states.set_status(subscription, "incomplete_expired")
    subscription["ended_at"] = ctx.now()
    ctx.emit("customer.subscription.updated", subscription, ctx.save(subscription))


def discard_pending_update(ctx: Context, subscription: Json) -> None:
    """Discards a pending update, saves the subscription and emits the events."""
    subscription["pending_update"] = None
    ctx.private(subscription, SubscriptionPrivate).pop("pending", None)
    changed = ctx.save(subscription)
    ctx.emit("customer.subscription.pending_update_expired", subscription)
    ctx.emit("customer.subscription.updated", subscription, changed)


def change_status(ctx: Context, subscription: Json, status: str) -> None:
    """Sets the status, saves the subscription and emits the event if it changed."""
    states.set_status(subscription, status)
    changed = ctx.save(subscription)
    if changed:
        ctx.emit("customer.subscription.updated", subscription, changed)


def set_delinquent(ctx: Context, key: str, delinquent: bool) -> None:
    """Sets a customer's `delinquent` flag, saves the customer and emits the event if it changed."""
    customer = ctx.find("customer", key)
    if customer is None or bool(customer.get("delinquent")) == delinquent:
        return
    customer["delinquent"] = delinquent
    ctx.emit("customer.updated", customer, ctx.save(customer))


def _activate(ctx: Context, subscription: Json, invoice: Json) -> None:
    if _waits_for(ctx, subscription, invoice):
        _apply_pending(ctx, subscription, invoice)
        return
    recovers = subscription["status"] in ("past_due", "unpaid") and not _others_open(ctx, subscription, invoice)
    if recovers or subscription["status"] == "incomplete":
        change_status(ctx, subscription, "active")


def _others_open(ctx: Context, subscription: Json, invoice: Json) -> bool:
    """Whether another invoice is still unpaid after an attempt; if `unpaid`, only the latest invoice counts."""
    if subscription["status"] == "unpaid":
        return bool(subscription["latest_invoice"] != invoice["id"])
    return any(
        other["status"] == "open" and other["attempted"] and other["id"] != invoice["id"]
        for other in ctx.iterate("invoice", subscription=subscription["id"])
    )


def _end_after_retries(ctx: Context, subscription: Json) -> None:
    """Ends or marks the subscription after the last retry, by `AFTER_LAST_RETRY`."""
    if rules.AFTER_LAST_RETRY == "canceled":
        from .cancel import end_subscription

        end_subscription(ctx, subscription, "payment_failed")
    elif rules.AFTER_LAST_RETRY != "past_due":
        change_status(ctx, subscription, rules.AFTER_LAST_RETRY)


def _apply_pending(ctx: Context, subscription: Json, invoice: Json) -> None:
    """Applies a pending update: its members and items replace the current ones. Saves the subscription."""
    pending: dict[str, Any] = ctx.private(subscription, SubscriptionPrivate).pop("pending", {})
    members = pending.get("members", {})
    states.set_status(subscription, members.pop("status", subscription["status"]))
    subscription |= members
    kept = []
    for kept_back in pending.get("items", ()):
        parked = dict(kept_back)
        billed = parked.pop("billed", None)
        item = ctx.find("subscription_item", parked["id"])
        if item is None:
            item = parked
            ctx.insert(item)
        item.update(parked)
        if billed:
            ctx.private(item, SubscriptionItemPrivate)["billed"] = billed
        kept.append(item)
    for item in items.items_of(ctx, subscription):
        if pending.get("items") and item not in kept:
            ctx.delete(item)
    was_paused = subscription["status"] == "paused"
    if was_paused:
        states.set_status(subscription, "active")
    subscription["pending_update"] = None
    changed = items.save(ctx, subscription, kept or items.items_of(ctx, subscription))
    if was_paused:
        ctx.emit("customer.subscription.resumed", subscription)
    ctx.emit("customer.subscription.pending_update_applied", subscription)
    ctx.emit("customer.subscription.updated", subscription, changed)


def _waits_for(ctx: Context, subscription: Json, invoice: Json) -> bool:
    """Whether the invoice pays for the pending update; a subscription that was canceled has none any more."""
    pending = ctx.private(subscription, SubscriptionPrivate).get("pending")
    return bool(subscription["pending_update"] and pending and pending.get("invoice") == invoice["id"])


def _resumes_in_arrears(ctx: Context, subscription: Json, invoice: Json) -> bool:
    """Whether a failed attempt to pay the invoice resumes a paused subscription."""
    pending = ctx.private(subscription, SubscriptionPrivate).get("pending") or {}
    waits = subscription["status"] == "paused" and _waits_for(ctx, subscription, invoice)
    return waits and not pending.get("only_if_paid")


def _counts(subscription: Json, invoice: Json) -> bool:
    """Whether a failure of the invoice makes the subscription `past_due`; a pending update leaves it unchanged."""
    return bool(subscription["pending_update"] is None)


def _has_failed_invoices(ctx: Context, customer: str) -> bool:
    return any(
        invoice["status"] == "open" and invoice["attempt_count"]
        for invoice in ctx.iterate("invoice", customer=customer, status="open")
    )


def _subscription(ctx: Context, invoice: Json) -> Json | None:
    key = finalize_and_pay.subscription_id_of(invoice)
    return ctx.find("subscription", key) if key else None
