"""Webhook endpoints: where events are sent."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Answer, Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class WebhookEndpoint(Resource):
    """`POST /v1/webhook_endpoints`; its secret is shown in that answer alone."""

    object = "webhook_endpoint"
    defaults: ClassVar = {"status": "enabled", "description": None}
    absent = ("secret",)

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Refuse what is no address."""
        _check_url(params)

    def create(self, ctx: Context, params: Json) -> Answer:
        """Make it, and show its secret this once."""
        obj = super().create(ctx, params)
        return {**obj, "secret": ctx.hidden(obj)["secret"]} if isinstance(obj, dict) else obj

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Give it a secret; `connect` says whose events it gets."""
        obj.pop("connect", None)
        ctx.hidden(obj).update(secret=f"whsec_{ctx.ids.text(32)}", connect=bool(params.get("connect")))

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """From now on it hears of what happens."""
        ctx.hearing.forget()

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Refuse what is no address."""
        _check_url(params)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Switch it on or off."""
        if "disabled" in params:
            obj["status"] = "disabled" if params["disabled"] else "enabled"

    def after_update(self, ctx: Context, obj: Json, params: Json, changed: Json) -> None:
        """From now on it hears of what it asks for now."""
        ctx.hearing.forget()

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """It hears of nothing more."""
        ctx.hearing.forget()


def _check_url(params: Json) -> None:
    if "url" not in params:
        return
    try:
        parts = urlsplit(params["url"])
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise errors.invalid("Not a valid URL", code="url_invalid", param="url")
