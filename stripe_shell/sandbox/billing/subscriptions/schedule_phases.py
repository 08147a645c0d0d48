"""The phases of a subscription schedule, built from the parameters of a request.

Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import add_interval, add_months
from stripe_shell.sandbox.billing.invoices import lines, prices
from stripe_shell.sandbox.objects.context import Context, Json

MAX_PHASES = 10


def phases_from(ctx: Context, requested: Sequence[Mapping[str, Any]], start: int) -> list[Json]:
    """Returns consecutive phases, the first one from `start` (epoch seconds). Raises StripeError."""
    if not requested:
        raise errors.missing_parameter("phases")
    if len(requested) > MAX_PHASES:
        raise errors.invalid(f"A schedule can have at most {MAX_PHASES} current and future phases.", param="phases")
    phases, time, count = [], start, MonthCounter(start)
    for index, entry in enumerate(requested):
        where = f"phases[{index}]"
        begins = entry.get("start_date")
        if begins not in (None, "now") and index and begins != time:
            raise errors.invalid("Phases must follow each other without gaps.", param=f"{where}[start_date]")
        if begins not in (None, "now") and begins != time:
            time, count = int(begins), MonthCounter(int(begins))
        phase = _phase(ctx, entry, time, count, where)
        phases.append(phase)
        time = phase["end_date"]
    return phases


@record(frozen=False)
class MonthCounter:
    """Counts months from a base time, so that phases end on its day, as the subscription's periods do."""

    base: int
    number: int = 0

    def end(self, start: int, interval: str, count: int) -> int:
        """Returns the end of a phase of `count` intervals. Mutates the counter."""
        months = {"month": 1, "year": 12}.get(interval)
        if months is None:
            self.base, self.number = add_interval(start, interval, count), 0
        else:
            self.number += months * count
        return add_months(self.base, self.number)

    def restart(self, time: int) -> int:
        """Restarts the count at `time`, and returns it."""
        self.base, self.number = time, 0
        return time


def _phase(ctx: Context, entry: Mapping[str, Any], start: int, count: MonthCounter, where: str) -> Json:
    if not entry.get("items"):
        raise errors.missing_parameter(f"{where}[items]")
    own = [_phase_item(ctx, item, f"{where}[items][{index}]") for index, item in enumerate(entry["items"])]
    _check_length(entry, where)
    # Versions before 2025-09-30.clover send `counts_anew`: their phases do not follow the billing cycle.
    if entry.get("billing_cycle_anchor") == "phase_start" or entry.get("counts_anew"):
        count.restart(start)
    end = _phase_end(ctx, entry, start, own[0], count)
    if end <= start:
        raise errors.invalid("A phase must end after it starts.", param=f"{where}[end_date]")
    trial_end = entry.get("trial_end")
    if entry.get("trial"):
        trial_end = end
    rates = lines.rates_json(ctx, entry.get("default_tax_rates") or (), f"{where}[default_tax_rates]")
    price = ctx.get("price", own[0]["price"])
    return {
        "add_invoice_items": [
            _added_item(ctx, item, f"{where}[add_invoice_items][{index}]")
            for index, item in enumerate(entry.get("add_invoice_items") or ())
        ],
        "application_fee_percent": entry.get("application_fee_percent"),
        "billing_cycle_anchor": entry.get("billing_cycle_anchor"),
        "billing_thresholds": entry.get("billing_thresholds") or None,
        "collection_method": entry.get("collection_method"),
        "currency": entry.get("currency") or price["currency"],
        "default_payment_method": entry.get("default_payment_method"),
        "default_tax_rates": rates,
        "description": entry.get("description") or None,
        "discounts": [_phase_discount(item) for item in entry.get("discounts") or ()],
        "end_date": end,
        "invoice_settings": _invoice_settings(entry.get("invoice_settings")),
        "items": own,
        "metadata": dict(entry.get("metadata") or {}),
        "on_behalf_of": entry.get("on_behalf_of"),
        "proration_behavior": entry.get("proration_behavior") or "create_prorations",
        "start_date": start,
        "transfer_data": entry.get("transfer_data"),
        "trial_end": None if trial_end in (None, "now") else trial_end,
    }


def _added_item(ctx: Context, item: Mapping[str, Any], where: str) -> Json:
    """Returns an item of `add_invoice_items`. Its period is by default that of the subscription's items."""
    price = prices.price_from(ctx, item, where, recurring=False)
    if price is None:
        raise errors.missing_parameter(f"{where}[price]")
    period = item.get("period") or {}
    return {
        "discountable": item.get("discountable"),
        "discounts": [_phase_discount(entry) for entry in item.get("discounts") or ()],
        "metadata": dict(item.get("metadata") or {}),
        "period": {
            "end": {"type": "min_item_period_end"} | dict(period.get("end") or {}),
            "start": {"type": "max_item_period_start"} | dict(period.get("start") or {}),
        },
        "price": price["id"],
        "quantity": 1 if item.get("quantity") is None else item["quantity"],
        "tax_rates": lines.rates_json(ctx, item.get("tax_rates") or (), f"{where}[tax_rates]"),
    }


def _phase_item(ctx: Context, item: Mapping[str, Any], where: str) -> Json:
    price = prices.price_from(ctx, item, where, recurring=True)
    if price is None:
        raise errors.missing_parameter(f"{where}[price]")
    phase_item: Json = {
        "billing_thresholds": item.get("billing_thresholds") or None,
        "discounts": [_phase_discount(entry) for entry in item.get("discounts") or ()],
        "metadata": dict(item.get("metadata") or {}),
        "plan": price["id"],
        "price": price["id"],
        "tax_rates": lines.rates_json(ctx, item.get("tax_rates") or (), f"{where}[tax_rates]"),
    }
    if not prices.is_metered(price):
        phase_item["quantity"] = 1 if item.get("quantity") is None else item["quantity"]
    return phase_item


def _phase_discount(entry: Mapping[str, Any]) -> Json:
    return {name: entry.get(name) for name in ("coupon", "discount", "promotion_code")}


def _invoice_settings(params: Any) -> Json | None:
    if not params:
        return None
    return {"account_tax_ids": None, "days_until_due": None, "issuer": None} | dict(params)


def _check_length(entry: Mapping[str, Any], where: str) -> None:
    given = [name for name in ("end_date", "duration", "iterations") if entry.get(name) is not None]
    if len(given) > 1:
        raise errors.exclusive(*(f"{where}[{name}]" for name in given))


def _phase_end(ctx: Context, entry: Mapping[str, Any], start: int, item: Json, count: MonthCounter) -> int:
    """Returns the end of a phase: its `end_date`, or after its `duration` or iterations of the price (1 by default)."""
    if entry.get("end_date") is not None:
        return count.restart(ctx.now() if entry["end_date"] == "now" else int(entry["end_date"]))
    if entry.get("duration"):
        duration = entry["duration"]
        return count.end(start, duration["interval"], int(duration.get("interval_count") or 1))
    recurring = ctx.get("price", item["price"])["recurring"]
    times = int(entry.get("iterations") or 1)
    return count.end(start, recurring["interval"], (recurring.get("interval_count") or 1) * times)
