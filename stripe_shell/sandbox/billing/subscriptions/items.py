"""Subscription items: stored one by one, and embedded whole in their subscription.

The private field `billed` of an item describes its last bill: `amount` for a whole period, exact and after discounts;
`off`, the description of those discounts; and its place, `invoice` and `line`, or the pending `item`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.calc.plan_view import plan_view
from stripe_shell.sandbox.billing.calc.totals import Deduction, deducted_amount, shares
from stripe_shell.sandbox.billing.invoices import discounts, prices
from stripe_shell.sandbox.billing.invoices.lines import Record, billed_item
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import SubscriptionItemPrivate

from . import trial_offers


def items_of(ctx: Context, subscription: Json) -> list[Json]:
    """Returns the items of a subscription, oldest first."""
    return ctx.all("subscription_item", subscription=subscription["id"], oldest_first=True)


def last_bill(ctx: Context, item: Mapping[str, Any]) -> Json | None:
    """Returns the private field `billed` of an item; None when it was never billed."""
    return ctx.private(item, SubscriptionItemPrivate).get("billed")


def new_item(ctx: Context, subscription: Json, price: Json, params: Mapping[str, Any], period: Period) -> Json:
    """Returns an item that is not stored; `params` has quantity, metadata and whole tax rates, all optional."""
    item = ctx.new(
        "subscription_item",
        created=ctx.now(),
        current_period_end=period.end,
        current_period_start=period.start,
        metadata=dict(params.get("metadata") or {}),
        subscription=subscription["id"],
        tax_rates=list(params.get("tax_rates") or ()),
    )
    item["billing_thresholds"] = params.get("billing_thresholds") or None
    item["current_trial"] = trial_offers.current_trial(ctx, params, period.start)
    set_price(ctx, item, price, params.get("quantity"))
    return item


def set_price(ctx: Context, item: Json, price: Json, quantity: int | None) -> None:
    """Sets the price, plan and quantity (1 by default, absent if metered) of an item. Mutates `item`."""
    item["price"] = dict(price)
    item["plan"] = plan_view(price)
    item.pop("quantity", None)
    if not prices.is_metered(price):
        item["quantity"] = 1 if quantity is None else quantity


def quantity_of(item: Mapping[str, Any]) -> int:
    """Returns the quantity of an item, 0 if it is metered."""
    return int(item.get("quantity") or 0)


def embed(subscription: Json, items: Sequence[Json]) -> None:
    """Sets `items` of a subscription, and its legacy members `plan` and `quantity`. Mutates `subscription`.

    Stripe's API description lacks these two, its responses have them (observed in test mode recordings).
    """
    subscription["items"] = {
        "object": "list",
        "data": list(items),
        "has_more": False,
        "total_count": len(items),
        "url": f"/v1/subscription_items?subscription={subscription['id']}",
    }
    only = items[0] if len(items) == 1 else None
    subscription["plan"] = only["plan"] if only else None
    subscription["quantity"] = only.get("quantity") if only else None


def save(ctx: Context, subscription: Json, items: Sequence[Json]) -> Json:
    """Saves a subscription and its items. Returns the subscription's previous attributes."""
    for item in items:
        ctx.save(item)
    embed(subscription, items)
    return ctx.save(subscription)


def period_of(item: Mapping[str, Any]) -> Period:
    """Returns the current period of an item."""
    return Period(item["current_period_start"], item["current_period_end"])


def set_period(item: Json, period: Period) -> None:
    """Sets the current period of an item. Mutates `item`."""
    item["current_period_start"], item["current_period_end"] = period.start, period.end


def first_end(items: Sequence[Mapping[str, Any]]) -> int:
    """Returns the earliest end of the items' periods, in epoch seconds."""
    return min(int(item["current_period_end"]) for item in items)


def last_end(items: Sequence[Mapping[str, Any]]) -> int:
    """Returns the latest end of the items' periods, in epoch seconds."""
    return max(int(item["current_period_end"]) for item in items)


def whole_amount(ctx: Context, subscription: Json, item: Json) -> Fraction:
    """Returns the exact price of an item for a whole period, before discounts."""
    return prices.exact_amount(ctx, item["price"], quantity_of(item), subscription["currency"])


def net_amounts(ctx: Context, subscription: Json, items: Sequence[Json]) -> list[Fraction]:
    """Returns the exact price of each item for a whole period, after the current discounts.

    Prorations include discounts: https://docs.stripe.com/billing/subscriptions/prorations
    """
    currency, now = subscription["currency"], ctx.now()
    left = [whole_amount(ctx, subscription, item) for item in items]
    for index, item in enumerate(items):
        for off in discounts.deductions_of(ctx, item["discounts"], currency, now):
            left[index] -= _item_deduction(off, left[index])
    classic = (subscription["billing_mode"] or {}).get("type") == "classic"
    for off in discounts.deductions_of(ctx, subscription["discounts"], currency, now):
        hit = [amount if _applies_to_item(off, item) else Fraction(0) for amount, item in zip(left, items, strict=True)]
        for index, part in enumerate(_deduction_parts(off, hit, each_whole=classic)):
            left[index] -= part
    return left


def discounts_on(subscription: Mapping[str, Any], item: Mapping[str, Any]) -> list[str]:
    """Returns the discount ids that apply to an item: its own, then the subscription's."""
    return [*item["discounts"], *subscription["discounts"]]


def note_billed(
    ctx: Context, subscription: Json, items: Sequence[Json], records: Sequence[Record], invoice: Json
) -> None:
    """Records for each item what this invoice bills it, after discounts."""
    by_item: dict[str, list[Json]] = {}
    for record in records:
        key = billed_item(record["line"])
        if key:
            by_item.setdefault(key, []).append(record["line"])
    for item in items:
        own = by_item.get(item["id"])
        if not own:
            continue
        billed = [line for line in own if line["period"] == own[-1]["period"]]  # several where a price has tiers
        taken = [entry for line in billed for entry in line["discount_amounts"] or () if entry["amount"]]
        free = billed[0]["description"].startswith("Free trial")
        whole = Fraction(0) if free else whole_amount(ctx, subscription, item)
        total = sum(line["amount"] for line in billed)
        share = Fraction(sum(entry["amount"] for entry in taken), total) if total else Fraction(0)
        names = list(dict.fromkeys(entry["discount"] for entry in taken))
        ctx.private(item, SubscriptionItemPrivate)["billed"] = {
            "amount": str(whole * (1 - share)),
            "off": discounts.text_of(ctx, names, subscription["currency"]),
            "quantity": quantity_of(item),
            "name": prices.product_name(ctx, item["price"]),
            "invoice": invoice["id"],
            "line": billed[0]["id"],
        }


def _item_deduction(deduction: Deduction, amount: Fraction) -> Fraction:
    return (
        amount * deduction.percent / 100 if deduction.percent is not None else min(Fraction(deduction.amount), amount)
    )


def _deduction_parts(deduction: Deduction, amounts: Sequence[Fraction], *, each_whole: bool) -> list[Fraction]:
    """Returns what a discount takes off each amount; an amount off is shared, or taken off each in classic billing.

    Source: https://docs.stripe.com/billing/subscriptions/prorations
    """
    if deduction.percent is not None or each_whole:
        return [_item_deduction(deduction, amount) for amount in amounts]
    weights = [int(amount) for amount in amounts]
    return [Fraction(part) for part in shares(deducted_amount(deduction, sum(weights)), weights)]


def _applies_to_item(deduction: Deduction, item: Mapping[str, Any]) -> bool:
    return deduction.products is None or item["price"]["product"] in deduction.products
