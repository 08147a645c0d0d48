"""The state of a subscription update in progress: before, after, and the lines that it bills at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.invoices import draft, lines, prices
from stripe_shell.sandbox.billing.invoices.lines import Record
from stripe_shell.sandbox.objects.context import Context, Json

from . import items
from .proration import Change


@dataclass(slots=True)
class Work:
    """An update in progress: the subscription before (`old`) and after, its items, and the lines to bill at once."""

    ctx: Context
    customer: Json
    params: Json
    subscription: Json
    old: Json
    items: list[Json]
    changes: list[Change] = field(default_factory=list)
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


def invoice_now(work: Work, reason: str) -> Json:
    """Stores a draft of the update's lines and the pending items. Records what the items were billed."""
    ctx, subscription = work.ctx, work.subscription
    period = Period(subscription["start_date"], ctx.now())
    waiting = lines.pending(ctx, work.customer["id"], subscription["id"], subscription["currency"])
    invoice = draft.subscription_draft(ctx, work.customer, subscription, reason=reason, period=period)
    if work.params.get("proration_date"):
        invoice["parent"]["subscription_details"]["subscription_proration_date"] = work.params["proration_date"]
    draft.fill(ctx, invoice, work.records, waiting)
    draft.store(ctx, invoice, waiting)
    items.note_billed(ctx, subscription, work.items, lines.records_of(ctx, invoice), invoice)
    return invoice


def new_periods(work: Work) -> None:
    """Sets the current period of each item to a whole period that contains now."""
    for item in work.items:
        items.set_period(item, prices.cycle_of(work.subscription, item["price"]).period_at(work.ctx.now()))


def full_records(work: Work) -> list[Record]:
    """Returns a line for the whole period of each item that is not metered, newest first."""
    found = []
    for item in reversed(work.items):
        if prices.is_metered(item["price"]):
            continue
        quantity, currency = items.quantity_of(item), work.subscription["currency"]
        found.append(
            lines.subscription_line(
                work.ctx,
                work.subscription,
                item,
                items.period_of(item),
                amount=prices.amount(work.ctx, item["price"], quantity, currency),
                description=lines.full_text(work.ctx, item["price"], quantity, currency),
                quantity=quantity,
            )
        )
    return found


def trial_records(work: Work) -> list[Record]:
    """Returns a line of amount 0 for the trial of each item, newest first."""
    return [
        lines.subscription_line(
            work.ctx,
            work.subscription,
            item,
            items.period_of(item),
            amount=0,
            description=lines.trial_text(work.ctx, item["price"], max(items.quantity_of(item), 1)),
            quantity=items.quantity_of(item),
        )
        for item in reversed(work.items)
    ]


def items_before(work: Work) -> list[tuple[Json, Json | None]]:
    """Returns the items before the update, each with what it was last billed."""
    changed = {entry.before["id"]: entry for entry in work.changes if entry.before is not None}
    found: list[tuple[Json, Json | None]] = []
    for item in work.old["items"]["data"]:
        entry = changed.get(item["id"])
        if entry is not None and entry.before is not None:
            found.append((entry.before, entry.billed))
        else:
            stored = work.ctx.find("subscription_item", item["id"])
            found.append((item, work.ctx.hidden(stored).get("billed") if stored is not None else None))
    return found


def interval_of(item: Mapping[str, Any]) -> tuple[str, int]:
    """Returns the interval of an item's price, and the interval count."""
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring.get("interval_count") or 1
