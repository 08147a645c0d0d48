"""Prices of products, one-time or recurring."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.invoices import new_prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListFilters, among
from stripe_shell.sandbox.objects.private_fields import PricePrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.spec.model import Operation


class Price(Resource):
    """`/v1/prices`. Amount, currency, recurrence and product are immutable."""

    object = "price"
    id_param = "price"
    defaults: ClassVar = {"tax_behavior": "unspecified"}
    expand_only = ("tiers", "currency_options")
    unechoed = (
        "custom_unit_amount",
        "product_data",
        "recurring",
        "lookup_key",
        "tiers",
        "currency_options",
        "unit_amount",
        "unit_amount_decimal",
    )
    indexed = ("product", "lookup_key")

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Removes from `params` and returns `recurring[trial_period_days]`, which the OpenAPI description lacks."""
        recurring = params.get("recurring")
        if operation.action == "create" and isinstance(recurring, dict) and "trial_period_days" in recurring:
            return {"trial_period_days": recurring.pop("trial_period_days")}
        return super().take_legacy(operation, params)

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a price, and its product from `product_data`."""
        self.validate_create(ctx, params)
        self.check_references(ctx, params)
        if params.get("product_data"):
            product = ctx.resource("product").create(ctx, dict(params["product_data"]))
            params["product"] = product["id"] if isinstance(product, dict) else None
        price = new_prices.build(ctx, params)
        ctx.insert(price)
        new_prices.tell_created(ctx, price)
        return price

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError unless exactly one of `product` and `product_data` is sent."""
        if not params.get("product") and not params.get("product_data"):
            raise errors.invalid("You must specify either `product` or `product_data` when creating a price.")
        if params.get("product") and params.get("product_data"):
            raise errors.exclusive("product", "product_data")

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets lookup key and currency options. Raises StripeError if a set `tax_behavior` changes."""
        if params.get("lookup_key"):
            new_prices.take_lookup_key(ctx, obj, params)
        elif "lookup_key" in params:
            obj["lookup_key"] = None
        if params.get("currency_options"):
            hidden = ctx.private(obj, PricePrivate)
            hidden["currency_options"] = {
                **hidden.get("currency_options", {}),
                **new_prices.options_of(params["currency_options"]),
            }
        before = ctx.stored(obj) or {}
        if before.get("tax_behavior") not in ("unspecified", obj["tax_behavior"]):
            raise errors.invalid("You cannot change the tax behavior once it is set.", param="tax_behavior")

    def expand_member(self, ctx: Context, obj: Json, name: str) -> Any:
        """Returns the amounts in all currencies, the price's own included; other members as usual."""
        if name != "currency_options":
            return super().expand_member(ctx, obj, name)
        own = {key: obj[key] for key in ("custom_unit_amount", "tax_behavior", "unit_amount", "unit_amount_decimal")}
        return {obj["currency"]: own, **ctx.private(obj, PricePrivate).get("currency_options", {})}

    def filter_lookup_keys(self, ctx: Context, value: list[str], filters: ListFilters) -> None:
        """Filters by a list of lookup keys."""
        if len(value) == 1:
            filters.add_link("lookup_key", value[0])
        else:
            filters.where.append(among("lookup_key", value))
