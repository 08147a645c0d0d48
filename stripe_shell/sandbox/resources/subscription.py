"""Subscriptions: customers billed at intervals for the prices of their items."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import scheduler
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.subscriptions import cancel, pause, update, validate
from stripe_shell.sandbox.billing.subscriptions.create import DEFAULTS, SPECIAL, billing_mode, create_subscription
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import RANGES, ListFilters, ListPage, among
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.storage.rows import SqlCondition
from stripe_shell.spec.model import Operation


class Subscription(Resource):
    """`/v1/subscriptions`. Billing is in `billing/`."""

    object = "subscription"
    event_prefix = "customer.subscription"
    defaults: ClassVar = DEFAULTS
    indexed = ("customer", "status", "test_clock")
    unechoed = SPECIAL
    absent = ("presentment_details", "status_details")

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Items may name plans; the `billing_cycle_anchor` of an update may be a word, as earlier versions take it."""
        validate.take_plans(params.get("items"))
        if operation.action in ("update", "resume"):
            validate.take_anchor(params)
        return super().take_legacy(operation, params)

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a subscription, for the customer in the path or in `customer`."""
        if "customer" in ctx.path:
            params["customer"] = ctx.path["customer"]
        if params.get("customer"):
            validate.check_clock(ctx, ctx.find("customer", params["customer"]) or {})
        subscription = create_subscription(ctx, params)
        scheduler.schedule_next(ctx, ctx.get("customer", subscription["customer"]), subscription)
        return subscription

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates a subscription, and the customer's schedule of billing tasks."""
        validate.read_anchor(params)
        self.check_references(ctx, {name: value for name, value in params.items() if name not in SPECIAL})
        update.update_subscription(ctx, obj, params, self.echo)
        scheduler.schedule_next(ctx, ctx.get("customer", obj["customer"]), obj)
        return obj

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels the subscription at once."""
        cancel.cancel(ctx, obj, params)
        return obj

    @action
    def pause(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Pauses an active subscription in flexible billing mode. Raises StripeError for one with a schedule."""
        cancel.check_alive(obj)
        if obj["schedule"]:
            raise errors.invalid(
                "You cannot pause a subscription that is attached to a schedule; use the schedule's `pause_schedules`."
            )
        pause.pause(ctx, obj, params)
        return obj

    @action
    def resume(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Resumes a paused subscription, which is active once its invoice is paid."""
        validate.read_anchor(params)
        pause.resume(ctx, obj, params)
        scheduler.schedule_next(ctx, ctx.get("customer", obj["customer"]), obj)
        return obj

    @action
    def migrate(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Migrates the subscription to flexible billing mode. Raises StripeError if it is flexible already."""
        cancel.check_alive(obj)
        if obj["billing_mode"]["type"] == "flexible":
            raise errors.invalid("This subscription is already in `flexible` billing mode.", param="billing_mode[type]")
        obj["billing_mode"] = billing_mode(params["billing_mode"], ctx.now())
        ctx.emit("customer.subscription.updated", obj, ctx.save(obj))
        return obj

    @action
    def retrieve_discount(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Returns the first discount. Raises StripeError (404) without one."""
        return self._first_discount(ctx, obj)

    @action
    def delete_discount(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Removes the first discount. Saves the subscription. Raises StripeError (404) without one."""
        discount = self._first_discount(ctx, obj)
        obj["discounts"] = obj["discounts"][1:]
        changed = ctx.save(obj)
        ctx.emit("customer.discount.deleted", discount)
        ctx.emit("customer.subscription.updated", obj, changed)
        return {"deleted": True, **{name: value for name, value in discount.items() if name != "end"}}

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of subscriptions; without `status`, Stripe leaves out the canceled ones."""
        return super().list_page(ctx, {**params, "status": params.get("status") or ""})

    def filter_status(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by status: `all` means any, `ended` canceled or incomplete_expired, empty any but canceled."""
        if value == "ended":
            filters.where.append(among("status", rules.OVER))
        elif not value:
            filters.where.append(SqlCondition("json_extract(o.json, '$.status') <> 'canceled'"))
        elif value != "all":
            filters.add_link("status", value)

    def narrow_inside(self, filters: ListFilters) -> None:
        """Leaves canceled subscriptions out of the list inside a customer."""
        filters.where.append(SqlCondition("json_extract(o.json, '$.status') <> 'canceled'"))

    def filter_price(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by the price of any item."""
        items = "json_each(o.json, '$.items.data')"
        filters.where.append(
            SqlCondition(f"EXISTS (SELECT 1 FROM {items} i WHERE json_extract(i.value, '$.price.id') = ?)", (value,))  # noqa: S608
        )

    def filter_plan(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by the plan of an item, which is a price of the same id."""
        self.filter_price(ctx, value, filters)

    def filter_current_period_start(self, ctx: Context, value: Any, filters: ListFilters) -> None:
        """Filters by the start of the current period."""
        filters.where += _period_is("current_period_start", value)

    def filter_current_period_end(self, ctx: Context, value: Any, filters: ListFilters) -> None:
        """Filters by the end of the current period."""
        filters.where += _period_is("current_period_end", value)

    def _first_discount(self, ctx: Context, obj: Json) -> Json:
        if not obj["discounts"]:
            raise errors.invalid(
                f"No active discount for subscription: {obj['id']}", code="resource_missing", status=404
            )
        return ctx.get("discount", obj["discounts"][0])


def _period_is(name: str, value: Any) -> list[SqlCondition]:
    """Returns conditions on the first item's period; `value` is a time in epoch seconds or a range of times."""
    column = f"json_extract(o.json, '$.items.data[0].{name}')"
    if not isinstance(value, dict):
        return [SqlCondition(f"{column} = ?", (value,))]
    return [SqlCondition(f"{column} {RANGES[edge]} ?", (time,)) for edge, time in value.items()]
