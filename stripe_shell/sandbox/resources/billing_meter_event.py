"""Meter events: usage records of customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import DAY
from stripe_shell.sandbox.billing.subscriptions import usage
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

_OLDEST = 35 * DAY
_NEWEST = 5 * 60


class MeterEvent(Resource):
    """`POST /v1/billing/meter_events`. Events count at once; Stripe processes them asynchronously."""

    object = "billing.meter_event"
    indexed = ("event_name",)

    def key(self, obj: Mapping[str, Any]) -> str:
        """Returns the event's `identifier`, under which it is stored."""
        return str(obj.get("identifier") or "")

    def already_exists(self, key: str) -> StripeError:
        """Returns the error for an identifier that exists already."""
        return errors.invalid(
            f"An event already exists with identifier {key}.", code="resource_already_exists", param="identifier"
        )

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError without a matching active meter, or for a timestamp out of range."""
        meter = usage.check_event(ctx, params["event_name"], params["payload"])
        if meter is None:
            raise errors.invalid(
                f"No active meter found for event name {params['event_name']}, or its payload names no customer.",
                code="no_meter" if not ctx.all("billing.meter", event_name=params["event_name"]) else None,
                param="event_name",
            )
        customer = ctx.find("customer", params["payload"][meter["customer_mapping"]["event_payload_key"]])
        if customer is not None:
            ctx.follow_test_clock(customer)
        time = params.get("timestamp")
        if time is not None and not ctx.now() - _OLDEST <= time <= ctx.now() + _NEWEST:
            raise errors.invalid(
                "The timestamp must be within the past 35 calendar days or up to 5 minutes in the future.",
                code="timestamp_too_far_in_past" if time < ctx.now() else "timestamp_in_future",
                param="timestamp",
            )

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets identifier and timestamp, generated where missing, and the payload values as text."""
        obj["identifier"] = params.get("identifier") or ctx.ids.text(32)
        obj["payload"] = {name: str(value) for name, value in params["payload"].items()}
        obj["timestamp"] = params.get("timestamp") or ctx.now()
