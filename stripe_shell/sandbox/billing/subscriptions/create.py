"""New subscriptions: the object, its items and their first periods."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import customer_currency
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.periods import Period, add_interval
from stripe_shell.sandbox.billing.invoices import discounts, lines, prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import SubscriptionPrivate

from . import first_invoice, items, states, validate

#: Defaults of a subscription beyond those of its schema (observed in test mode recordings).
DEFAULTS: Mapping[str, Any] = {
    "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
    "cancellation_details": {"comment": None, "feedback": None, "reason": None},
    "default_tax_rates": [],
    "invoice_settings": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": {"type": "self"},
    },
    "payment_settings": {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    },
    "plan": None,
    "quantity": None,
    "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
}

#: Parameters that are not copied to the member of the same name.
SPECIAL = (
    "add_invoice_items",
    "backdate_start_date",
    "billing_cycle_anchor",
    "billing_cycle_anchor_config",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details",
    "customer",
    "currency",
    "default_tax_rates",
    "discounts",
    "items",
    "off_session",
    "pause_collection",
    "pending_invoice_item_interval",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_from_plan",
    "trial_period_days",
)


def create_subscription(ctx: Context, params: Json, *, drafts: bool = False) -> Json:
    """Creates a subscription from parameters; with `drafts`, its first invoice stays a draft for an hour.

    Does not schedule what is next due: see `scheduler.schedule_next`. Raises StripeError.
    """
    resource = ctx.resource("subscription")
    resource.check_references(ctx, {name: value for name, value in params.items() if name not in SPECIAL})
    customer = _subscription_customer(ctx, params)
    _check_create_params(params)
    validate.check_location(customer, params.get("automatic_tax"))
    wanted = validate.requested_items(ctx, params.get("items") or (), active=not drafts)
    options = first_invoice.CreateOptions(
        params.get("payment_behavior") or "allow_incomplete", bool(params.get("off_session")), drafts
    )
    subscription = _subscription_object(ctx, params, customer, wanted, resource.echo)
    created = _create_items(ctx, subscription, params, wanted)
    _set_end(subscription, params, created)
    with ctx.hold_events() as held:
        first_invoice.create_first_invoice(ctx, subscription, created, params, options)
    items.save(ctx, subscription, created)
    if subscription["status"] == "incomplete":
        ctx.emit("customer.subscription.created", subscription)
        ctx.release_events(held)
    else:
        ctx.release_events(held)
        ctx.emit("customer.subscription.created", subscription)
    emit_trial_will_end(ctx, subscription)
    return subscription


def emit_trial_will_end(ctx: Context, subscription: Json) -> None:
    """Emits `trial_will_end` once for a trial that ends within three days, and records that."""
    end = subscription["trial_end"]
    if subscription["status"] != "trialing" or end is None or end - ctx.now() > rules.TRIAL_ENDS_SOON:
        return
    hidden = ctx.private(subscription, SubscriptionPrivate)
    if hidden.get("told_trial_end") == end:
        return
    hidden["told_trial_end"] = end
    ctx.save(subscription)
    ctx.emit("customer.subscription.trial_will_end", subscription)


# --- the object ----------------------------------------------------------------------------------------------


def _subscription_customer(ctx: Context, params: Json) -> Json:
    if not params.get("customer"):
        raise errors.missing_parameter("customer")
    return ctx.get("customer", params["customer"], param="customer", status=404)


def _check_create_params(params: Json) -> None:
    if params.get("payment_behavior") == "pending_if_incomplete":
        raise errors.invalid(
            "Setting `payment_behavior` to `pending_if_incomplete` has no effect when creating a subscription.",
            param="payment_behavior",
        )
    method = params.get("collection_method") or "charge_automatically"
    validate.check_collection(params, method, params.get("days_until_due"))
    validate.check_trial(params)
    if params.get("cancel_at") and params.get("cancel_at_period_end"):
        raise errors.exclusive("cancel_at", "cancel_at_period_end")


def _subscription_object(
    ctx: Context,
    params: Json,
    customer: Json,
    requested: Sequence[validate.RequestedItem],
    echo: Callable[[Json, Json], None],
) -> Json:
    """Stores and returns the subscription without items."""
    mode = params.get("billing_mode") or {"type": "flexible"}
    validate.check_intervals([entry.price for entry in requested], mode["type"])
    currency = _settle_currency(ctx, params, customer, requested)
    when = validate.subscription_times(ctx, params, requested)
    method_owner(ctx, customer, params)
    subscription = ctx.new("subscription", customer=customer["id"], currency=currency)
    echo(subscription, {name: value for name, value in params.items() if name not in SPECIAL})
    subscription |= {
        "billing_cycle_anchor": when.anchor,
        "billing_cycle_anchor_config": _anchor_config(params),
        "billing_mode": billing_mode(mode, ctx.now()),
        "default_tax_rates": lines.rates_json(ctx, params.get("default_tax_rates") or (), "default_tax_rates"),
        "start_date": when.start,
        "test_clock": customer.get("test_clock"),
        "trial_end": when.trial_end,
        "trial_start": ctx.now() if when.trial_end else None,
    }
    states.set_status(subscription, "trialing" if when.trial_end else "active", new=True)
    _set_pending_interval(subscription, params, ctx.now())
    subscription["discounts"] = discounts.apply_discounts(
        ctx,
        params.get("discounts"),
        (),
        start=when.start,
        customer=customer["id"],
        subscription=subscription["id"],
    )
    items.embed(subscription, ())
    ctx.insert(subscription)
    return subscription


def _settle_currency(ctx: Context, params: Json, customer: Json, requested: Sequence[validate.RequestedItem]) -> str:
    """Returns the subscription's currency, which becomes the customer's. Raises StripeError if they do not agree."""
    currency = validate.currency_of(ctx, requested, params.get("currency"))
    validate.check_steps(requested, currency)
    customer_currency.check(ctx, customer["id"], currency)
    customer_currency.follow(ctx, customer, currency)
    return currency


def _set_pending_interval(subscription: Json, params: Json, now: int) -> None:
    """Sets the interval at which pending items are billed between renewals. Mutates `subscription`."""
    if params.get("pending_invoice_item_interval"):
        interval = {"interval_count": 1, **params["pending_invoice_item_interval"]}
        subscription["pending_invoice_item_interval"] = interval
        soon = add_interval(now, interval["interval"], interval["interval_count"])
        subscription["next_pending_invoice_item_invoice"] = soon


def method_owner(ctx: Context, customer: Json, params: Json) -> None:
    """Replaces `default_payment_method` by its id. Raises StripeError if it is not the customer's."""
    name = params.get("default_payment_method")
    if not name:
        return
    method = ctx.get("payment_method", name, param="default_payment_method")
    if method.get("customer") != customer["id"]:
        raise errors.invalid(
            f"The customer does not have a payment method with the ID {method['id']}. The payment method must be "
            "attached to the customer.",
            param="default_payment_method",
            code="resource_missing",
        )
    params["default_payment_method"] = method["id"]


def billing_mode(mode: Mapping[str, Any], now: int) -> Json:
    """Returns the `billing_mode` member of a subscription."""
    if mode["type"] == "classic":
        return {"flexible": None, "type": "classic", "updated_at": now}
    flexible = mode.get("flexible") or {}
    return {
        "flexible": {"proration_discounts": flexible.get("proration_discounts") or "included"},
        "type": "flexible",
        "updated_at": now,
    }


def _anchor_config(params: Json) -> Json | None:
    config = params.get("billing_cycle_anchor_config")
    if not config:
        return None
    return {name: config.get(name) for name in ("day_of_month", "hour", "minute", "month", "second")}


def _set_end(subscription: Json, params: Json, created: Sequence[Json]) -> None:
    """Applies `cancel_at_period_end` and `cancel_at` to a new subscription. Mutates `subscription`."""
    now = subscription["created"]
    if params.get("cancel_at_period_end"):
        subscription |= {"cancel_at": items.last_end(created), "cancel_at_period_end": True, "canceled_at": now}
    elif params.get("cancel_at"):
        subscription |= {"cancel_at": cancel_time(params["cancel_at"], created, now), "canceled_at": now}
    else:
        return
    subscription["cancellation_details"]["reason"] = "cancellation_requested"


def cancel_time(requested: Any, created: Sequence[Mapping[str, Any]], now: int) -> int:
    """Returns the time of `cancel_at`, a timestamp or a keyword. Raises StripeError for the past.

    An item is billed until its period ends, so `max_billed_until` equals `max_period_end`.
    """
    if isinstance(requested, str):
        return items.first_end(created) if requested.startswith("min_") else items.last_end(created)
    if requested <= now:
        raise errors.in_the_past("cancel_at", requested)
    return int(requested)


# --- items ---------------------------------------------------------------------------------------------------


def _create_items(
    ctx: Context, subscription: Json, params: Json, requested: Sequence[validate.RequestedItem]
) -> list[Json]:
    created = []
    for index, entry in enumerate(requested):
        item = items.new_item(
            ctx, subscription, entry.price, entry.params, first_period(ctx, subscription, entry.price)
        )
        item["discounts"] = discounts.apply_discounts(
            ctx,
            entry.params.get("discounts"),
            (),
            where=f"items[{index}][discounts]",
            start=subscription["start_date"],
            customer=subscription["customer"],
            subscription=subscription["id"],
            subscription_item=item["id"],
        )
        end = params.get("cancel_at")
        if isinstance(end, int) and subscription["created"] < end < item["current_period_end"]:
            item["current_period_end"] = end
        ctx.insert(item)
        created.append(item)
    return created


def first_period(ctx: Context, subscription: Json, price: Json) -> Period:
    """Returns the first period of an item: the trial, the time until the anchor, or a whole period."""
    now = ctx.now()
    if subscription["trial_end"]:
        return Period(now, subscription["trial_end"])
    anchor = subscription["billing_cycle_anchor"]
    if anchor > now:
        return Period(now, anchor)
    return prices.cycle_of(subscription, price).period_at(now)
