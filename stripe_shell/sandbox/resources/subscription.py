"""Subscriptions: a customer pays prices again and again."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import scheduler
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.subscriptions import cancel, update, validate
from stripe_shell.sandbox.billing.subscriptions.create import DEFAULTS, SPECIAL, billing_mode, start
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import RANGES, Filters, Page, among
from stripe_shell.sandbox.objects.resource import Resource, action
from stripe_shell.sandbox.storage.store import Where


class Subscription(Resource):
    """`POST /v1/subscriptions`; what it bills and when is in `billing/`."""

    object = "subscription"
    defaults: ClassVar = DEFAULTS
    indexed = ("customer", "status", "test_clock")
    unechoed = SPECIAL
    absent = ("presentment_details",)

    def create(self, ctx: Context, params: Json) -> Json:
        """Begin a subscription."""
        if "customer" in ctx.path:
            params["customer"] = ctx.path["customer"]
        if params.get("customer"):
            validate.check_clock(ctx, ctx.find("customer", params["customer"]) or {})
        return self.begin(ctx, params)

    def begin(self, ctx: Context, params: Json, *, drafts: bool = False) -> Json:
        """Begin a subscription from parameters; with `drafts` its first invoice stays a draft for an hour."""
        self.check_references(ctx, {name: value for name, value in params.items() if name not in SPECIAL})
        subscription = start(ctx, params, self.echo, drafts=drafts)
        scheduler.watch(ctx, ctx.get("customer", subscription["customer"]), subscription)
        return subscription

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Change a subscription."""
        self.check_references(ctx, {name: value for name, value in params.items() if name not in SPECIAL})
        update.change(ctx, obj, params, self.echo)
        scheduler.watch(ctx, ctx.get("customer", obj["customer"]), obj)
        return obj

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """End it at once."""
        cancel.cancel(ctx, obj, params)
        return obj

    @action
    def resume(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Go on after a pause."""
        update.resume(ctx, obj, params)
        scheduler.watch(ctx, ctx.get("customer", obj["customer"]), obj)
        return obj

    @action
    def migrate(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Go over to flexible billing; there is no way back."""
        cancel.check_alive(obj)
        if obj["billing_mode"]["type"] == "flexible":
            raise errors.invalid("This subscription is already in `flexible` billing mode.", param="billing_mode[type]")
        obj["billing_mode"] = billing_mode(params["billing_mode"], ctx.now())
        ctx.emit("customer.subscription.updated", obj, ctx.save(obj))
        return obj

    @action
    def retrieve_discount(self, ctx: Context, obj: Json, params: Json) -> Json:
        """The first discount."""
        return self._first_discount(ctx, obj)

    @action
    def delete_discount(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Take the first discount away."""
        discount = self._first_discount(ctx, obj)
        obj["discounts"] = obj["discounts"][1:]
        changed = ctx.save(obj)
        ctx.emit("customer.discount.deleted", discount)
        ctx.emit("customer.subscription.updated", obj, changed)
        return {"deleted": True, **{name: value for name, value in discount.items() if name != "end"}}

    def list_page(self, ctx: Context, params: Json) -> Page:
        """Without `status`, all but the canceled ones."""
        return super().list_page(ctx, {**params, "status": params.get("status") or ""})

    def filter_status(self, ctx: Context, value: str, filters: Filters) -> None:
        """One status; `all`, `ended` for those that are over, nothing for those that are not canceled."""
        if value == "ended":
            filters.where.append(among("status", rules.OVER))
        elif not value:
            filters.where.append(Where("json_extract(o.json, '$.status') <> 'canceled'"))
        elif value != "all":
            filters.add_link("status", value)

    def narrow_inside(self, filters: Filters) -> None:
        """A customer shows those that are not canceled."""
        filters.where.append(Where("json_extract(o.json, '$.status') <> 'canceled'"))

    def filter_price(self, ctx: Context, value: str, filters: Filters) -> None:
        """Only subscriptions with an item of this price."""
        items = "json_each(o.json, '$.items.data')"
        filters.where.append(
            Where(f"EXISTS (SELECT 1 FROM {items} i WHERE json_extract(i.value, '$.price.id') = ?)", (value,))  # noqa: S608
        )

    def filter_current_period_start(self, ctx: Context, value: Any, filters: Filters) -> None:
        """By when the current period started."""
        filters.where += _period_is("current_period_start", value)

    def filter_current_period_end(self, ctx: Context, value: Any, filters: Filters) -> None:
        """By when the current period ends."""
        filters.where += _period_is("current_period_end", value)

    def _first_discount(self, ctx: Context, obj: Json) -> Json:
        if not obj["discounts"]:
            raise errors.invalid(
                f"No active discount for subscription: {obj['id']}", code="resource_missing", status=404
            )
        return ctx.get("discount", obj["discounts"][0])


def _period_is(name: str, value: Any) -> list[Where]:
    """A condition on the period of the first item: a time, or a range of them."""
    column = f"json_extract(o.json, '$.items.data[0].{name}')"
    if not isinstance(value, dict):
        return [Where(f"{column} = ?", (value,))]
    return [Where(f"{column} {RANGES[edge]} ?", (time,)) for edge, time in value.items()]
