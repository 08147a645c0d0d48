"""Subscription schedules: consecutive phases, each of which updates the subscription.

Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import customer_currency
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.invoices import prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.echo import echo, is_clear
from stripe_shell.sandbox.objects.private_fields import SubscriptionSchedulePrivate

from . import cancel, states
from .create import billing_mode, create_subscription
from .pause_schedules import pauses_from
from .schedule_phases import phases_from
from .validate import check_clock

_OPEN = ("not_started", "active")


# --- made ----------------------------------------------------------------------------------------------------------


def create(ctx: Context, params: Json) -> Json:
    """Creates a schedule from phases; one that starts now creates its subscription. Raises StripeError.

    Does not schedule what is next due: see `scheduler.schedule_next`.
    """
    if not params.get("customer"):
        raise errors.missing_parameter("customer")
    customer = ctx.get("customer", params["customer"], param="customer")
    check_clock(ctx, customer)
    first = params.get("start_date")
    if first is None:
        raise errors.missing_parameter("start_date")
    begins = ctx.now() if first == "now" else int(first)
    schedule = new(ctx, params, customer["id"])
    schedule["test_clock"] = customer["test_clock"]
    schedule["phases"] = phases_from(ctx, params.get("phases") or (), begins)
    check_times(schedule | {"phases": []}, schedule["phases"], params["phases"], ctx.now())
    for phase in schedule["phases"]:
        customer_currency.check(ctx, customer["id"], phase["currency"])
    ctx.insert(schedule)
    ctx.emit("subscription_schedule.created", schedule)
    if begins <= ctx.now():
        start_schedule(ctx, schedule)
    return schedule


def new(ctx: Context, params: Json, customer: str) -> Json:
    """Returns a schedule for the parameters, without phases and not stored."""
    schedule = ctx.new("subscription_schedule", customer=customer)
    ctx.resource("subscription_schedule").echo(schedule, params)
    schedule["billing_mode"] = billing_mode(params.get("billing_mode") or {"type": "flexible"}, ctx.now())
    set_defaults(ctx, schedule, params.get("default_settings") or {})
    schedule["pause_schedules"] = pauses_from(ctx, params.get("pause_schedules") or (), ())
    return schedule


def set_defaults(ctx: Context, schedule: Json, given: Json) -> None:
    """Mutates `schedule`: changes its default settings."""
    settings = dict(schedule["default_settings"])
    echo(ctx.table, settings, given, ctx.table.schema("subscription_schedules_resource_default_settings"))
    schedule["default_settings"] = settings


# --- time ------------------------------------------------------------------------------------------------------------


def next_transition(schedule: Json) -> int | None:
    """Returns when the schedule next starts or changes phase, in epoch seconds; None if it is over."""
    if schedule["status"] == "not_started":
        return int(schedule["phases"][0]["start_date"])
    if schedule["status"] == "active" and schedule["current_phase"]:
        return int(schedule["current_phase"]["end_date"])
    return None


def last_end(schedule: Json) -> int:
    """Returns the end of the last phase, in epoch seconds."""
    return int(schedule["phases"][-1]["end_date"])


def advance_phase(ctx: Context, schedule: Json) -> None:
    """Starts a schedule, enters its next phase, or completes it."""
    if schedule["status"] == "not_started":
        start_schedule(ctx, schedule)
        return
    now = ctx.now()
    following = next((phase for phase in schedule["phases"] if phase["start_date"] >= now), None)
    if following is not None:
        enter_phase(ctx, schedule, following)
    else:
        complete_schedule(ctx, schedule)


def start_schedule(ctx: Context, schedule: Json) -> None:
    """Starts the first phase: creates the subscription with a draft invoice, and saves the schedule."""
    phase = schedule["phases"][0]
    subscription = create_subscription(ctx, _creation(schedule, phase), drafts=True)
    states.set_schedule_status(schedule, "active")
    schedule["subscription"] = subscription["id"]
    _set_current(schedule, phase)
    subscription["schedule"] = schedule["id"]
    _show_end(subscription, schedule, phase)
    ctx.save(subscription)
    changed = ctx.save(schedule)
    ctx.emit("subscription_schedule.updated", schedule, changed)


def enter_phase(ctx: Context, schedule: Json, phase: Json, *, behavior: str | None = None, emit: bool = True) -> None:
    """Updates the subscription to a phase, and saves both; `emit` emits the event of the schedule."""
    subscription = ctx.get("subscription", schedule["subscription"])
    update = _update(ctx, schedule, subscription, phase)
    update["proration_behavior"] = behavior or phase["proration_behavior"]
    ctx.resource("subscription").update(ctx, subscription, update)
    _set_current(schedule, phase)
    _show_end(subscription, schedule, phase)
    changed = ctx.save(subscription)
    if changed:
        ctx.emit("customer.subscription.updated", subscription, changed)
    changed = ctx.save(schedule)
    if changed and emit:
        ctx.emit("subscription_schedule.updated", schedule, changed)


def complete_schedule(ctx: Context, schedule: Json) -> None:
    """Completes a schedule: releases its subscription or cancels it, by `end_behavior`."""
    subscription = ctx.find("subscription", schedule["subscription"] or "")
    cancels = schedule["end_behavior"] == "cancel"
    states.set_schedule_status(schedule, "completed")
    schedule |= {"completed_at": ctx.now(), "current_phase": None}
    if not cancels:
        schedule |= {"released_subscription": schedule["subscription"]}
    ctx.save(schedule)
    ctx.emit("subscription_schedule.completed", schedule)
    if subscription is None or subscription["status"] in rules.OVER:
        return
    subscription["schedule"] = None
    if cancels:
        cancel.end_subscription(ctx, subscription, "cancellation_requested")
    else:
        ctx.save(subscription)


def check_anchor(schedule: Json, given: Sequence[Mapping[str, Any]]) -> None:
    """Raises StripeError for new phases that have no time to count from, or that move the start of what runs.

    The text of the first is recorded (stripe-dotnet#1754); that of the second is assumed.
    """
    if not any(entry.get("start_date") for entry in given):
        raise errors.invalid(
            "The subscription schedule update is missing at least one phase with a `start_date` to anchor end dates "
            "to.",
            param="phases",
        )
    first, current = given[0].get("start_date"), schedule["current_phase"]
    if first in (None, "now") or not current or int(first) == current["end_date"]:
        return
    if int(first) not in [phase["start_date"] for phase in schedule["phases"]]:
        raise errors.invalid(
            "You can not modify the start date of a phase that is running or has ended.",
            param="phases[0][start_date]",
        )


def check_times(schedule: Json, planned: Sequence[Json], given: Sequence[Mapping[str, Any]], now: int) -> None:
    """Raises StripeError for new phases that change one that has ended, or that are over already (texts assumed).

    The phase that runs can end `now`.
    """
    ended = {phase["start_date"]: phase for phase in schedule["phases"] if phase["end_date"] <= now}
    for index, phase in enumerate(planned):
        old = ended.get(phase["start_date"])
        if old is not None and any(phase[name] != old[name] for name in ("end_date", "items")):
            raise errors.invalid("You can not modify a phase that has ended.", param=f"phases[{index}]")
        over = old is None and phase["end_date"] <= now and given[index].get("end_date") != "now"
        if over and (index == len(planned) - 1 or schedule["status"] == "active"):
            raise errors.in_the_past(f"phases[{index}][end_date]", phase["end_date"])


def emit_expiring(ctx: Context, schedule: Json) -> None:
    """Emits the event that the last phase ends soon, and records that it was sent."""
    ctx.private(schedule, SubscriptionSchedulePrivate)["told_expiring"] = True
    ctx.save(schedule)
    ctx.emit("subscription_schedule.expiring", schedule)


def check_schedule_open(schedule: Json, verb: str) -> None:
    """Raises StripeError for a schedule that is over."""
    if schedule["status"] not in _OPEN:
        raise errors.invalid(
            f"You cannot {verb} a subscription schedule that is currently in the `{schedule['status']}` status. It can "
            f"only be {verb.removesuffix('e')}ed if it is in the `not_started` or `active` status."
        )


# --- from a phase to the subscription -----------------------------------------------------------------------------


def _set_current(schedule: Json, phase: Json) -> None:
    schedule["current_phase"] = {"end_date": phase["end_date"], "start_date": phase["start_date"]}


def _show_end(subscription: Json, schedule: Json, phase: Json) -> None:
    """Sets `cancel_at` of the subscription in the last phase of a schedule that cancels. Mutates `subscription`."""
    last = schedule["phases"][-1]["start_date"] == phase["start_date"]
    ends = last and schedule["end_behavior"] == "cancel"
    subscription["cancel_at"] = phase["end_date"] if ends else None


def _phase_settings(schedule: Json, phase: Json) -> Json:
    """Returns a phase's parameters beyond its items, with the schedule's defaults for those that it lacks."""
    defaults = schedule["default_settings"]
    params: Json = {}
    for name in ("collection_method", "default_payment_method", "description", "on_behalf_of"):
        value = phase.get(name) or defaults.get(name)
        if value is not None:
            params[name] = value
    settings = phase.get("invoice_settings") or defaults.get("invoice_settings") or {}
    if params.get("collection_method") == "send_invoice" and settings.get("days_until_due") is not None:
        params["days_until_due"] = settings["days_until_due"]
    params["default_tax_rates"] = [rate["id"] for rate in phase["default_tax_rates"] or ()]
    params["discounts"] = [_discount_name(entry) for entry in phase["discounts"]]
    if phase["add_invoice_items"]:
        params["add_invoice_items"] = [_requested_addition(item) for item in phase["add_invoice_items"]]
    return params


def _creation(schedule: Json, phase: Json) -> Json:
    params = _phase_settings(schedule, phase)
    params |= {
        "billing_mode": schedule["billing_mode"],
        "customer": schedule["customer"],
        "items": [_requested_item(item) for item in phase["items"]],
        "metadata": dict(phase["metadata"] or {}),
    }
    if phase["trial_end"]:
        params["trial_end"] = phase["trial_end"]
    return params


def _update(ctx: Context, schedule: Json, subscription: Json, phase: Json) -> Json:
    """Returns the parameters of the update that applies a phase."""
    params = _phase_settings(schedule, phase)
    params["metadata"] = dict(phase["metadata"] or {})
    params["items"] = _replaced(subscription, phase)
    if phase["trial_end"] and phase["trial_end"] > ctx.now():
        params["trial_end"] = phase["trial_end"]
    if phase["billing_cycle_anchor"] == "phase_start":
        params["billing_cycle_anchor"] = "now"
    return params


def _replaced(subscription: Json, phase: Json) -> list[Json]:
    """Returns a phase's items as an update: those of a known price stay, others replace the rest."""
    old = list(subscription["items"]["data"])
    entries, fresh = [], []
    for item in phase["items"]:
        same = next((own for own in old if own["price"]["id"] == item["price"]), None)
        if same is None:
            fresh.append(item)
        else:
            old.remove(same)
            entries.append({**_requested_item(item), "id": same["id"]})
    for item in fresh:
        entries.append({**_requested_item(item), "id": old.pop(0)["id"]} if old else _requested_item(item))
    return [*entries, *({"id": own["id"], "deleted": True} for own in old)]


def _requested_addition(item: Json) -> Json:
    """Returns an item of a phase's `add_invoice_items` as a parameter."""
    if not item.get("price"):
        return item  # in files of earlier versions, which keep `price_data`
    return {
        **{name: item[name] for name in ("discountable", "metadata", "quantity") if item.get(name) is not None},
        "discounts": [_discount_name(discount) for discount in item.get("discounts") or ()],
        "price": prices.ChosenPrice(item["price"]),
        "tax_rates": [rate["id"] for rate in item.get("tax_rates") or ()],
    }


def _requested_item(item: Json) -> Json:
    entry: Json = {"price": prices.ChosenPrice(item["price"]), "metadata": dict(item["metadata"] or {})}
    if item.get("quantity") is not None:
        entry["quantity"] = item["quantity"]
    if item["tax_rates"]:
        entry["tax_rates"] = [rate["id"] for rate in item["tax_rates"]]
    if item["discounts"]:
        entry["discounts"] = [_discount_name(discount) for discount in item["discounts"]]
    return entry


def _discount_name(entry: Mapping[str, Any]) -> Json:
    return {name: value for name, value in entry.items() if not is_clear(value)}


def from_subscription(subscription: Json) -> Json:
    """Returns the current phase of a subscription."""
    shown = subscription["items"]["data"]
    return {
        "add_invoice_items": [],
        "application_fee_percent": subscription["application_fee_percent"],
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": subscription["collection_method"],
        "currency": subscription["currency"],
        "default_payment_method": subscription["default_payment_method"],
        "default_tax_rates": list(subscription["default_tax_rates"] or ()),
        "description": subscription["description"],
        "discounts": [{"coupon": None, "discount": name, "promotion_code": None} for name in subscription["discounts"]],
        "end_date": max(item["current_period_end"] for item in shown),
        "invoice_settings": None,
        "items": [_from_item(item) for item in shown],
        "metadata": dict(subscription["metadata"]),
        "on_behalf_of": subscription["on_behalf_of"],
        "proration_behavior": "create_prorations",
        "start_date": min(item["current_period_start"] for item in shown),
        "transfer_data": subscription["transfer_data"],
        "trial_end": subscription["trial_end"],
    }


def _from_item(item: Json) -> Json:
    phase_item: Json = {
        "billing_thresholds": None,
        "discounts": [{"coupon": None, "discount": name, "promotion_code": None} for name in item["discounts"]],
        "metadata": dict(item["metadata"]),
        "plan": item["price"]["id"],
        "price": item["price"]["id"],
        "tax_rates": list(item["tax_rates"] or ()),
    }
    if item.get("quantity") is not None:
        phase_item["quantity"] = item["quantity"]
    return phase_item
