"""Subscription updates: items, trials, anchors and prorations, and the invoice that some of them bill at once."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.periods import Period, add_interval
from stripe_shell.sandbox.billing.invoices import customer_balance, discounts, finalize_and_pay, lines, prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.echo import is_clear
from stripe_shell.sandbox.objects.events import previous_attributes
from stripe_shell.sandbox.payments import confirmation

from . import cancel, create, first_invoice, items, pending_update, proration, states, update_items, validate
from .proration import ItemChange
from .update_state import (
    SubscriptionUpdate,
    draft_now,
    full_records,
    interval_of,
    items_before_update,
    new_periods,
    trial_records,
)

_WHILE_INCOMPLETE = {"default_payment_method", "default_source", "description", "metadata"}
_WHEN_OVER = {"cancellation_details", "metadata"}
_BILLED = ("active", "past_due", "unpaid")


def update_subscription(ctx: Context, subscription: Json, params: Json, echo: Callable[[Json, Json], None]) -> None:
    """Applies the parameters of an update to a subscription, and saves it. Raises StripeError."""
    _check_update(ctx, subscription, params)
    customer = ctx.get("customer", subscription["customer"])
    create.method_owner(ctx, customer, params)
    validate.check_location(customer, params.get("automatic_tax"))
    current = items.items_of(ctx, subscription)
    previous = pending_update.snapshot(ctx, subscription, current)
    update = SubscriptionUpdate(ctx, customer, params, subscription, deepcopy(subscription), current)
    _apply_plain_fields(update, echo)
    update.items, update.changes = update_items.update_items(ctx, subscription, current, params.get("items") or ())
    _apply_times(update)
    _apply_cancellation(update)
    _store_and_bill(update, previous)


def set_pending_interval(ctx: Context, subscription: Json) -> None:
    """Bills the pending items between two renewals, and sets the next such time. Saves the subscription."""
    interval = subscription["pending_invoice_item_interval"]
    subscription["next_pending_invoice_item_invoice"] = (
        next_pending_invoice(subscription, ctx.now()) if interval else None
    )
    ctx.save(subscription)
    if not lines.pending_items(ctx, subscription["customer"], subscription["id"], subscription["currency"]):
        return
    customer = ctx.get("customer", subscription["customer"])
    work = SubscriptionUpdate(ctx, customer, {}, subscription, deepcopy(subscription), [])
    invoice = draft_now(work, "automatic_pending_invoice_item_invoice")
    subscription["latest_invoice"] = invoice["id"]
    ctx.emit("customer.subscription.updated", subscription, ctx.save(subscription))


def next_pending_invoice(subscription: Json, now: int) -> int | None:
    """Returns when pending items are billed next, in epoch seconds; None if only renewals bill them."""
    interval = subscription["pending_invoice_item_interval"]
    if not interval:
        return None
    return add_interval(now, interval["interval"], interval.get("interval_count") or 1)


# --- checks ----------------------------------------------------------------------------------------------------


def _check_update(ctx: Context, subscription: Json, params: Json) -> None:
    status, said = subscription["status"], set(params)
    if status in rules.OVER and said - _WHEN_OVER:
        raise errors.invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
            code="invalid_canceled_subscription_fields",
        )
    if status == "incomplete" and said - _WHILE_INCOMPLETE - {"payment_behavior", "expand"}:
        raise errors.invalid(
            "An incomplete subscription can only update its metadata, description, default_source and "
            "default_payment_method until its first invoice is paid.",
        )
    if status == "paused" and params.get("trial_end"):
        raise errors.invalid("You cannot set `trial_end` on a `paused` subscription; resume it first.")
    method = params.get("collection_method") or subscription["collection_method"]
    validate.check_collection(params, method, params.get("days_until_due", subscription["days_until_due"]))
    validate.check_trial(params)
    if params.get("trial_end") not in (None, "now"):
        validate.check_trial_end(params["trial_end"], ctx.now())
    if params.get("cancel_at") and params.get("cancel_at_period_end"):
        raise errors.exclusive("cancel_at", "cancel_at_period_end")
    _check_scheduled(subscription, params)
    _check_proration_date(subscription, params)


def _check_scheduled(subscription: Json, params: Json) -> None:
    """Raises StripeError when a schedule decides about the end. The text is that of public recordings."""
    changed = [
        name
        for name in ("cancel_at", "cancel_at_period_end")
        if params.get(name, subscription[name]) != subscription[name]
    ]
    if subscription["schedule"] and changed:
        raise errors.invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead.",
            param=changed[0],
        )


def _check_proration_date(subscription: Json, params: Json) -> None:
    time = params.get("proration_date")
    shown = subscription["items"]["data"]
    if time is None or not shown:
        return
    if not min(item["current_period_start"] for item in shown) <= time <= items.last_end(shown):
        raise errors.invalid(
            "Cannot specify a proration date outside of the subscription's current period.", param="proration_date"
        )


# --- parts of an update ------------------------------------------------------------------------------------------


def _apply_plain_fields(update: SubscriptionUpdate, echo: Callable[[Json, Json], None]) -> None:
    """Sets members that are copied from parameters, discounts, tax rates and pauses. Mutates the subscription."""
    ctx, subscription, params = update.ctx, update.subscription, update.params
    echo(subscription, {name: value for name, value in params.items() if name not in create.SPECIAL})
    if subscription["collection_method"] != "send_invoice":
        subscription["days_until_due"] = None
    if "discounts" in params:
        subscription["discounts"] = discounts.apply_discounts(
            ctx,
            params["discounts"],
            subscription["discounts"],
            customer=subscription["customer"],
            subscription=subscription["id"],
        )
    if "default_tax_rates" in params:
        names = params["default_tax_rates"] or ()
        subscription["default_tax_rates"] = lines.rates_json(ctx, names, "default_tax_rates")
    if "pause_collection" in params:
        pause = params["pause_collection"]
        subscription["pause_collection"] = None if is_clear(pause) else {"resumes_at": None, **pause}
    if "pending_invoice_item_interval" in params:
        interval = params["pending_invoice_item_interval"]
        subscription["pending_invoice_item_interval"] = (
            None if is_clear(interval) else {"interval_count": 1, **interval}
        )
        subscription["next_pending_invoice_item_invoice"] = next_pending_invoice(subscription, ctx.now())
    cancel.note_details(update.ctx, subscription, params.get("cancellation_details"))
    first_invoice.add_items(ctx, subscription, update.customer, params.get("add_invoice_items") or ())


def _apply_times(update: SubscriptionUpdate) -> None:
    """Starts or ends a trial, or restarts the billing cycle; otherwise prorates the changed items."""
    trial_end, status = update.params.get("trial_end"), update.subscription["status"]
    if trial_end == "now" and status == "trialing":
        _end_trial(update)
    elif trial_end not in (None, "now"):
        _begin_trial(update, trial_end)
    elif status in _BILLED and _restarts_cycle(update):
        _restart_cycle(update)
    elif update.changes:
        _prorate_items(update)


def _end_trial(update: SubscriptionUpdate) -> None:
    """Ends the trial now and bills a new cycle; without a payment method `trial_settings` can pause or cancel."""
    ctx, subscription = update.ctx, update.subscription
    subscription |= {"trial_end": ctx.now(), "billing_cycle_anchor": ctx.now()}
    subscription["billing_cycle_anchor_config"] = None
    charged = subscription["collection_method"] == "charge_automatically"
    lacking = charged and confirmation.default_method(ctx, update.customer, subscription) is None
    behavior = ((subscription["trial_settings"] or {}).get("end_behavior") or {}).get("missing_payment_method")
    if lacking and behavior == "pause":
        states.pause(subscription, "trial_end_without_payment_method", ctx.now())
        return
    if lacking and behavior == "cancel":
        states.set_status(subscription, "canceled")
        return
    states.set_status(subscription, "active")
    new_periods(update)
    update.records = full_records(update)
    update.bill = True


def _begin_trial(update: SubscriptionUpdate, trial_end: int) -> None:
    """Starts a trial until `trial_end`: credits unused time, and moves the anchor to its end.

    Stripe credits the whole unused time at once and adds lines of amount 0 (observed in test mode recordings).
    """
    ctx, subscription = update.ctx, update.subscription
    now = ctx.now()
    was_billed = subscription["status"] in _BILLED
    states.set_status(subscription, "trialing")
    subscription |= {"billing_cycle_anchor": trial_end, "trial_end": trial_end}
    subscription["billing_cycle_anchor_config"] = None
    if was_billed:
        subscription["trial_start"] = now
        if update.behavior != "none":
            unused = [ItemChange(old, None, billed) for old, billed in items_before_update(update)]
            update.prorated += proration.prorate(ctx, subscription, unused, time=update.time, old=update.old, nets=())
    for item in update.items:
        items.set_period(item, Period(now if was_billed else item["current_period_start"], trial_end))
    if was_billed:
        update.records = trial_records(update)
        update.bill = True


def _restarts_cycle(update: SubscriptionUpdate) -> bool:
    """Whether the cycle restarts: on request or, in classic billing, for another interval or the first paid price.

    Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
    """
    if update.params.get("billing_cycle_anchor") == "now":
        return True
    if not update.classic or not update.changes:
        return False
    before = {interval_of(item) for item, _ in items_before_update(update)}
    after = {interval_of(item) for item in update.items}
    was_free = not any(items.whole_amount(update.ctx, update.old, item) for item, _ in items_before_update(update))
    is_free = not any(items.whole_amount(update.ctx, update.subscription, item) for item in update.items)
    return before != after or (was_free and not is_free)


def _restart_cycle(update: SubscriptionUpdate) -> None:
    """Credits unused time, moves the anchor to now, and bills whole periods."""
    ctx, subscription = update.ctx, update.subscription
    befores = items_before_update(update)
    subscription |= {"billing_cycle_anchor": ctx.now(), "billing_cycle_anchor_config": None}
    new_periods(update)
    if update.behavior != "none":
        unused = [ItemChange(old, None, billed) for old, billed in befores]
        update.prorated += proration.prorate(ctx, subscription, unused, time=update.time, old=update.old, nets=())
    update.records = full_records(update)
    update.bill = True


def _prorate_items(update: SubscriptionUpdate) -> None:
    """Prorates the changed items within the current billing cycle."""
    ctx, subscription = update.ctx, update.subscription
    trialing = subscription["status"] == "trialing"
    for item in update.items:
        changed = next((entry for entry in update.changes if entry.after is item), None)
        if changed is not None and not trialing:
            _fit_period(update, item, changed)
    if subscription["status"] not in _BILLED or update.behavior == "none":
        return
    nets = list(zip(update.items, items.net_amounts(ctx, subscription, update.items), strict=True))
    for item in update.items:
        if ctx.stored(item) is None:
            ctx.insert(item)
    update.prorated += proration.prorate(ctx, subscription, update.changes, time=update.time, old=update.old, nets=nets)
    update.bill = update.behavior == "always_invoice" and bool(update.changes)


def _fit_period(update: SubscriptionUpdate, item: Json, changed: ItemChange) -> None:
    """Sets the period of a new item, or of one with another interval, to that of its own cycle."""
    if changed.before is not None and interval_of(changed.before) == interval_of(item):
        return
    whole = prices.cycle_of(update.subscription, item["price"]).period_at(update.ctx.now())
    end = update.subscription["cancel_at"]
    items.set_period(item, Period(whole.start, min(whole.end, end or whole.end)))


def _apply_cancellation(update: SubscriptionUpdate) -> None:
    """Applies `cancel_at_period_end` and `cancel_at`, and prorates a period that `cancel_at` shortens.

    Source: https://docs.stripe.com/billing/subscriptions/cancel
    """
    params, subscription, now = update.params, update.subscription, update.ctx.now()
    if params.get("cancel_at_period_end"):
        _stamp_end(subscription, items.last_end(update.items), now)
        subscription["cancel_at_period_end"] = True
    elif params.get("cancel_at"):
        subscription["cancel_at_period_end"] = False
        _stamp_end(subscription, create.cancel_time(params["cancel_at"], update.items, now), now)
        _cut_periods(update)
    elif params.get("cancel_at_period_end") is False or ("cancel_at" in params and is_clear(params["cancel_at"])):
        subscription |= {"cancel_at": None, "cancel_at_period_end": False, "canceled_at": None}
        subscription["cancellation_details"] = {**(subscription["cancellation_details"] or {}), "reason": None}
        _cut_periods(update)


def _stamp_end(subscription: Json, time: int, now: int) -> None:
    if subscription["cancel_at"] != time or subscription["canceled_at"] is None:
        subscription["canceled_at"] = now
    subscription["cancel_at"] = time
    details = {"comment": None, "feedback": None, **(subscription["cancellation_details"] or {})}
    subscription["cancellation_details"] = {**details, "reason": "cancellation_requested"}


def _cut_periods(update: SubscriptionUpdate) -> None:
    """Ends the current periods at `cancel_at`, or at their regular end, and prorates the difference."""
    subscription = update.subscription
    end = subscription["cancel_at"]
    for item in update.items:
        if subscription["status"] == "trialing":
            continue
        whole = prices.cycle_of(subscription, item["price"]).period_at(item["current_period_start"])
        until = min(whole.end, end or whole.end)
        old = item["current_period_end"]
        if until == old or until <= item["current_period_start"]:
            continue
        item["current_period_end"] = until
        if update.behavior != "none" and subscription["status"] in _BILLED:
            update.prorated += proration.prorate_new_end(update.ctx, subscription, item, old)
            update.bill = update.bill or update.behavior == "always_invoice"


# --- billing -----------------------------------------------------------------------------------------------------


def _store_and_bill(update: SubscriptionUpdate, previous: Json) -> None:
    """Saves the update, bills what is due at once, and emits the events."""
    ctx, subscription = update.ctx, update.subscription
    for item in update.items:
        if ctx.stored(item) is None:
            ctx.insert(item)
    for entry in update.changes:
        if entry.after is None and entry.before is not None:
            gone = ctx.find("subscription_item", entry.before["id"])
            if gone is not None:
                ctx.delete(gone)
    if subscription["status"] == "canceled" and update.old["status"] != "canceled":
        items.save(ctx, subscription, update.items)
        cancel.end_subscription(ctx, subscription, "cancellation_requested")
        return
    with ctx.hold_events() as held:
        if update.bill:
            _bill(update, previous)
    items.save(ctx, subscription, update.items if subscription["pending_update"] is None else _store_change(update))
    changed = previous_attributes(update.old, subscription)
    if changed:
        ctx.emit("customer.subscription.updated", subscription, changed)
    if subscription["status"] == "paused" and update.old["status"] != "paused":
        ctx.emit("customer.subscription.paused", subscription)
    ctx.release_events(held)
    create.emit_trial_will_end(ctx, subscription)


def _store_change(update: SubscriptionUpdate) -> list[Json]:
    return items.items_of(update.ctx, update.subscription)


def _bill(update: SubscriptionUpdate, previous: Json) -> None:
    """Creates the update's invoice and collects its payment by `payment_behavior`. Raises StripeError.

    Source: https://docs.stripe.com/billing/subscriptions/change-price
    """
    ctx, subscription = update.ctx, update.subscription
    invoice = draft_now(update, "subscription_update")
    subscription["latest_invoice"] = invoice["id"]
    if subscription["collection_method"] == "send_invoice":
        return
    behavior = update.params.get("payment_behavior") or "allow_incomplete"
    method = confirmation.default_method(ctx, update.customer, subscription)
    due = invoice["total"] > max(-customer_balance.balance_in(ctx, update.customer, invoice["currency"]), 0)
    if due and method is None and behavior != "default_incomplete":
        raise first_invoice.no_payment_method_error()
    finalize_and_pay.finalize_invoice(ctx, invoice, method=method)
    if invoice["status"] == "paid":
        return
    attempt = None
    if behavior != "default_incomplete":
        attempt = finalize_and_pay.pay_invoice(ctx, invoice, off_session=bool(update.params.get("off_session")))
        if invoice["status"] == "paid" or (attempt is not None and attempt.status == "processing"):
            return
    if behavior == "error_if_incomplete" and attempt is not None:
        raise (
            first_invoice.rolled_back(attempt.error)
            if attempt.error is not None
            else first_invoice.needs_action_error()
        )
    if behavior == "pending_if_incomplete":
        pending_update.store_pending_update(ctx, subscription, update.items, previous, invoice)
    elif subscription["status"] == "active":
        states.set_status(subscription, "past_due")
