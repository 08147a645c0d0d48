"""Subscriptions over time: renewals, ends of trials, finalization of drafts, retries."""

from __future__ import annotations

from collections.abc import Sequence

from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.money import half_up
from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.invoices import draft, finalize_and_pay, lines, prices
from stripe_shell.sandbox.billing.invoices.lines import Record
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.events import previous_attributes
from stripe_shell.sandbox.objects.private_fields import InvoicePrivate
from stripe_shell.sandbox.payments import confirmation

from . import after_payment, cancel, items, states, trial_offers
from .usage import usage_total
from .usage_records import recorded_usage

# --- renewals ----------------------------------------------------------------------------------------------------


def renew(ctx: Context, subscription: Json) -> None:
    """Moves the items whose period is over to the next one, bills it, and saves the subscription.

    The invoice's own period is the one that is over: https://docs.stripe.com/billing/invoices/subscription
    """
    now = ctx.now()
    old = ctx.stored(subscription) or {}
    own = items.items_of(ctx, subscription)
    due = [item for item in own if item["current_period_end"] <= now]
    over = Period(min(item["current_period_start"] for item in due), now)
    end_offers(ctx, subscription, due, now, alone=len(due) == len(own))
    records = next_records(ctx, subscription, due, now)
    _advance_periods(subscription, due, now)
    with ctx.hold_events() as held:
        _bill_cycle(ctx, subscription, due, records, over)
    items.save(ctx, subscription, own)
    ctx.emit("customer.subscription.updated", subscription, previous_attributes(old, subscription))
    ctx.release_events(held)


def next_records(ctx: Context, subscription: Json, due: Sequence[Json], time: int) -> list[Record]:
    """Returns the lines that bill items for the period that starts at `time`, and metered usage in arrears."""
    records = []
    for item in reversed(due):
        price = item["price"]
        whole = prices.cycle_of(subscription, price).period_at(time)
        period = Period(time, min(whole.end, subscription["cancel_at"] or whole.end))
        quantity = items.quantity_of(item)
        if prices.is_metered(price):
            period = items.period_of(item)
            quantity = metered_usage(ctx, subscription, item, period)
        if period.end < whole.end and not prices.is_metered(price):
            records.append(lines.part_line(ctx, subscription, item, period, whole, quantity=quantity))
        else:
            records += lines.whole_period_lines(ctx, subscription, item, period, quantity)
    return records


def end_offers(ctx: Context, subscription: Json, due: Sequence[Json], now: int, *, alone: bool) -> None:
    """Sets the price that follows a trial offer, and the anchor to now unless `trial_settings` keep it.

    With other items that are not due (`alone` is false) the anchor stays, whose periods it counts (certainty C).
    """
    ended = [(item, price) for item in due if (price := trial_offers.price_after(ctx, item, now)) is not None]
    for item, price in ended:
        items.set_price(ctx, item, price, item.get("quantity"))
        item["current_trial"] = None
    behavior = (subscription["trial_settings"] or {}).get("end_behavior") or {}
    if ended and alone and behavior.get("billing_cycle_anchor") != "unchanged":
        subscription |= {"billing_cycle_anchor": now, "billing_cycle_anchor_config": None}


def _advance_periods(subscription: Json, due: Sequence[Json], time: int) -> None:
    for item in due:
        whole = prices.cycle_of(subscription, item["price"]).period_at(time)
        items.set_period(item, Period(time, min(whole.end, subscription["cancel_at"] or whole.end)))


def _bill_cycle(ctx: Context, subscription: Json, due: Sequence[Json], records: list[Record], over: Period) -> None:
    customer = ctx.get("customer", subscription["customer"])
    waiting = lines.pending_items(ctx, customer["id"], subscription["id"], subscription["currency"])
    invoice = draft.subscription_draft(ctx, customer, subscription, reason="subscription_cycle", period=over)
    pause = subscription["pause_collection"] or {}
    if subscription["status"] == "unpaid" or pause.get("behavior") == "keep_as_draft":
        draft.set_auto_advance(invoice, False)
    draft.fill_draft(ctx, invoice, records, waiting)
    draft.store_draft(ctx, invoice, waiting)
    items.note_billed(ctx, subscription, due, lines.records_of(ctx, invoice), invoice)
    subscription["latest_invoice"] = invoice["id"]
    if pause.get("behavior") in ("void", "mark_uncollectible"):
        advance_draft(ctx, invoice)


def metered_usage(ctx: Context, subscription: Json, item: Json, period: Period) -> int:
    """Returns the usage in a period: what the meter of a metered price recorded, or without one, usage records."""
    key = (item["price"]["recurring"] or {}).get("meter")
    if not key:
        return recorded_usage(ctx, item, period)
    meter = ctx.find("billing.meter", key)
    if meter is None:
        return 0
    return half_up(usage_total(ctx, meter, subscription["customer"], period))


# --- trials ------------------------------------------------------------------------------------------------------


def end_trial(ctx: Context, subscription: Json) -> None:
    """Ends a trial: bills the first period, or pauses or cancels if there is no payment method. Saves it."""
    customer = ctx.get("customer", subscription["customer"])
    charged = subscription["collection_method"] == "charge_automatically"
    lacking = charged and confirmation.default_method(ctx, customer, subscription) is None
    settings = (subscription["trial_settings"] or {}).get("end_behavior") or {}
    if lacking and settings.get("missing_payment_method") == "cancel":
        cancel.end_subscription(ctx, subscription, "cancellation_requested")
    elif lacking and settings.get("missing_payment_method") == "pause":
        states.pause(subscription, "trial_end_without_payment_method", ctx.now())
        changed = ctx.save(subscription)
        ctx.emit("customer.subscription.paused", subscription)
        ctx.emit("customer.subscription.updated", subscription, changed)
    else:
        states.set_status(subscription, "active")
        renew(ctx, subscription)


# --- drafts and open invoices ------------------------------------------------------------------------------------


def advance_draft(ctx: Context, invoice: Json) -> None:
    """Finalizes a draft when its hour is over, and charges or sends it.

    A paused collection voids it or marks it uncollectible: https://docs.stripe.com/billing/subscriptions/pause-payment
    """
    key = finalize_and_pay.subscription_id_of(invoice)
    subscription = ctx.find("subscription", key) if key else None
    customer = ctx.get("customer", invoice["customer"])
    method = confirmation.default_method(ctx, customer, subscription)
    finalize_and_pay.finalize_invoice(ctx, invoice, method=invoice["default_payment_method"] or method)
    pause = (subscription or {}).get("pause_collection") or {}
    if invoice["status"] == "paid":
        after_payment.invoice_paid(ctx, invoice)
    elif pause.get("behavior") == "void":
        finalize_and_pay.void_invoice(ctx, invoice)
    elif pause.get("behavior") == "mark_uncollectible":
        finalize_and_pay.mark_uncollectible(ctx, invoice, "subscription_paused")
    elif invoice["collection_method"] == "send_invoice":
        ctx.emit("invoice.sent", invoice)
    else:
        retry_payment(ctx, invoice)


def retry_payment(ctx: Context, invoice: Json) -> None:
    """Charges an open invoice automatically; a method that was declined for good is counted, not charged.

    Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
    """
    key = finalize_and_pay.subscription_id_of(invoice)
    subscription = ctx.find("subscription", key) if key else None
    refusal = ctx.private(invoice, InvoicePrivate).get("refusal")
    customer = ctx.get("customer", invoice["customer"])
    method = invoice["default_payment_method"] or confirmation.default_method(ctx, customer, subscription)
    if refusal in rules.NOT_RETRIED and ctx.private(invoice, InvoicePrivate).get("refused") == method:
        invoice["attempt_count"] += 1
        invoice["next_payment_attempt"] = finalize_and_pay.next_attempt(ctx, invoice)
        ctx.save(invoice)
    else:
        ctx.private(invoice, InvoicePrivate)["refused"] = method
        attempt = finalize_and_pay.pay_invoice(ctx, invoice, automatic=True)
        if attempt is not None and attempt.status == "processing":
            invoice["next_payment_attempt"] = None
            ctx.save(invoice)
            return
    if invoice["status"] == "paid":
        after_payment.invoice_paid(ctx, invoice)
    else:
        after_payment.invoice_failed(ctx, invoice, automatic=True)


def mark_overdue(ctx: Context, invoice: Json) -> None:
    """Marks a sent invoice as overdue: its customer is `delinquent`, its subscription `past_due`."""
    ctx.private(invoice, InvoicePrivate)["overdue"] = True
    ctx.save(invoice)
    after_payment.set_delinquent(ctx, invoice["customer"], True)
    key = finalize_and_pay.subscription_id_of(invoice)
    subscription = ctx.find("subscription", key) if key else None
    if subscription is not None and subscription["status"] == "active":
        after_payment.change_status(ctx, subscription, "past_due")


def expire_incomplete(ctx: Context, subscription: Json) -> None:
    """Voids the first invoice of an incomplete subscription that was not paid in time, and expires it."""
    invoice = ctx.find("invoice", subscription["latest_invoice"] or "")
    if invoice is not None and invoice["status"] == "open":
        finalize_and_pay.void_invoice(ctx, invoice)
    after_payment.expire(ctx, subscription)
