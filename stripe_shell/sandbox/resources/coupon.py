"""Coupons: a percentage or an amount off."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.invoices.redemption import why_invalid
from stripe_shell.sandbox.currencies import check_currency_keys
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import CouponPrivate, PromotionCodePrivate
from stripe_shell.sandbox.objects.resource import Resource

_FIVE_YEARS = 5 * 366 * 24 * 3600


class Coupon(Resource):
    """`/v1/coupons`. `valid` is computed whenever the coupon is read."""

    object = "coupon"
    id_param = "coupon"
    defaults: ClassVar = {"duration": "once"}
    expand_only = ("applies_to", "currency_options")
    unechoed = ("applies_to", "currency_options")

    def new_id(self, ctx: Context, prefix: str | None = None) -> str:
        """Returns an id: eight characters without a prefix."""
        return ctx.ids.text(8)

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for a missing or doubled discount, a wrong duration, or `redeem_by` out of range."""
        _check_discount(params)
        if params.get("duration") == "repeating" and "duration_in_months" not in params:
            raise errors.invalid(
                "The duration_in_months param must be set when duration is set to repeating.", param="duration"
            )
        if params.get("duration") != "repeating" and "duration_in_months" in params:
            raise errors.invalid(
                "The duration_in_months param may only be set when duration is set to repeating.", param="duration"
            )
        redeem_by = params.get("redeem_by")
        if redeem_by is not None and redeem_by <= ctx.now():
            raise errors.in_the_past("redeem_by", redeem_by)
        if redeem_by is not None and redeem_by > ctx.now() + _FIVE_YEARS:
            raise errors.invalid("Invalid timestamp: can be no more than five years in the future.", param="redeem_by")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the id if given, and stores the expand-only members as private fields."""
        if params.get("id"):
            obj["id"] = params["id"]
        for product in (params.get("applies_to") or {}).get("products", ()):
            ctx.get("product", product, param="applies_to[products]")
        self._keep_private(ctx, obj, params)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Stores the expand-only members as private fields."""
        self._keep_private(ctx, obj, params)

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Marks the coupon as invalid and deactivates its promotion codes."""
        obj["valid"] = False
        for code in ctx.all("promotion_code", coupon=obj["id"]):
            ctx.private(code, PromotionCodePrivate)["coupon"] = dict(obj)
            was_active, code["active"] = code["active"], False
            changed = ctx.save(code)
            if was_active:
                ctx.emit("promotion_code.updated", code, changed)

    def present(self, ctx: Context, obj: Json) -> Json:
        """Mutates `obj`: sets `valid`, which is false once the coupon is expired or used up."""
        obj["valid"] = bool(obj["valid"]) and not why_invalid(ctx, obj)
        return obj

    def expand_member(self, ctx: Context, obj: Json, name: str) -> Any:
        """Returns `applies_to`, or `currency_options` with the coupon's own currency included."""
        hidden = ctx.private_json(obj)
        if name == "currency_options" and obj["currency"]:
            return {obj["currency"]: {"amount_off": obj["amount_off"]}, **hidden.get(name, {})}
        return hidden.get(name)

    def _keep_private(self, ctx: Context, obj: Json, params: Json) -> None:
        if params.get("applies_to"):
            ctx.private(obj, CouponPrivate)["applies_to"] = params["applies_to"]
        if params.get("currency_options"):
            check_currency_keys(params["currency_options"], "currency_options")
            hidden = ctx.private(obj, CouponPrivate)
            hidden["currency_options"] = {**hidden.get("currency_options", {}), **params["currency_options"]}


def _check_discount(params: Json) -> None:
    percent, amount = params.get("percent_off"), params.get("amount_off")
    if percent is None and amount is None:
        raise errors.invalid("Must provide percent_off or amount_off.", code="parameter_missing")
    if percent is not None and amount is not None:
        raise errors.invalid("Received both percent_off and amount_off parameters. Please pass in only one.")
    if percent is not None and "currency_options" in params:
        raise errors.exclusive("currency_options", "percent_off")
    if amount is not None and not params.get("currency"):
        raise errors.invalid("You must pass currency when passing amount_off", param="currency")
    if amount is not None and amount < 1:
        raise errors.below_minimum("amount_off", 1)
    if percent is not None and not 0.01 <= percent <= 100:
        bound = "greater than or equal to 0.01" if percent < 1 else "less than or equal to 100"
        raise errors.invalid(f"This value must be {bound} (it currently is '{float(percent)}').", param="percent_off")
