"""Meter events of API v2: the same records as in v1, sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.objects.template import iso_time


class MeterEventV2(Resource):
    """`POST /v2/billing/meter_events`. Each is stored as an event of v1."""

    object = "v2.billing.meter_event"

    def key(self, obj: Mapping[str, Any]) -> str:
        """Returns the event's `identifier`."""
        return str(obj.get("identifier") or "")

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates the event of v1 and returns it in the form of v2. Raises StripeError without an active meter."""
        made = ctx.resource("billing.meter_event").create(ctx, as_v1(params, "timestamp"))
        event: Json = made if isinstance(made, dict) else {}
        return {
            "object": self.kind,
            "created": iso_time(event["created"]),
            "event_name": event["event_name"],
            "identifier": event["identifier"],
            "livemode": False,
            "payload": event["payload"],
            "timestamp": iso_time(event["timestamp"]),
        }


def as_v1(params: Mapping[str, Any], where: str) -> Json:
    """Returns an event's parameters in the form of v1.

    `where` is the param that the error names. Raises StripeError for an invalid timestamp.
    """
    found = {name: params[name] for name in ("event_name", "identifier", "payload") if params.get(name)}
    if params.get("timestamp"):
        try:
            found["timestamp"] = int(datetime.fromisoformat(params["timestamp"]).timestamp())
        except ValueError:
            raise errors.bad_value(where, f"Invalid timestamp: {params['timestamp']}") from None
    return found
