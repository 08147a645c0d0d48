"""Meter event adjustments: cancellations of meter events."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import DAY
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class MeterEventAdjustment(Resource):
    """`POST /v1/billing/meter_event_adjustments`."""

    object = "billing.meter_event_adjustment"

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Cancels a meter event of the last 24 hours by deleting it. Raises StripeError for an older or unknown one."""
        key = (params.get("cancel") or {}).get("identifier")
        if not key:
            raise errors.missing_parameter("cancel[identifier]")
        event = ctx.find("billing.meter_event", key)
        if event is None or event["event_name"] != params["event_name"]:
            raise errors.invalid(
                f"No meter event with the identifier {key}.", code="resource_missing", param="cancel[identifier]"
            )
        if event["created"] < ctx.now() - DAY:
            raise errors.invalid("Only events of the last 24 hours can be canceled.", param="cancel[identifier]")
        ctx.delete(event)
        obj |= {"cancel": {"identifier": key}, "event_name": params["event_name"], "status": "complete"}
