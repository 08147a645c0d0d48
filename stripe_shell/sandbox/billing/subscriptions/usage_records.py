"""Usage records, by which metered prices without a meter count: those made in versions before 2025-03-31.basil.

Source: https://docs.stripe.com/billing/subscriptions/usage-based-legacy
"""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.invoices import prices
from stripe_shell.sandbox.billing.invoices.lines import billed_item
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PricePrivate, UsageRecordPrivate

#: The kind of object; no current version of the API has it.
_KIND = "usage_record"
#: How many summaries a page can have.
_PERIODS = 100


def create_record(ctx: Context, item: Json, params: Json) -> Json:
    """Stores and returns a usage record of a subscription item. Raises StripeError unless its price counts records."""
    if not prices.is_metered(item["price"]) or item["price"]["recurring"]["meter"]:
        raise errors.invalid(
            f"Cannot create the usage record because the subscription item {item['id']} does not use a metered plan "
            "without a meter.",
            param="subscription_item",
        )
    if params["quantity"] < 0:
        raise errors.below_minimum("quantity", 0)
    time = params.get("timestamp")
    time = ctx.now() if time in (None, "now") else time
    record: Json = {
        "id": ctx.ids.new("mbur", ctx.now(), ctx.account),
        "object": _KIND,
        "livemode": False,
        "quantity": params["quantity"],
        "subscription_item": item["id"],
        "timestamp": time,
    }
    hidden = ctx.private(record, UsageRecordPrivate)
    hidden["action"], hidden["parent"] = params.get("action") or "increment", item["id"]
    ctx.insert(record)
    return record


def recorded_usage(ctx: Context, item: Json, period: Period) -> int:
    """Returns the usage of an item in a period, by the `aggregate_usage` of its price."""
    price = ctx.find("price", item["price"]["id"]) or item["price"]
    aggregate = ctx.private(price, PricePrivate).get("aggregate_usage", "sum")
    usage = _usage_by_time(ctx, item)
    inside = [usage[time] for time in sorted(usage) if period.start <= time < period.end]
    if aggregate == "last_ever":
        return next((usage[time] for time in sorted(usage, reverse=True) if time < period.end), 0)
    if aggregate == "last_during_period":
        return inside[-1] if inside else 0
    return max(inside, default=0) if aggregate == "max" else sum(inside)


def summaries(ctx: Context, item: Json) -> list[Json]:
    """Returns a summary for each period of an item, newest first; the current one has no invoice yet."""
    subscription = ctx.get("subscription", item["subscription"])
    cycle = prices.cycle_of(subscription, item["price"])
    period = Period(item["current_period_start"], item["current_period_end"])
    found: list[Json] = []
    while len(found) < _PERIODS:
        found.append(_summary(ctx, item, period))
        if period.start <= max(item["created"], subscription["start_date"]):
            break
        period = cycle.period_at(period.start - 1)
    return found


def _summary(ctx: Context, item: Json, period: Period) -> Json:
    return {
        "id": f"sis_{item['id'].removeprefix('si_')}{period.start}",
        "object": "usage_record_summary",
        "invoice": _invoice_of(ctx, item, period),
        "livemode": False,
        "period": {"end": period.end, "start": period.start},
        "subscription_item": item["id"],
        "total_usage": recorded_usage(ctx, item, period),
    }


def _usage_by_time(ctx: Context, item: Json) -> dict[int, int]:
    """Returns the quantity at each timestamp: `set` replaces what was recorded for it, `increment` adds."""
    found: dict[int, int] = {}
    for record in ctx.iterate(_KIND, parent=item["id"], oldest_first=True):
        before = found.get(record["timestamp"], 0)
        added = ctx.private(record, UsageRecordPrivate).get("action") == "increment"
        found[record["timestamp"]] = record["quantity"] + (before if added else 0)
    return found


def _invoice_of(ctx: Context, item: Json, period: Period) -> str | None:
    """Returns the id of the invoice that bills an item's usage in a period, or None."""
    for invoice in ctx.iterate("invoice", subscription=item["subscription"]):
        for line in invoice["lines"]["data"]:
            if billed_item(line) == item["id"] and line["period"] == period.as_json():
                return str(invoice["id"])
    return None
