"""2025-09-30.clover: discounts and promotion codes tell their coupon in another place, and by its id."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.private_fields import DiscountPrivate, PromotionCodePrivate
from stripe_shell.sandbox.versions.change import Json, VersionChange


def _whole(ctx: Context, coupon: object) -> object:
    """Returns the coupon of an id."""
    return ctx.presented(["coupon"], coupon) or coupon if isinstance(coupon, str) else coupon


class DiscountCoupon(VersionChange):
    """A discount has `coupon`, always the whole object, for today's `source.coupon` (entry C2).

    Page: add-discount-source-property.
    """

    version = "2025-09-30.clover"
    certainty = "A"
    kinds = ("discount",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Moves the coupon up, as an object."""
        if "source" in obj:
            coupon = _whole(ctx, (obj.pop("source") or {}).get("coupon"))
            if isinstance(coupon, dict) and "deleted" in coupon:
                coupon = ctx.private(obj, DiscountPrivate).get("coupon") or coupon
            obj["coupon"] = coupon


class PromotionCodeCoupon(VersionChange):
    """A promotion code has `coupon`, always the whole object, for today's `promotion.coupon` (entry C3).

    Page: polymorphic-coupon.
    """

    version = "2025-09-30.clover"
    certainty = "A"
    kinds = ("promotion_code",)
    operations = ("create promotion_code",)
    names = (("promotion[coupon]", "coupon"), ("promotion.coupon", "coupon"))

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Moves the coupon down."""
        if "coupon" in params:
            params["promotion"] = {"type": "coupon", "coupon": params.pop("coupon")}

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Moves the coupon up, as an object."""
        if "promotion" in obj:
            coupon = _whole(ctx, (obj.pop("promotion") or {}).get("coupon"))
            if isinstance(coupon, dict) and "deleted" in coupon:
                coupon = ctx.private(obj, PromotionCodePrivate).get("coupon") or coupon
            obj["coupon"] = coupon
