"""The state of a subscription update in progress: before, after, and the lines that it bills at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.records import field, record
from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.invoices import draft, lines, prices
from stripe_shell.sandbox.billing.invoices.lines import Record
from stripe_shell.sandbox.objects.context import Context, Json

from . import items
from .proration import ItemChange


@record(frozen=False)
class SubscriptionUpdate:
    """An update in progress: the subscription before (`old`) and after, its items, and the lines to bill at once."""

    ctx: Context
    customer: Json
    params: Json
    subscription: Json
    old: Json
    items: list[Json]
    changes: list[ItemChange] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    prorated: int = 0
    bill: bool = False

    @property
    def behavior(self) -> str:
        """The proration behavior of the request."""
        return str(self.params.get("proration_behavior") or "create_prorations")

    @property
    def classic(self) -> bool:
        """Whether the subscription has the classic billing mode."""
        return bool((self.subscription["billing_mode"] or {}).get("type") == "classic")

    @property
    def time(self) -> int:
        """The time from which prorations count, in epoch seconds."""
        return int(self.params.get("proration_date") or self.ctx.now())


def draft_now(update: SubscriptionUpdate, reason: str) -> Json:
    """Stores a draft of the update's lines and the pending items. Records what the items were billed."""
    ctx, subscription = update.ctx, update.subscription
    period = Period(subscription["start_date"], ctx.now())
    waiting = lines.pending_items(ctx, update.customer["id"], subscription["id"], subscription["currency"])
    invoice = draft.subscription_draft(ctx, update.customer, subscription, reason=reason, period=period)
    if update.params.get("proration_date"):
        invoice["parent"]["subscription_details"]["subscription_proration_date"] = update.params["proration_date"]
    draft.fill_draft(ctx, invoice, update.records, waiting)
    draft.store_draft(ctx, invoice, waiting)
    items.note_billed(ctx, subscription, update.items, lines.records_of(ctx, invoice), invoice)
    return invoice


def new_periods(update: SubscriptionUpdate) -> None:
    """Sets the current period of each item to a whole period that contains now."""
    for item in update.items:
        items.set_period(item, prices.cycle_of(update.subscription, item["price"]).period_at(update.ctx.now()))


def full_records(update: SubscriptionUpdate) -> list[Record]:
    """Returns a line for the whole period of each item that is not metered, newest first."""
    records = []
    for item in reversed(update.items):
        if prices.is_metered(item["price"]):
            continue
        records += lines.whole_period_lines(
            update.ctx, update.subscription, item, items.period_of(item), items.quantity_of(item)
        )
    return records


def trial_records(update: SubscriptionUpdate) -> list[Record]:
    """Returns a line of amount 0 for the trial of each item, newest first."""
    return [
        lines.subscription_line(
            update.ctx,
            update.subscription,
            item,
            items.period_of(item),
            amount=0,
            description=lines.trial_text(update.ctx, item["price"], max(items.quantity_of(item), 1)),
            quantity=items.quantity_of(item),
        )
        for item in reversed(update.items)
    ]


def items_before_update(update: SubscriptionUpdate) -> list[tuple[Json, Json | None]]:
    """Returns the items before the update, each with what it was last billed."""
    changed = {entry.before["id"]: entry for entry in update.changes if entry.before is not None}
    pairs: list[tuple[Json, Json | None]] = []
    for item in update.old["items"]["data"]:
        entry = changed.get(item["id"])
        if entry is not None and entry.before is not None:
            pairs.append((entry.before, entry.billed))
        else:
            stored = update.ctx.find("subscription_item", item["id"])
            pairs.append((item, items.last_bill(update.ctx, stored) if stored is not None else None))
    return pairs


def interval_of(item: Mapping[str, Any]) -> tuple[str, int]:
    """Returns the interval of an item's price, and the interval count."""
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring.get("interval_count") or 1
