"""Subscription schedules: planned changes of a subscription, in phases."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import scheduler
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.subscriptions import cancel, schedule_phases, schedules, states, validate
from stripe_shell.sandbox.billing.subscriptions.pause_schedules import pauses_from
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.events import previous_attributes
from stripe_shell.sandbox.objects.listing import ListFilters
from stripe_shell.sandbox.objects.private_fields import SubscriptionSchedulePrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.storage.rows import SqlCondition
from stripe_shell.spec.model import Operation
from stripe_shell.spec.validate import shape_at

_SETTINGS: Json = {
    "application_fee_percent": None,
    "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
    "billing_cycle_anchor": "automatic",
    "billing_thresholds": None,
    "collection_method": "charge_automatically",
    "default_payment_method": None,
    "default_source": None,
    "description": None,
    "invoice_settings": {"account_tax_ids": None, "days_until_due": None, "issuer": {"type": "self"}},
    "on_behalf_of": None,
    "transfer_data": None,
}


class SubscriptionSchedule(Resource):
    """`/v1/subscription_schedules`."""

    object = "subscription_schedule"
    indexed = ("customer", "subscription")
    defaults: ClassVar = {"default_settings": _SETTINGS, "end_behavior": "release", "status": "not_started"}
    unechoed = (
        "billing_mode",
        "default_settings",
        "from_subscription",
        "pause_schedules",
        "phases",
        "prorate",
        "start_date",
    )

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Removes from `params` and returns `phases[i][iterations]`, which newer tables lack."""
        given = params.get("phases")
        counts = {}
        known = shape_at(operation.params, ("phases", "0", "iterations")) is not None
        for index, phase in enumerate(given if isinstance(given, list) else ()):
            if isinstance(phase, dict):
                validate.take_plans(phase.get("items"))
            if isinstance(phase, dict) and "iterations" in phase and not known:
                counts[index] = phase.pop("iterations")
        return {"iterations": counts} if counts else {}

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a schedule from phases or a subscription. One that starts now creates its subscription."""
        _take_iterations(params)
        self.check_references(ctx, {name: params[name] for name in ("customer",) if name in params})
        if params.get("from_subscription"):
            return self._from_subscription(ctx, params)
        schedule = schedules.create(ctx, params)
        scheduler.schedule_next(ctx, ctx.get("customer", schedule["customer"]))
        return schedule

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates the schedule. `phases` replaces all current and future phases."""
        schedules.check_schedule_open(obj, "update")
        _take_iterations(params)
        old = ctx.stored(obj) or {}
        self.echo(obj, params)
        if "default_settings" in params:
            schedules.set_defaults(ctx, obj, params["default_settings"])
        if "pause_schedules" in params:
            obj["pause_schedules"] = pauses_from(ctx, params["pause_schedules"] or (), old.get("pause_schedules") or ())
        if "phases" in params:
            self._replace_phases(ctx, obj, params)
        ctx.save(obj)
        changed = previous_attributes(old, obj)
        if changed:
            ctx.emit("subscription_schedule.updated", obj, changed)
        scheduler.schedule_next(ctx, ctx.get("customer", obj["customer"]))
        return obj

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels the schedule and its subscription."""
        schedules.check_schedule_open(obj, "cancel")
        subscription = ctx.find("subscription", obj["subscription"] or "")
        states.set_schedule_status(obj, "canceled")
        obj |= {"canceled_at": ctx.now(), "current_phase": None}
        ctx.save(obj)
        ctx.emit("subscription_schedule.canceled", obj)
        if not params.get("invoice_now", True) and not params.get("prorate", True):
            ctx.emit("subscription_schedule.aborted", obj)  # The fixture of Stripe's command-line tool expects it.
        if subscription is not None and subscription["status"] not in rules.OVER:
            said = {"invoice_now": params.get("invoice_now", True), "prorate": params.get("prorate", True)}
            cancel.cancel(ctx, subscription, said)
        return obj

    @action
    def release(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Releases the subscription, which continues without the schedule."""
        schedules.check_schedule_open(obj, "release")
        subscription = ctx.find("subscription", obj["subscription"] or "")
        states.set_schedule_status(obj, "released")
        obj |= {
            "current_phase": None,
            "released_at": ctx.now(),
            "released_subscription": obj["subscription"],
            "subscription": None,
        }
        ctx.save(obj)
        ctx.emit("subscription_schedule.released", obj)
        if subscription is not None:
            subscription["schedule"] = None
            if not params.get("preserve_cancel_date") and not subscription["cancel_at_period_end"]:
                subscription["cancel_at"] = None
            ctx.emit("customer.subscription.updated", subscription, ctx.save(subscription))
        return obj

    def filter_scheduled(self, ctx: Context, value: Any, filters: ListFilters) -> None:
        """Filters by whether the schedule has not started."""
        filters.where.append(SqlCondition(f"json_extract(o.json, '$.status') {'=' if value else '<>'} 'not_started'"))

    def _from_subscription(self, ctx: Context, params: Json) -> Json:
        """Creates a schedule with one phase, the current state of the subscription."""
        if set(params) - {"from_subscription", "billing_mode"}:
            raise errors.invalid(
                "You can only pass `from_subscription` alone: the phases are those of the subscription.",
                param="from_subscription",
            )
        subscription = ctx.get("subscription", params["from_subscription"], param="from_subscription")
        if subscription["status"] in rules.OVER:
            raise errors.invalid("You cannot schedule a canceled subscription.", param="from_subscription")
        if subscription["schedule"]:
            raise errors.invalid(
                "You cannot migrate a subscription that is already attached to a schedule: "
                f"`{subscription['schedule']}`.",
                param="from_subscription",
            )
        schedule = schedules.new(ctx, params, subscription["customer"])
        phase = schedules.from_subscription(subscription)
        states.set_schedule_status(schedule, "active", new=True)
        schedule |= {
            "billing_mode": dict(subscription["billing_mode"]),
            "current_phase": {"end_date": phase["end_date"], "start_date": phase["start_date"]},
            "phases": [phase],
            "subscription": subscription["id"],
            "test_clock": subscription["test_clock"],
        }
        schedule["default_settings"]["collection_method"] = subscription["collection_method"]
        ctx.insert(schedule)
        ctx.emit("subscription_schedule.created", schedule)
        subscription["schedule"] = schedule["id"]
        ctx.emit("customer.subscription.updated", subscription, ctx.save(subscription))
        return schedule

    def _replace_phases(self, ctx: Context, obj: Json, params: Json) -> None:
        given = params["phases"]
        current = obj["current_phase"]
        schedules.check_anchor(obj, given)
        start = current["start_date"] if current else obj["phases"][0]["start_date"]
        first = given[0].get("start_date") if given else None
        if first not in (None, "now"):
            start = int(first)
        elif first == "now" and not current:
            start = ctx.now()
        planned = schedule_phases.phases_from(ctx, given, start)
        schedules.check_times(obj, planned, given, ctx.now())
        past = [phase for phase in obj["phases"] if phase["end_date"] <= planned[0]["start_date"]]
        obj["phases"] = [*past, *planned]
        ctx.private(obj, SubscriptionSchedulePrivate).pop("told_expiring", None)
        now = ctx.now()
        here = next((phase for phase in planned if phase["start_date"] <= now < phase["end_date"]), None)
        if current and here is not None:
            ctx.save(obj)
            schedules.enter_phase(ctx, obj, here, behavior=params.get("proration_behavior"), emit=False)


def _take_iterations(params: Json) -> None:
    """Mutates `params`: puts the removed `iterations` back into the phases. Raises StripeError for no number."""
    for index, count in params.pop("iterations", {}).items():
        if not str(count).isdecimal():
            raise errors.invalid_integer(f"phases[{index}][iterations]", count)
        params["phases"][index]["iterations"] = int(count)
