"""Pending updates: the subscription keeps its old state, and the new one is stored until its invoice is paid."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import SubscriptionItemPrivate, SubscriptionPrivate

from . import items, states

#: The members of a subscription that a pending update stores, besides its status.
_MEMBERS = (
    "billing_cycle_anchor",
    "billing_cycle_anchor_config",
    "default_tax_rates",
    "discounts",
    "metadata",
    "trial_end",
    "trial_start",
)


def snapshot(ctx: Context, subscription: Json, current: Sequence[Json]) -> Json:
    """Returns copies of a subscription and its items, to be restored later."""
    return {
        "subscription": deepcopy(subscription),
        "items": [{**deepcopy(item), "billed": deepcopy(items.last_bill(ctx, item))} for item in current],
    }


def store_pending_update(
    ctx: Context, subscription: Json, current: Sequence[Json], previous: Json, invoice: Json
) -> None:
    """Restores the old state, and stores the new one as the pending update of an invoice.

    Mutates `subscription`, which the caller saves; saves the items.
    """
    after = snapshot(ctx, subscription, current)
    before = previous["subscription"]
    members = {name: after["subscription"][name] for name in _MEMBERS if after["subscription"][name] != before[name]}
    if subscription["status"] not in ("paused", before["status"]):
        members["status"] = subscription["status"]
    pending = {"invoice": invoice["id"], "items": after["items"], "members": members}
    ctx.private(subscription, SubscriptionPrivate)["pending"] = pending
    states.set_status(subscription, before["status"])
    subscription |= {name: before[name] for name in _MEMBERS}
    _restore(ctx, subscription, previous["items"], current)
    subscription["latest_invoice"] = invoice["id"]
    subscription["pending_update"] = {
        "billing_cycle_anchor": members.get("billing_cycle_anchor"),
        "expires_at": ctx.now() + rules.INCOMPLETE_FOR,
        "subscription_items": [
            {name: value for name, value in item.items() if name != "billed"} for item in after["items"]
        ],
        "trial_end": members.get("trial_end"),
        "trial_from_plan": None,
    }


def _restore(ctx: Context, subscription: Json, before: Sequence[Json], current: Sequence[Json]) -> None:
    old = {item["id"]: item for item in before}
    for item in current:
        if item["id"] not in old and ctx.stored(item) is not None:
            ctx.delete(item)
    restored = []
    for key, kept in old.items():
        item = ctx.get("subscription_item", key)
        members = {name: value for name, value in kept.items() if name != "billed"}
        item.clear()
        item.update(members)
        ctx.private(item, SubscriptionItemPrivate)["billed"] = kept["billed"]
        ctx.save(item)
        restored.append(item)
    items.embed(subscription, restored)
