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

from . import create, items, validate
from .proration import Change

_UNPRICED = ("price", "price_data", "quantity")


def replace(
    ctx: Context, subscription: Json, made: Sequence[Json], given: Sequence[Mapping[str, Any]]
) -> tuple[list[Json], list[Change]]:
    """Returns the items after an update, and the changes of price, quantity or presence. Raises StripeError.

    Mutates the items of `made`. An entry without `id` adds an item.
    Source: https://docs.stripe.com/billing/subscriptions/change-price
    """
    kept, changes = list(made), []
    for index, entry in enumerate(given):
        where = f"items[{index}]"
        if not entry.get("id"):
            added = _added(ctx, subscription, kept, entry, where)
            kept.append(added)
            changes.append(Change(None, added, None))
            continue
        item = _named(kept, entry["id"], where)
        before, billed = deepcopy(item), deepcopy(ctx.hidden(item).get("billed"))
        if entry.get("deleted"):
            kept.remove(item)
            changes.append(Change(before, None, billed))
        else:
            _alter(ctx, subscription, item, validate.with_rates(ctx, entry, where), where)
            if item["price"]["id"] != before["price"]["id"]:
                _check_price(ctx, subscription, [other for other in kept if other is not item], item["price"])
            if _differs(before, item):
                changes.append(Change(before, item, billed))
    _check_number(kept)
    mode = (subscription["billing_mode"] or {}).get("type", "flexible")
    if changes:
        validate.check_intervals([item["price"] for item in kept], mode)
    return kept, changes


def _named(kept: Sequence[Json], key: str, where: str) -> Json:
    for item in kept:
        if item["id"] == key:
            return item
    raise errors.missing("subscription_item", key, param=f"{where}[id]", word="subscription item")


def _added(ctx: Context, subscription: Json, kept: Sequence[Json], entry: Mapping[str, Any], where: str) -> Json:
    price = prices.price_from(ctx, entry, where, recurring=True)
    if price is None:
        raise errors.missing_parameter(f"{where}[price]")
    _check_price(ctx, subscription, kept, price)
    period = create.first_period(ctx, subscription, price)
    item = items.new_item(ctx, subscription, price, validate.with_rates(ctx, entry, where), period)
    _set_discounts(ctx, subscription, item, entry, where)
    ctx.hidden(item)["billed"] = {"amount": "0", "off": "", "quantity": 0, "name": ""}
    return item


def _alter(ctx: Context, subscription: Json, item: Json, said: Mapping[str, Any], where: str) -> None:
    same = said.get("price") == item["price"]["id"]
    price = None if same else prices.price_from(ctx, said, where, recurring=True)
    if price is not None:
        items.set_price(ctx, item, price, said.get("quantity"))
    elif said.get("quantity") is not None and not prices.is_metered(item["price"]):
        item["quantity"] = said["quantity"]
    if "metadata" in said:
        item["metadata"] = merge_metadata(item["metadata"], said["metadata"])
    if "tax_rates" in said:
        item["tax_rates"] = list(said["tax_rates"])
    if "billing_thresholds" in said:
        item["billing_thresholds"] = None if is_clear(said["billing_thresholds"]) else said["billing_thresholds"]
    _set_discounts(ctx, subscription, item, said, where)


def _set_discounts(ctx: Context, subscription: Json, item: Json, said: Mapping[str, Any], where: str) -> None:
    if "discounts" in said:
        item["discounts"] = discounts.applied(
            ctx,
            said["discounts"],
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


def _check_number(kept: Sequence[Json]) -> None:
    if not kept:
        raise errors.invalid(
            "A subscription must have at least one active plan. In order to cancel a subscription, please use the "
            "cancel API endpoint on /v1/subscriptions.",
            param="items",
        )
    if len(kept) > rules.MAX_ITEMS:
        raise errors.invalid(f"A subscription can have at most {rules.MAX_ITEMS} items.", param="items")


def _differs(before: Json, after: Json) -> bool:
    return before["price"]["id"] != after["price"]["id"] or before.get("quantity") != after.get("quantity")
