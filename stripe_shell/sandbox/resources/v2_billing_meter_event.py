"""Meter events of API v2: the same uses as those of v1, sent as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.objects.template import iso_time


class MeterEventV2(Resource):
    """`POST /v2/billing/meter_events`; each is counted as an event of v1."""

    object = "v2.billing.meter_event"

    def key(self, obj: Mapping[str, Any]) -> str:
        """Its identifier."""
        return str(obj.get("identifier") or "")

    def create(self, ctx: Context, params: Json) -> Json:
        """Count a use. Raises StripeError for what no meter counts."""
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
    """An event's parameters as v1 takes them; `where` names its time in a refusal. Raises StripeError."""
    found = {name: params[name] for name in ("event_name", "identifier", "payload") if params.get(name)}
    if params.get("timestamp"):
        try:
            found["timestamp"] = int(datetime.fromisoformat(params["timestamp"]).timestamp())
        except ValueError:
            raise errors.bad_value(where, f"Invalid timestamp: {params['timestamp']}") from None
    return found
