"""Redemption: creates a discount from a coupon or a promotion code and counts it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json


def make_discount(
    ctx: Context,
    coupon: str | None = None,
    *,
    promotion_code: str | None = None,
    start: int | None = None,
    param: str = "coupon",
    **owner: Any,
) -> Json:
    """Creates and stores a discount from the id of a coupon or promotion code, and counts the redemption.

    `owner` is what the discount applies to: `customer`, `subscription`, `subscription_item`, `invoice`,
    `invoice_item`, `checkout_session`. `start` is in epoch seconds and defaults to now. `param` is the parameter
    that errors name. Raises StripeError when the coupon or code is unknown, expired or used up.
    """
    code = _redeemed_code(ctx, promotion_code, param) if promotion_code else None
    redeemed = ctx.get("coupon", code["promotion"]["coupon"] if code else coupon, param=param)
    _redeem(ctx, redeemed)
    begin = ctx.now() if start is None else start
    members = {
        "end": _end_of(redeemed, begin),
        "promotion_code": code["id"] if code else None,
        "source": {"coupon": redeemed["id"], "type": "coupon"},
        "start": begin,
    }
    discount = ctx.new("discount", **members, **owner)
    ctx.insert(discount)
    return discount


def _redeem(ctx: Context, coupon: Json) -> None:
    """Counts one redemption. Saves the coupon. Raises StripeError when it is expired or used up."""
    refusal = why_invalid(ctx, coupon)
    if refusal:
        raise errors.invalid(
            f"Coupon {coupon['id']} is {refusal} and cannot be applied.", code="coupon_expired", param="coupon"
        )
    coupon["times_redeemed"] += 1
    ctx.save(coupon)


def why_invalid(ctx: Context, coupon: Json) -> str:
    """Returns `expired` or `used up`, or an empty string while it can be redeemed."""
    if ctx.has_passed(coupon["redeem_by"]):
        return "expired"
    if coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]:
        return "used up"
    return ""


def _redeemed_code(ctx: Context, name: str, param: str) -> Json:
    code = ctx.get("promotion_code", name, param=param)
    if not ctx.resource("promotion_code").present(ctx, dict(code))["active"]:
        raise errors.invalid("This promotion code is expired or inactive.", param=param, code="coupon_expired")
    code["times_redeemed"] += 1
    ctx.save(code)
    return code


def _end_of(coupon: Json, start: int) -> int | None:
    """Returns the end of a discount in epoch seconds; None unless the coupon is `repeating`."""
    if coupon["duration"] != "repeating":
        return None
    return _add_months(start, coupon["duration_in_months"])


def _add_months(seconds: int, months: int) -> int:
    """Adds calendar months to a time in epoch seconds (UTC). A day that the month lacks becomes its last day."""
    from calendar import monthrange

    moment = datetime.fromtimestamp(seconds, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())
