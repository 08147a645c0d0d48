"""Discounts: created from coupons and promotion codes, and reduced to the amounts that they take off.

Source: https://docs.stripe.com/billing/subscriptions/coupons
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.totals import Deduction
from stripe_shell.sandbox.currencies import format_amount
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.echo import is_clear
from stripe_shell.sandbox.objects.private_fields import DiscountPrivate

from .redemption import make_discount


def apply_discounts(
    ctx: Context,
    requested: Any,
    existing: Sequence[str],
    *,
    where: str = "discounts",
    start: int | None = None,
    **owner: Any,
) -> list[str]:
    """Returns the discount ids for a `discounts` parameter; creates the missing discounts. Raises StripeError.

    `existing` are the ids that the owner has already: a coupon among them keeps its discount and is not redeemed again
    (observed in test mode recordings). `owner` are the members that name the owner of new ones, `customer` always.
    """
    if is_clear(requested):
        return []
    if len(requested) > rules.MAX_DISCOUNTS:
        raise errors.invalid(f"You can pass at most {rules.MAX_DISCOUNTS} discounts.", param=where)
    carried = {_coupon_id(ctx, name): name for name in existing}
    names = [
        _apply_one(ctx, entry, carried, f"{where}[{index}]", {"start": start, **owner})
        for index, entry in enumerate(requested)
    ]
    coupons = [_coupon_id(ctx, name) for name in names]
    for index, coupon in enumerate(coupons):
        if coupon in coupons[:index]:
            raise errors.invalid(
                f"The coupon {coupon} is given more than once; a coupon can be applied only once.",
                param=f"{where}[{index}]",
            )
    return names


def deduction_of(ctx: Context, name: str, currency: str, now: int) -> Deduction | None:
    """Returns what a discount takes off at `now`; None if it has ended or does not exist."""
    discount = ctx.find("discount", name)
    if discount is None or (discount["end"] is not None and discount["end"] <= now):
        return None
    coupon = coupon_of(ctx, discount)
    if coupon is None:
        return None
    products = (coupon_extra(ctx, coupon, "applies_to") or {}).get("products")
    only = frozenset(products) if products else None
    if coupon["percent_off"] is not None:
        return Deduction(name, Fraction(str(coupon["percent_off"])), products=only)
    return Deduction(name, amount=_amount_off(ctx, coupon, currency), products=only)


def deductions_of(ctx: Context, names: Iterable[str], currency: str, now: int) -> list[Deduction]:
    """Returns what these discounts take off, in order; one that has ended takes nothing.

    It stays in the list because Stripe's lines show discounts of amount 0 (observed in test mode recordings).
    """
    return [deduction_of(ctx, name, currency, now) or Deduction(name) for name in names]


def text_of(ctx: Context, names: Iterable[str], currency: str) -> str:
    """Returns the discounts in a proration's description: ` (with 10.0% off)`, or an empty string."""
    parts = []
    for off in deductions_of(ctx, names, currency, ctx.now()):
        if off.percent is not None:
            parts.append(f"{float(off.percent)}% off")
        elif off.amount:
            parts.append(f"{format_amount(off.amount, currency)} off")
    return f" (with {' and '.join(parts)})" if parts else ""


def coupon_of(ctx: Context, discount: Mapping[str, Any]) -> Json | None:
    """Returns the coupon of a discount, or its last state: a discount outlives the deletion of its coupon."""
    key = discount["source"]["coupon"]
    if isinstance(key, Mapping):
        return dict(key)
    return ctx.find("coupon", key) or ctx.private(discount, DiscountPrivate).get("coupon")


def coupon_extra(ctx: Context, coupon: Mapping[str, Any], name: str) -> Any:
    """Returns a member that a coupon shows only when expanded."""
    return ctx.private_json(coupon).get(name) if ctx.find("coupon", coupon["id"]) else coupon.get(name)


def is_once(ctx: Context, name: str) -> bool:
    """Whether the coupon of a discount has the duration `once`."""
    discount = ctx.find("discount", name)
    coupon = coupon_of(ctx, discount) if discount else None
    return coupon is not None and coupon["duration"] == "once"


def drop_used(ctx: Context, owner: Json, names: Iterable[str]) -> bool:
    """Removes ended discounts from a subscription or an item, and emits their events.

    Returns whether there was any. Mutates `owner`; does not save it.
    """
    over = set(names)
    kept = [name for name in owner["discounts"] if name not in over]
    gone = [name for name in owner["discounts"] if name in over]
    owner["discounts"] = kept
    for name in gone:
        discount = ctx.find("discount", name)
        if discount is not None:
            ctx.emit("customer.discount.deleted", discount)
    return bool(gone)


def _apply_one(ctx: Context, entry: Mapping[str, Any], carried: Mapping[str, str], where: str, members: Json) -> str:
    named = [name for name in ("coupon", "discount", "promotion_code") if entry.get(name)]
    if len(named) != 1:
        raise errors.invalid("You must specify exactly one of `coupon`, `discount` or `promotion_code`.", param=where)
    kind, key = named[0], entry[named[0]]
    if kind == "discount":
        return str(ctx.get("discount", key, param=f"{where}[discount]")["id"])
    code = (
        _usable_promotion_code(ctx, key, members.get("customer"), f"{where}[promotion_code]")
        if kind == "promotion_code"
        else None
    )
    coupon = code["promotion"]["coupon"] if code else key
    if coupon in carried:
        return carried[coupon]
    discount = make_discount(
        ctx,
        None if code else coupon,
        promotion_code=code["id"] if code else None,
        param=f"{where}[{kind}]",
        **members,
    )
    ctx.private(discount, DiscountPrivate)["coupon"] = _whole_coupon(ctx, discount["source"]["coupon"])
    ctx.save(discount)
    return str(discount["id"])


def _whole_coupon(ctx: Context, key: str) -> Json | None:
    coupon = ctx.find("coupon", key)
    return None if coupon is None else {**coupon, **ctx.private_json(coupon)}


def _usable_promotion_code(ctx: Context, key: str, customer: str | None, param: str) -> Json:
    """Returns a promotion code. Raises StripeError if this customer cannot redeem it."""
    code = ctx.get("promotion_code", key, param=param)
    if code.get("customer") not in (None, customer):
        raise errors.invalid("This promotion code cannot be redeemed by this customer.", param=param)
    first = (code.get("restrictions") or {}).get("first_time_transaction")
    if first and customer and _has_history(ctx, customer):
        raise errors.invalid(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            param=param,
        )
    return code


def _has_history(ctx: Context, customer: str) -> bool:
    """Whether a customer ever had a PaymentIntent or a trial, which `first_time_transaction` excludes."""
    if ctx.all("payment_intent", customer=customer):
        return True
    return any(sub["trial_start"] is not None for sub in ctx.iterate("subscription", customer=customer))


def check_minimum(ctx: Context, names: Iterable[str], subtotal: int, currency: str) -> None:
    """Raises StripeError if a promotion code requires a higher subtotal; checked at redemption only."""
    for name in names:
        discount = ctx.find("discount", name)
        code = ctx.find("promotion_code", discount["promotion_code"]) if discount else None
        restrictions = (code or {}).get("restrictions") or {}
        least = restrictions.get("minimum_amount")
        if least and restrictions.get("minimum_amount_currency") == currency and subtotal < least:
            raise errors.invalid(
                "This promotion code cannot be redeemed because it requires a minimum amount of "
                f"{format_amount(least, currency)}.",
                param="discounts",
            )


def check_currency(ctx: Context, names: Iterable[str], currency: str) -> None:
    """Raises StripeError for an amount off that exists in other currencies alone (the text is assumed)."""
    for name in names:
        discount = ctx.find("discount", name)
        coupon = coupon_of(ctx, discount) if discount else None
        if coupon is None or coupon["percent_off"] is not None or _amount_off(ctx, coupon, currency):
            continue
        raise errors.invalid(
            f"The coupon {coupon['id']} takes off an amount in {coupon['currency']} and cannot be applied to an amount "
            f"in {currency}.",
            param="discounts",
        )


def check_applies(ctx: Context, names: Iterable[str], products: Iterable[str], currency: str) -> None:
    """Raises StripeError for a discount that is limited to other products than these.

    The code and the text are those that clients of Checkout look for.
    """
    sold = set(products)
    for off in deductions_of(ctx, names, currency, ctx.now()):
        if off.products is not None and not sold & off.products:
            raise errors.invalid(
                "This coupon cannot be redeemed because it does not apply to anything in this order.",
                code="coupon_applies_to_nothing",
                param="discounts",
            )


def _amount_off(ctx: Context, coupon: Mapping[str, Any], currency: str) -> int:
    if coupon["currency"] == currency:
        return int(coupon["amount_off"])
    option = (coupon_extra(ctx, coupon, "currency_options") or {}).get(currency) or {}
    return int(option.get("amount_off") or 0)


def _coupon_id(ctx: Context, name: str) -> str:
    discount = ctx.find("discount", name)
    key = discount["source"]["coupon"] if discount else name
    return str(key["id"] if isinstance(key, Mapping) else key)
