"""Event destinations: where thin events, or snapshots of objects, are delivered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects import thin_events
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.private_fields import EventDestinationPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.objects.template import iso_time
from stripe_shell.sandbox.storage.queues import add_delivery
from stripe_shell.sandbox.webhooks.addresses import check_webhook_url
from stripe_shell.sandbox.webhooks.endpoints import OWN_EVENTS

PING = "v2.core.event_destination.ping"


class EventDestination(Resource):
    """`/v2/core/event_destinations`. URL and signing secret are returned when `include` names them.

    Destinations at other clouds are kept; only webhook endpoints get deliveries.
    """

    object = "v2.core.event_destination"
    defaults: ClassVar = {"status": "enabled", "description": ""}
    unechoed = ("webhook_endpoint", "include")

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for a webhook endpoint without a valid URL, or a version of thin events."""
        if params.get("type") == "webhook_endpoint":
            check_webhook_url((params.get("webhook_endpoint") or {}).get("url"), "webhook_endpoint.url")
        if params.get("event_payload") == "thin" and params.get("snapshot_api_version"):
            raise errors.invalid("Thin events have no version.", param="snapshot_api_version")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets times and sources. Stores URL and secret as private fields."""
        obj["updated"] = obj["created"] = iso_time(ctx.now())
        obj.setdefault("metadata", {})
        obj["events_from"] = list(params.get("events_from") or OWN_EVENTS[:1])
        obj.pop("webhook_endpoint", None)
        if params.get("type") == "webhook_endpoint":
            hidden = ctx.private(obj, EventDestinationPrivate)
            hidden["url"], hidden["secret"] = params["webhook_endpoint"]["url"], f"whsec_{ctx.ids.text(32)}"

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a destination; its secret is returned here only, if `include` names it."""
        made = super().create(ctx, params)
        ctx.endpoint_cache.forget()
        return self._including(ctx, made if isinstance(made, dict) else {}, params.get("include") or (), secret=True)

    def retrieve(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Returns the destination, with its URL if `include` names it."""
        return self._including(ctx, obj, params.get("include") or ())

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates the destination."""
        if params.get("webhook_endpoint"):
            check_webhook_url(params["webhook_endpoint"].get("url"), "webhook_endpoint.url")
            ctx.private(obj, EventDestinationPrivate)["url"] = params["webhook_endpoint"]["url"]
        self.echo(obj, params)
        return self._including(ctx, self._saved(ctx, obj), params.get("include") or ())

    @action
    def enable(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Enables the destination."""
        obj["status"] = "enabled"
        obj.pop("status_details", None)
        return self._saved(ctx, obj)

    @action
    def disable(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Disables the destination, which gets no events then."""
        obj |= {"status": "disabled", "status_details": {"disabled": {"reason": "user"}}}
        return self._saved(ctx, obj)

    @action
    def ping(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Stores and returns a ping event, and delivers it to this destination."""
        event = thin_events.thin_event(ctx, PING, obj)
        now = ctx.real_clock.now()
        thin_events.store(ctx.session, ctx.account_number, event, now)
        add_delivery(ctx.session, ctx.account_number, event["id"], (ctx.account_number, obj["id"]), now)
        row = ctx.row(thin_events.KIND, event["id"])
        if row is not None:
            ctx.emitted.append(row)
        return event

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Clears the endpoint cache, so that later events leave this destination out."""
        ctx.endpoint_cache.forget()

    def _saved(self, ctx: Context, obj: Json) -> Json:
        obj["updated"] = iso_time(ctx.now())
        ctx.save(obj)
        ctx.endpoint_cache.forget()
        return obj

    def _including(self, ctx: Context, obj: Json, include: Iterable[str], *, secret: bool = False) -> Json:
        """Returns the destination with those of its private fields that a request asks for."""
        hidden = ctx.private(obj, EventDestinationPrivate)
        shown: dict[str, Any] = {}
        if "webhook_endpoint.url" in include:
            shown["url"] = hidden.get("url")
        if secret and "webhook_endpoint.signing_secret" in include:
            shown["signing_secret"] = hidden.get("secret")
        shown = {name: value for name, value in shown.items() if value is not None}
        return {**obj, "webhook_endpoint": shown} if shown else obj
