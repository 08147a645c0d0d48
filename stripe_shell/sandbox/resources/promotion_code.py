"""Promotion codes: customer-facing codes of coupons."""

from __future__ import annotations

import re

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.ids import CAPITALS
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListFilters
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.storage.rows import IndexEntry, SqlCondition
from stripe_shell.spec.model import Operation

_CODE = re.compile(r"[a-zA-Z0-9\-_]+")
_FIVE_YEARS = 5 * 366 * 24 * 3600


class PromotionCode(Resource):
    """`/v1/promotion_codes`. A code is unique among active ones, regardless of case."""

    object = "promotion_code"
    noun = "promotion code"
    id_param = "promotion_code"
    indexed = ("customer", "coupon", "code")
    unechoed = ("promotion",)

    def links(self, obj: Json, private: Json | None) -> list[IndexEntry]:  # type: ignore[override]
        """Returns the index entries: customer, coupon, and the code in lower case."""
        found = [(name, value) for name, value in super().links(obj, private) if name != "code"]
        return [*found, ("coupon", str(obj["promotion"]["coupon"])), ("code", obj["code"].lower())]

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Mutates `params`: the former top-level `coupon` becomes `promotion[coupon]`.

        In a version whose table has it, the parameter stays: a version change carries it forward.
        """
        lacks = "coupon" not in operation.params.fields
        if operation.action == "create" and lacks and "coupon" in params and "promotion" not in params:
            params["promotion"] = {"type": "coupon", "coupon": params.pop("coupon")}
        return {}

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for an unknown coupon, an invalid or taken code, or limits beyond the coupon's."""
        coupon_id = params["promotion"].get("coupon")
        if not coupon_id:
            raise errors.invalid("You must pass promotion.coupon when passing promotion", param="promotion.coupon")
        coupon = ctx.get("coupon", coupon_id, param="promotion[coupon]")
        restrictions = params.get("restrictions") or {}
        if restrictions.get("minimum_amount") and not restrictions.get("minimum_amount_currency"):
            raise errors.missing_parameter("restrictions[minimum_amount_currency]")
        self._check_code(ctx, params)
        _check_limits(ctx, coupon, params)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets coupon, code and expiry, which defaults to the coupon's `redeem_by`."""
        coupon = ctx.get("coupon", params["promotion"]["coupon"])
        obj["promotion"] = {"coupon": coupon["id"], "type": "coupon"}
        obj["code"] = params.get("code") or ctx.ids.text(8, CAPITALS)
        if obj["expires_at"] is None:
            obj["expires_at"] = coupon["redeem_by"]

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for a reactivation when the coupon is deleted or the code is taken."""
        if params.get("active") and not obj["active"]:
            coupon = ctx.find("coupon", obj["promotion"]["coupon"])
            if coupon is None:
                raise errors.invalid("This promotion code cannot be reactivated because its coupon was deleted.")
            self._refuse_duplicate(ctx, obj["code"], obj["customer"])

    def present(self, ctx: Context, obj: Json) -> Json:
        """Mutates `obj`: sets `active`, which is false once the code is expired or used up."""
        over = ctx.has_passed(obj["expires_at"])
        used = obj["max_redemptions"] is not None and obj["times_redeemed"] >= obj["max_redemptions"]
        obj["active"] = bool(obj["active"]) and not over and not used
        return obj

    def filter_code(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by code, regardless of case."""
        filters.add_link("code", value.lower())

    def filter_coupon(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by coupon. Raises StripeError for an unknown one."""
        ctx.get("coupon", value, param="coupon")
        if filters.link is None:
            filters.link = ("coupon", value)
        else:
            filters.where.append(SqlCondition("json_extract(o.json, '$.promotion.coupon') = ?", (value,)))

    def _check_code(self, ctx: Context, params: Json) -> None:
        code = params.get("code")
        if not code:
            return
        if not _CODE.fullmatch(code):
            raise errors.invalid(
                r"The promotion code must match the regular expression `/\A[a-zA-Z0-9\-_]+\z/`.", param="code"
            )
        self._refuse_duplicate(ctx, code, params.get("customer"))

    def _refuse_duplicate(self, ctx: Context, code: str, customer: str | None) -> None:
        for other in ctx.all("promotion_code", code=code.lower()):
            if self.present(ctx, dict(other))["active"] and other["customer"] in (None, customer):
                raise errors.invalid(f"An active promotion code with `code: {code}` already exists.")


def _check_limits(ctx: Context, coupon: Json, params: Json) -> None:
    expires = params.get("expires_at")
    if expires is not None and expires <= ctx.now():
        raise errors.in_the_past("expires_at", expires)
    if expires is not None and expires > ctx.now() + _FIVE_YEARS:
        raise errors.invalid("Invalid timestamp: can be no more than five years in the future.", param="expires_at")
    if expires is not None and coupon["redeem_by"] is not None and expires > coupon["redeem_by"]:
        raise errors.invalid("expires_at may not be after the coupon's redeem_by.", param="expires_at")
    most, of_coupon = params.get("max_redemptions"), coupon["max_redemptions"]
    if most is not None and of_coupon is not None and most > of_coupon:
        raise errors.invalid("max_redemptions may not exceed the coupon's max_redemptions.", param="max_redemptions")
