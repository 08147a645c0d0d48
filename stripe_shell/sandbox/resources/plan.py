"""Plans: the legacy view of recurring prices. Only the price is stored."""

from __future__ import annotations

import json
from typing import Any

from stripe_shell.records import replace
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.plan_view import plan_view
from stripe_shell.sandbox.billing.invoices import new_prices
from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.private_fields import PricePrivate
from stripe_shell.sandbox.objects.resource import Resource

_PRICE_PARAMS = (
    "active",
    "aggregate_usage",
    "billing_scheme",
    "currency",
    "metadata",
    "nickname",
    "tiers",
    "tiers_mode",
)


class Plan(Resource):
    """`/v1/plans`. Each request reads or changes the price with the same id."""

    object = "plan"
    expand_only = ("tiers",)

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the plan of the recurring price with this id, or None."""
        price = ctx.find("price", key)
        return plan_view(price) if price is not None and price["recurring"] else None

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates the price, and the product if `product` is given as data. Returns the plan."""
        product = params.get("product")
        if not product:
            raise errors.missing_parameter("product")
        if isinstance(product, dict):
            made = ctx.resource("product").create(ctx, dict(product))
            product = made["id"] if isinstance(made, dict) else ""
        ctx.get("product", product, param="product")
        price = new_prices.build(ctx, {**_price_params(params), "product": product})
        if params.get("id"):
            price["id"] = params["id"]
        ctx.insert(price)
        new_prices.tell_created(ctx, price)
        return plan_view(price)

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates the price. Returns the plan."""
        price = ctx.get("price", obj["id"])
        if params.get("product"):
            ctx.get("product", params["product"], param="product")
            price["product"] = params["product"]
        if "trial_period_days" in params:
            price["recurring"]["trial_period_days"] = params["trial_period_days"] or None
        shown = {name: value for name, value in params.items() if name in ("active", "metadata", "nickname")}
        ctx.resource("price").echo(price, shown)
        changed = ctx.save(price)
        plan = plan_view(price)
        if changed:
            ctx.emit("price.updated", price, changed)
            ctx.emit("plan.updated", plan, changed)
        return plan

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Deletes the price. Stripe allows this for plans alone."""
        ctx.delete(ctx.get("price", obj["id"]))
        ctx.emit("plan.deleted", obj)
        return {"id": obj["id"], "object": "plan", "deleted": True}

    def expand_member(self, ctx: Context, obj: Json, name: str) -> Any:
        """Returns the tiers of the price."""
        price = ctx.find("price", obj["id"])
        return ctx.private(price, PricePrivate).get("tiers") if price else None

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the recurring prices as plans."""
        page = pages.list_page(ctx.resource("price"), ctx, {**params, "type": "recurring"})
        texts = [json.dumps(plan_view(json.loads(text)), separators=(",", ":")) for text in page.texts]
        return replace(page, texts=texts)


def _price_params(params: Json) -> Json:
    """Returns the parameters of a plan as those of a price."""
    price = {name: params[name] for name in _PRICE_PARAMS if name in params}
    for old, new in (("amount", "unit_amount"), ("amount_decimal", "unit_amount_decimal")):
        if old in params:
            price[new] = params[old]
    if "transform_usage" in params:
        price["transform_quantity"] = params["transform_usage"]
    names = ("interval", "interval_count", "meter", "usage_type")
    price["recurring"] = {name: params[name] for name in names if name in params}
    return price | {"trial_period_days": params.get("trial_period_days")}
