"""Webhook endpoints: the URLs that events are delivered to."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.objects.context import Answer, Context, Json
from stripe_shell.sandbox.objects.private_fields import WebhookEndpointPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.webhooks.addresses import check_webhook_url


class WebhookEndpoint(Resource):
    """`/v1/webhook_endpoints`. The secret is shown only in the response that creates the endpoint."""

    object = "webhook_endpoint"
    defaults: ClassVar = {"status": "enabled", "description": None}
    absent = ("secret",)

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for an invalid URL."""
        if "url" in params:
            check_webhook_url(params["url"], "url")

    def create(self, ctx: Context, params: Json) -> Answer:
        """Creates an endpoint and returns it with its secret."""
        obj = super().create(ctx, params)
        return {**obj, "secret": ctx.private(obj, WebhookEndpointPrivate)["secret"]} if isinstance(obj, dict) else obj

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Stores the secret and `connect` as private fields. Removes `connect` from `obj`."""
        obj.pop("connect", None)
        hidden = ctx.private(obj, WebhookEndpointPrivate)
        hidden |= {"secret": f"whsec_{ctx.ids.text(32)}", "connect": bool(params.get("connect"))}

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Clears the endpoint cache, so that the next event includes the new endpoint."""
        ctx.endpoint_cache.forget()

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for an invalid URL."""
        if "url" in params:
            check_webhook_url(params["url"], "url")

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets the status to `enabled` or `disabled`."""
        if "disabled" in params:
            obj["status"] = "disabled" if params["disabled"] else "enabled"

    def after_update(self, ctx: Context, obj: Json, params: Json, changed: Json) -> None:
        """Clears the endpoint cache, so that the next event sees the change."""
        ctx.endpoint_cache.forget()

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Clears the endpoint cache, so that later events leave this endpoint out."""
        ctx.endpoint_cache.forget()
