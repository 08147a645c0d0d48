"""The items of a subscription update: changed, added, removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.invoices import discounts, prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.echo import is_clear, merge_metadata
from stripe_shell.sandbox.objects.private_fields import SubscriptionItemPrivate

from . import create, items, trial_offers, validate
from .proration import ItemChange

_UNPRICED = ("price", "price_data", "quantity")


def update_items(
    ctx: Context, subscription: Json, existing: Sequence[Json], requested: Sequence[Mapping[str, Any]]
) -> tuple[list[Json], list[ItemChange]]:
    """Returns the items after an update, and the changes of price, quantity or presence. Raises StripeError.

    Mutates the items of `existing`. An entry without `id` adds an item.
    Source: https://docs.stripe.com/billing/subscriptions/change-price
    """
    remaining, changes = list(existing), []
    for index, entry in enumerate(requested):
        where = f"items[{index}]"
        if not entry.get("id"):
            added = _add_item(ctx, subscription, remaining, entry, where)
            remaining.append(added)
            changes.append(ItemChange(None, added, None))
            continue
        item = _find_item(remaining, entry["id"], where)
        before, billed = deepcopy(item), deepcopy(items.last_bill(ctx, item))
        if entry.get("deleted"):
            remaining.remove(item)
            changes.append(ItemChange(before, None, billed))
        else:
            _alter_item(ctx, subscription, item, validate.with_rates(ctx, entry, where), where)
            if item["price"]["id"] != before["price"]["id"]:
                _check_price(ctx, subscription, [other for other in remaining if other is not item], item["price"])
            if _differs(before, item):
                changes.append(ItemChange(before, item, billed))
    _check_number(remaining)
    mode = (subscription["billing_mode"] or {}).get("type", "flexible")
    if changes:
        validate.check_intervals([item["price"] for item in remaining], mode)
    return remaining, changes


def _find_item(remaining: Sequence[Json], key: str, where: str) -> Json:
    for item in remaining:
        if item["id"] == key:
            return item
    raise errors.missing("subscription item", key, param=f"{where}[id]")


def _add_item(
    ctx: Context, subscription: Json, remaining: Sequence[Json], entry: Mapping[str, Any], where: str
) -> Json:
    entry = trial_offers.with_price(ctx, entry, where)
    price = prices.price_from(ctx, entry, where, recurring=True)
    if price is None:
        raise errors.missing_parameter(f"{where}[price]")
    _check_price(ctx, subscription, remaining, price)
    period = create.first_period(ctx, subscription, price)
    item = items.new_item(ctx, subscription, price, validate.with_rates(ctx, entry, where), period)
    _set_discounts(ctx, subscription, item, entry, where)
    ctx.private(item, SubscriptionItemPrivate)["billed"] = {"amount": "0", "off": "", "quantity": 0, "name": ""}
    return item


def _alter_item(ctx: Context, subscription: Json, item: Json, entry: Mapping[str, Any], where: str) -> None:
    entry = trial_offers.with_price(ctx, entry, where)
    same = entry.get("price") == item["price"]["id"]
    price = None if same else prices.price_from(ctx, entry, where, recurring=True)
    if price is not None:
        items.set_price(ctx, item, price, entry.get("quantity"))
    elif entry.get("quantity") is not None and not prices.is_metered(item["price"]):
        item["quantity"] = entry["quantity"]
    if "current_trial" in entry or price is not None:
        item["current_trial"] = trial_offers.current_trial(ctx, entry, ctx.now())
    if "metadata" in entry:
        item["metadata"] = merge_metadata(item["metadata"], entry["metadata"])
    if "tax_rates" in entry:
        item["tax_rates"] = list(entry["tax_rates"])
    if "billing_thresholds" in entry:
        item["billing_thresholds"] = None if is_clear(entry["billing_thresholds"]) else entry["billing_thresholds"]
    _set_discounts(ctx, subscription, item, entry, where)


def _set_discounts(ctx: Context, subscription: Json, item: Json, entry: Mapping[str, Any], where: str) -> None:
    if "discounts" in entry:
        item["discounts"] = discounts.apply_discounts(
            ctx,
            entry["discounts"],
            item["discounts"],
            where=f"{where}[discounts]",
            customer=subscription["customer"],
            subscription=subscription["id"],
            subscription_item=item["id"],
        )


def _check_price(ctx: Context, subscription: Json, others: Sequence[Json], price: Json) -> None:
    if any(other["price"]["id"] == price["id"] for other in others):
        raise errors.invalid(
            f"A new item with Price {price['id']} can't be added to this Subscription because an existing Subscription "
            "Item is already using that Price.",
            param="plan",
        )
    if prices.in_currency(ctx, price, subscription["currency"]) is None:
        raise errors.invalid(
            f"The price specified only supports `{price['currency']}`. This doesn't match the expected currency: "
            f"`{subscription['currency']}`.",
            param="price",
        )


def _check_number(remaining: Sequence[Json]) -> None:
    if not remaining:
        raise errors.invalid(
            "A subscription must have at least one active plan. In order to cancel a subscription, please use the "
            "cancel API endpoint on /v1/subscriptions.",
            param="items",
        )
    if len(remaining) > rules.MAX_ITEMS:
        raise errors.invalid(f"A subscription can have at most {rules.MAX_ITEMS} items.", param="items")


def _differs(before: Json, after: Json) -> bool:
    return before["price"]["id"] != after["price"]["id"] or before.get("quantity") != after.get("quantity")
