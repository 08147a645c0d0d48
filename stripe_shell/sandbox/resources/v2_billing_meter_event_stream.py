"""Meter event streams: many events in one request."""

from __future__ import annotations

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.resources.v2_billing_meter_event import as_v1


class MeterEventStream(Resource):
    """`POST /v2/billing/meter_event_stream`. Nothing but the events is stored; the response is empty."""

    object = "v2.billing.meter_event_stream"

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates the events. Those without an active meter are dropped, as Stripe validates them asynchronously."""
        for index, event in enumerate(params["events"]):
            given = as_v1(event, f"events[{index}][timestamp]")
            try:
                ctx.resource("billing.meter_event").create(ctx, given)
            except StripeError as error:
                if error.code == "resource_already_exists":
                    raise
        return {}
