"""2025-03-31.basil: the single `discount`, `coupon` and `promotion_code` gave way to `discounts`."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class SingleDiscount(VersionChange):
    """A subscription and an invoice have `discount`, the whole object (entry B8).

    Page: deprecate-singular-coupon. It is null when several discounts apply (certainty C: "not populated" then).
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("subscription", "invoice")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member."""
        ids = obj.get("discounts") or []
        sole = ids[0] if len(ids) == 1 else None
        obj["discount"] = ctx.presented(["discount"], sole) if isinstance(sole, str) else sole


class SingleCoupon(VersionChange):
    """Subscriptions and previews take `coupon` and `promotion_code` (entry B8)."""

    version = "2025-03-31.basil"
    certainty = "A"
    operations = (
        "create subscription",
        "update subscription",
        "create customer.subscription",
        "update customer.subscription",
        "create_preview invoice",
    )
    names = (("discounts[0][coupon]", "coupon"), ("discounts[0][promotion_code]", "promotion_code"))

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Makes a discount of each; an empty one clears the discounts."""
        take_coupon(params)
        for phase in (params.get("schedule_details") or {}).get("phases") or ():
            take_coupon(phase)


class CouponOfPhase(VersionChange):
    """A schedule's phase has `coupon`, in requests and answers (entry B8)."""

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("subscription_schedule",)
    operations = ("create subscription_schedule", "update subscription_schedule")

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Makes a discount of the coupon."""
        for phase in params.get("phases") or ():
            take_coupon(phase)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the coupon of the only discount, null for several."""
        for phase in obj.get("phases") or ():
            given = phase.get("discounts") or []
            phase["coupon"] = given[0].get("coupon") if len(given) == 1 else None


class CouponOfCustomer(VersionChange):
    """A customer takes `coupon` and `promotion_code`, which have no successor (entry B8)."""

    version = "2025-03-31.basil"
    certainty = "A"
    operations = ("create customer", "update customer")

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Replaces a promotion code by its coupon; the sandbox takes `coupon` in every version."""
        code = params.pop("promotion_code", None)
        if code:
            params["coupon"] = ctx.get("promotion_code", code, param="promotion_code")["promotion"]["coupon"]


def take_coupon(params: Json) -> None:
    """Mutates `params`: `coupon` and `promotion_code` become `discounts`."""
    for name in ("coupon", "promotion_code"):
        if name in params:
            value = params.pop(name)
            params["discounts"] = [{name: value}] if value else ""
