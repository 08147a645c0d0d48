"""Metered usage: the meter events of a customer in a period, aggregated by the meter's formula."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.objects.context import Context, Json


def usage_total(ctx: Context, meter: Mapping[str, Any], customer: str, period: Period) -> Fraction:
    """Returns the sum, the count or the last of the values of a customer's meter events in a period."""
    formula = meter["default_aggregation"]["formula"]
    values = [_event_value(meter, event) for event in _events(ctx, meter, customer, period)]
    if formula == "count":
        return Fraction(len(values))
    if formula == "last":
        return values[-1] if values else Fraction(0)
    return sum(values, Fraction(0))


def check_event(ctx: Context, name: str, payload: Mapping[str, Any]) -> Json | None:
    """Returns the active meter of an event, or None if there is none or the payload has no customer."""
    meter = next(
        (found for found in ctx.iterate("billing.meter", event_name=name) if found["status"] == "active"), None
    )
    if meter is None or not payload.get(meter["customer_mapping"]["event_payload_key"]):
        return None
    return meter


def _events(ctx: Context, meter: Mapping[str, Any], customer: str, period: Period) -> list[Json]:
    """Returns the meter events, sorted by timestamp; canceled ones were deleted."""
    who = meter["customer_mapping"]["event_payload_key"]
    found = [
        event
        for event in ctx.iterate("billing.meter_event", event_name=meter["event_name"], oldest_first=True)
        if event["payload"].get(who) == customer and period.start <= event["timestamp"] < period.end
    ]
    return sorted(found, key=lambda event: int(event["timestamp"]))


def _event_value(meter: Mapping[str, Any], event: Json) -> Fraction:
    try:
        return Fraction(str(event["payload"].get(meter["value_settings"]["event_payload_key"]) or 0))
    except ValueError:
        return Fraction(0)
