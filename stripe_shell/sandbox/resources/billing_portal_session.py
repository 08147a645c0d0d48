"""Sessions of the customer portal: URLs at which one customer manages their subscriptions."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

from .billing_portal_configuration import PortalConfiguration


class PortalSession(Resource):
    """`POST /v1/billing_portal/sessions`."""

    object = "billing_portal.session"
    references: ClassVar = {"configuration": "billing_portal.configuration", "customer": "customer"}
    unechoed = ("flow_data",)

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError without a customer, or when the flow names another customer's subscription."""
        if not params.get("customer") and not params.get("customer_account"):
            raise errors.missing_parameter("customer")
        flow = params.get("flow_data") or {}
        named = flow.get(flow.get("type")) or {}
        if flow.get("type") not in (None, "payment_method_update") and not named:
            raise errors.missing_parameter(f"flow_data[{flow['type']}]")
        if named.get("subscription"):
            where = f"flow_data[{flow['type']}][subscription]"
            subscription = ctx.get("subscription", named["subscription"], param=where)
            if subscription["customer"] != params.get("customer"):
                raise errors.missing("subscription", named["subscription"], param=where)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets configuration, flow, URL and return URL."""
        if not obj["configuration"]:
            obj["configuration"] = ctx.handler(PortalConfiguration).default(ctx)["id"]
        if not obj["customer"]:
            obj["customer"] = params["customer_account"]
        if params.get("flow_data"):
            self.echo(obj, {"flow": params["flow_data"]})
        obj["url"] = f"https://billing.stripe.com/p/session/test_{ctx.ids.text(56)}"
        if obj["return_url"] is None:
            obj["return_url"] = ctx.get("billing_portal.configuration", obj["configuration"])["default_return_url"]
