"""Products."""

from __future__ import annotations

from typing import ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.invoices import new_prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListFilters, among
from stripe_shell.sandbox.objects.resource import Resource

#: The most pictures of a product.
_MOST_IMAGES: Final = 8


class Product(Resource):
    """`/v1/products`. Products with prices cannot be deleted."""

    object = "product"
    short_ids = True
    defaults: ClassVar = {"attributes": [], "type": "service"}
    unechoed = ("default_price",)
    indexed = ("default_price",)

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for an empty name, or for too many pictures."""
        if not params["name"].strip():
            raise errors.empty_parameter("name")
        _check_images(params)

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for too many pictures."""
        _check_images(params)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the id if given. Stores the default price of `default_price_data`."""
        if params.get("id"):
            obj["id"] = params["id"]
            obj["created"] = ctx.now()
        obj["updated"] = obj["created"]
        obj["type"] = params.get("type") or obj["type"]
        if obj["type"] == "good" and obj["shippable"] is None:
            obj["shippable"] = True
        data = params.get("default_price_data")
        if data:
            price = new_prices.build(ctx, {**data, "product": obj["id"]})
            ctx.insert(price)
            obj["default_price"] = price["id"]

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Emits the events of the default price."""
        if obj["default_price"]:
            new_prices.tell_created(ctx, ctx.get("price", obj["default_price"]))

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the default price and `updated`."""
        if "default_price" in params:
            obj["default_price"] = self._default_price(ctx, obj, params["default_price"])
        if ctx.stored(obj) != obj:
            obj["updated"] = ctx.now()

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError if the product has prices. Sets `active` to false, as the event shows it."""
        if ctx.count("price", product=obj["id"]):
            raise errors.invalid("This product cannot be deleted because it has one or more user-created prices.")
        obj["active"] = False

    def filter_ids(self, ctx: Context, value: list[str], filters: ListFilters) -> None:
        """Filters by a list of ids."""
        filters.where.append(among("id", value))

    def _default_price(self, ctx: Context, obj: Json, named: str) -> str | None:
        if not named:
            return None
        price = ctx.get("price", named, param="default_price")
        if price["product"] != obj["id"]:
            raise errors.invalid(
                f"The price `{named}` does not belong to this product, so it cannot be its default price.",
                param="default_price",
            )
        if not price["active"]:
            raise errors.invalid("An inactive price cannot be the default price.", param="default_price")
        return named


def _check_images(params: Json) -> None:
    """Raises StripeError for more than eight pictures (Stripe's API reference; the text is assumed)."""
    if len(params.get("images") or ()) > _MOST_IMAGES:
        raise errors.invalid(f"A product can have at most {_MOST_IMAGES} images.", param="images")
