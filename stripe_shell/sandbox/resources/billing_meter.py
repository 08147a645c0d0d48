"""Meters: how usage events are aggregated for billing."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import Transition
from stripe_shell.sandbox.objects.resource import Resource


class Meter(Resource):
    """`/v1/billing/meters`. An event name is unique among active meters."""

    object = "billing.meter"
    noun = "billing meter"
    indexed = ("event_name", "status")
    defaults: ClassVar = {
        "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
        "status": "active",
        "value_settings": {"event_payload_key": "value"},
    }
    transitions: ClassVar = {
        "deactivate": Transition("inactive", ("active",), event="deactivated"),
        "reactivate": Transition("active", ("inactive",), event="reactivated"),
    }

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError when an active meter has the same event name."""
        self._refuse_duplicate(ctx, params["event_name"])

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets `updated`."""
        obj["updated"] = ctx.now()

    def transition(self, ctx: Context, obj: Json, name: str, transition: Transition) -> Json:
        """Deactivates or reactivates the meter. Raises StripeError when another active meter has its event name."""
        if name == "reactivate" and obj["status"] == "inactive":
            self._refuse_duplicate(ctx, obj["event_name"])
        off = name == "deactivate"
        obj["status_transitions"] = {"deactivated_at": ctx.now() if off else None}
        obj["updated"] = ctx.now()
        return super().transition(ctx, obj, name, transition)

    def _refuse_duplicate(self, ctx: Context, name: str) -> None:
        if any(other["status"] == "active" for other in ctx.iterate("billing.meter", event_name=name)):
            raise errors.invalid(
                f"There is already an active meter with the event name `{name}`.",
                code="resource_already_exists",
                param="event_name",
            )
