"""Prorations of subscription items: credits for unused time, and charges for the remaining time.

Source: https://docs.stripe.com/billing/subscriptions/prorations
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from stripe_shell.records import record
from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.calc.proration import credit, debit
from stripe_shell.sandbox.billing.invoices import discounts, lines, prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import InvoiceItemPrivate, SubscriptionItemPrivate

from . import items


@record
class ItemChange:
    """An item before and after an update, as copies; None if added or removed. `billed` is that of `before`."""

    before: Json | None
    after: Json | None
    billed: Json | None


def prorate(
    ctx: Context,
    subscription: Json,
    changes: Sequence[ItemChange],
    *,
    time: int,
    old: Json,
    nets: Sequence[tuple[Json, Fraction]],
) -> int:
    """Stores the items that credit the old and charge the new configuration from `time` on; returns their sum.

    `old` is the subscription before the update; `nets` pairs each new item with its price for a whole period after
    discounts. Stripe never bills the difference, always both (observed in test mode recordings).
    """
    total = 0
    for change in reversed(changes):
        if change.after is not None:
            net = next((amount for item, amount in nets if item["id"] == change.after["id"]), Fraction(0))
            total += _charge_item(ctx, subscription, change.after, net, time)
        if change.before is not None:
            total += _credit_billed(ctx, old, change.before, change.billed, time)
    return total


def credit_all(ctx: Context, subscription: Json) -> None:
    """Stores a credit for the unused time of each item.

    Its `parent` is null, as in a cancellation at Stripe (observed in test mode recordings).
    """
    for item in reversed(items.items_of(ctx, subscription)):
        credited = _credit_item(ctx, subscription, item, items.last_bill(ctx, item), ctx.now())
        if credited is not None:
            credited["parent"] = None
            ctx.private(credited, InvoiceItemPrivate)["subscription"] = subscription["id"]
            ctx.save(credited)


def credit_unused(ctx: Context, subscription: Json, item: Json, time: int) -> None:
    """Stores a credit for the time of an item's period from `time` on."""
    _credit_item(ctx, subscription, item, items.last_bill(ctx, item), time)


def keep_charge(ctx: Context, subscription: Json, item: Json, net: Fraction, charged: Json) -> None:
    """Records what a charge for the rest of a period bills the item, so that it can be credited later."""
    ctx.private(item, SubscriptionItemPrivate)["billed"] = {
        "amount": str(net),
        "off": discounts.text_of(ctx, items.discounts_on(subscription, item), subscription["currency"]),
        "quantity": items.quantity_of(item),
        "name": prices.product_name(ctx, item["price"]),
        "item": charged["id"],
    }


def part_left(subscription: Json, item: Json, time: int) -> Fraction:
    """Returns the fraction of a whole period from `time` to the end of the item's current period."""
    whole = prices.cycle_of(subscription, item["price"]).period_at(item["current_period_start"])
    left = item["current_period_end"] - max(time, item["current_period_start"])
    return Fraction(max(left, 0), whole.length)


def _charge_item(ctx: Context, subscription: Json, item: Json, net: Fraction, time: int) -> int:
    if prices.is_metered(item["price"]):
        return 0
    amount = debit(net, part_left(subscription, item, time))
    off = discounts.text_of(ctx, items.discounts_on(subscription, item), subscription["currency"])
    quantity = items.quantity_of(item)
    charged = lines.proration_item(
        ctx,
        subscription,
        item,
        amount=amount,
        description=lines.proration_text("Remaining", lines.product_text(ctx, item["price"], quantity), off, time),
        period=Period(time, item["current_period_end"]),
        quantity=quantity,
        credited=None,
    )
    stored = ctx.find("subscription_item", item["id"])
    if stored is not None:
        keep_charge(ctx, subscription, stored, net, charged)
    return amount


def _credit_billed(ctx: Context, old: Json, item: Json, billed: Json | None, time: int) -> int:
    credited = _credit_item(ctx, old, item, billed, time)
    return credited["amount"] if credited is not None else 0


def _credit_item(ctx: Context, subscription: Json, item: Json, billed: Json | None, time: int) -> Json | None:
    if prices.is_metered(item["price"]):
        return None
    classic = (subscription["billing_mode"] or {}).get("type") == "classic"
    whole = None if billed is None or classic else Fraction(billed["amount"])
    if whole is None:
        whole = items.whole_amount(ctx, subscription, item)
    quantity = items.quantity_of(item)
    what = lines.product_text(ctx, item["price"], quantity)
    off = (billed or {}).get("off") or ""
    return lines.proration_item(
        ctx,
        subscription,
        item,
        amount=credit(whole, part_left(subscription, item, time)),
        description=lines.proration_text("Unused", what, off, time),
        period=Period(time, item["current_period_end"]),
        quantity=quantity,
        credited=_credited(ctx, billed),
    )


def _credited(ctx: Context, billed: Json | None) -> Json | None:
    """Returns what a credit refers to: the invoice line or the pending item that billed the time."""
    if not billed:
        return None
    invoice, line = billed.get("invoice"), billed.get("line")
    waiting = ctx.find("invoiceitem", billed["item"]) if billed.get("item") else None
    if waiting is not None and waiting["invoice"] is not None:
        found = ctx.find("invoice", waiting["invoice"])
        invoice, line = waiting["invoice"], _line_of(ctx, found, waiting["id"]) if found else None
    if invoice and line:
        return {
            "invoice_line_item_details": {"invoice": invoice, "invoice_line_items": [line]},
            "type": "invoice_line_items",
        }
    return {"invoice_item": waiting["id"], "type": "invoice_item"} if waiting is not None else None


def _line_of(ctx: Context, invoice: Json, item: str) -> str | None:
    for line_record in lines.records_of(ctx, invoice):
        if lines.item_of(line_record) == item:
            return str(line_record["line"]["id"])
    return None


def prorate_new_end(ctx: Context, subscription: Json, item: Json, old_end: int) -> int:
    """Stores the credit or charge for a period that ends earlier or later than `old_end`; returns its amount."""
    if prices.is_metered(item["price"]):
        return 0
    end = item["current_period_end"]
    whole = prices.cycle_of(subscription, item["price"]).period_at(item["current_period_start"])
    billed = items.last_bill(ctx, item)
    net = Fraction(billed["amount"]) if billed else items.whole_amount(ctx, subscription, item)
    part = Fraction(abs(end - old_end), whole.length)
    period = Period(min(end, old_end), max(end, old_end))
    word = "Unused" if end < old_end else "Remaining"
    amount = credit(net, part) if end < old_end else debit(net, part)
    lines.proration_item(
        ctx,
        subscription,
        item,
        amount=amount,
        description=lines.proration_text(
            word,
            lines.product_text(ctx, item["price"], items.quantity_of(item)),
            (billed or {}).get("off") or "",
            period.start,
        ),
        period=period,
        quantity=items.quantity_of(item),
        credited=_credited(ctx, billed) if end < old_end else None,
    )
    return amount
