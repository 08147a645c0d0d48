"""Subscriptions that pause on request or as scheduled, and go on.

Source: https://docs.stripe.com/billing/subscriptions/pause
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.invoices import draft, finalize_and_pay, lines, prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import SubscriptionPrivate
from stripe_shell.sandbox.payments import confirmation

from . import after_payment, cancel, first_invoice, items, pending_update, proration, renew, states
from .proration import ItemChange
from .update_state import SubscriptionUpdate, draft_now, full_records, new_periods

# --- pause -----------------------------------------------------------------------------------------------------------


def check_pausable(subscription: Json) -> None:
    """Raises StripeError for a subscription that cannot be paused; the texts are assumed.

    That only `active` ones can is certainty C; the page tells of flexible billing.
    """
    cancel.check_alive(subscription)
    if subscription["status"] != "active":
        raise errors.invalid("You can only pause a subscription if it is `active`.")
    if (subscription["billing_mode"] or {}).get("type") != "flexible":
        raise errors.invalid("You can only pause a subscription in `flexible` billing mode.")


def pause(ctx: Context, subscription: Json, settings: Mapping[str, Any]) -> None:
    """Pauses a subscription: its periods end now, and no invoice is made until it is resumed. Saves it.

    `settings` are the parameters of the request: `bill_for` says what is credited and billed, `invoicing_behavior`
    whether at once or on the next invoice. Raises StripeError.
    """
    check_pausable(subscription)
    now, own = ctx.now(), items.items_of(ctx, subscription)
    bill_for = settings.get("bill_for") or {}
    usage, unused = (_kind(bill_for, name) for name in ("outstanding_usage_through", "unused_time_from"))
    for item in reversed(own):
        if prices.is_metered(item["price"]):
            if usage != "none":
                _bill_usage(ctx, subscription, item)
        elif unused != "none":
            start = item["current_period_start"] if unused == "item_current_period_start" else now
            proration.credit_unused(ctx, subscription, item, start)
        items.set_period(item, Period(item["current_period_start"], now))
    states.pause(subscription, "pause_requested", now)
    changed = items.save(ctx, subscription, own)
    ctx.emit("customer.subscription.paused", subscription)
    ctx.emit("customer.subscription.updated", subscription, changed)
    if settings.get("invoicing_behavior") == "invoice":
        _invoice(ctx, subscription, own)


def _kind(bill_for: Mapping[str, Any], name: str) -> str | None:
    return (bill_for.get(name) or {}).get("type")


def _bill_usage(ctx: Context, subscription: Json, item: Json) -> None:
    """Stores a pending item for the usage of the period that ends now."""
    period = Period(item["current_period_start"], ctx.now())
    quantity = renew.metered_usage(ctx, subscription, item, period)
    if quantity:
        records = lines.whole_period_lines(ctx, subscription, item, period, quantity)
        lines.proration_item(
            ctx,
            subscription,
            item,
            amount=sum(record["line"]["amount"] for record in records),
            description=records[0]["line"]["description"],
            period=period,
            quantity=quantity,
            credited=None,
        )


def _invoice(ctx: Context, subscription: Json, own: list[Json]) -> None:
    """Bills what is pending, and tries to collect it. Saves the subscription."""
    customer = ctx.get("customer", subscription["customer"])
    if not lines.pending_items(ctx, customer["id"], subscription["id"], subscription["currency"]):
        return
    update = SubscriptionUpdate(ctx, customer, {}, subscription, deepcopy(subscription), own)
    invoice = draft_now(update, "subscription_update")
    subscription["latest_invoice"] = invoice["id"]
    ctx.emit("customer.subscription.updated", subscription, items.save(ctx, subscription, own))
    if subscription["collection_method"] == "charge_automatically":
        method = confirmation.default_method(ctx, customer, subscription)
        finalize_and_pay.finalize_invoice(ctx, invoice, method=method)
        if invoice["status"] == "open":
            finalize_and_pay.pay_invoice(ctx, invoice, automatic=True)


# --- resume ----------------------------------------------------------------------------------------------------------


def resume(ctx: Context, subscription: Json, params: Json) -> None:
    """Resumes a paused subscription: bills a new cycle; it becomes active once that is paid. Raises StripeError.

    Until then it stays `paused`, with a pending update and a SetupIntent (observed in test mode recordings). An
    unchanged `billing_cycle_anchor` charges the rest of the period instead, on the next invoice unless
    `proration_behavior` is `always_invoice`. With `resume_on_payment_success` the payment is attempted at once.
    """
    cancel.check_alive(subscription)
    if subscription["status"] != "paused":
        raise errors.invalid("You can only resume a subscription if it is `paused`.")
    customer = ctx.get("customer", subscription["customer"])
    own = items.items_of(ctx, subscription)
    update = SubscriptionUpdate(ctx, customer, params, subscription, deepcopy(subscription), own)
    previous = pending_update.snapshot(ctx, subscription, own)
    if params.get("billing_cycle_anchor") == "unchanged":
        _charge_rest(update)
    else:
        subscription["billing_cycle_anchor"] = ctx.now()
        new_periods(update)
        update.records, update.bill = full_records(update), True
    if not update.bill:
        _go_on(update)
        return
    invoice = draft_now(update, "subscription_cycle")
    finalize_and_pay.finalize_invoice(ctx, invoice, method=confirmation.default_method(ctx, customer, subscription))
    subscription["latest_invoice"] = invoice["id"]
    if invoice["status"] == "paid":
        _go_on(update)
    else:
        _wait_for(update, previous, invoice)


def _charge_rest(update: SubscriptionUpdate) -> None:
    """Moves the items to the period around now, and charges what is left of it, by `proration_behavior`."""
    ctx, subscription = update.ctx, update.subscription
    new_periods(update)
    if update.behavior == "none":
        return
    nets = list(zip(update.items, items.net_amounts(ctx, subscription, update.items), strict=True))
    added = [ItemChange(None, item, None) for item in update.items]
    proration.prorate(ctx, subscription, added, time=update.time, old=update.old, nets=nets)
    update.bill = update.behavior == "always_invoice"


def _go_on(update: SubscriptionUpdate) -> None:
    ctx, subscription = update.ctx, update.subscription
    states.set_status(subscription, "active")
    changed = items.save(ctx, subscription, update.items)
    ctx.emit("customer.subscription.resumed", subscription)
    ctx.emit("customer.subscription.updated", subscription, changed)


def _wait_for(update: SubscriptionUpdate, previous: Json, invoice: Json) -> None:
    """Keeps the subscription paused until its invoice is paid, or an attempt to pay it fails.

    Source: https://docs.stripe.com/changelog/endive/2026-09-30/pause-subscription
    """
    ctx, subscription = update.ctx, update.subscription
    draft.set_auto_advance(invoice, True)
    invoice["automatically_finalizes_at"] = None
    ctx.save(invoice)
    pending_update.store_pending_update(ctx, subscription, update.items, previous, invoice)
    on_success = update.params.get("payment_behavior") == "resume_on_payment_success"
    ctx.private(subscription, SubscriptionPrivate)["pending"]["only_if_paid"] = on_success
    subscription["pending_setup_intent"] = first_invoice.setup_intent(ctx, subscription)["id"]
    ctx.emit("customer.subscription.updated", subscription, ctx.save(subscription))
    if on_success:
        finalize_and_pay.pay_invoice(ctx, invoice)
        if invoice["status"] == "paid":
            after_payment.invoice_paid(ctx, invoice)
