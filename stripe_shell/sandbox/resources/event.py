"""Events of the last thirty days."""

from __future__ import annotations

import json

from stripe_shell.records import replace
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.events import KEPT
from stripe_shell.sandbox.objects.listing import ListFilters, ListPage, among
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.storage.rows import SqlCondition
from stripe_shell.sandbox.versions.events import event_text_in, version_of


class Event(Resource):
    """`/v1/events`. Events are created by `Context.emit`."""

    object = "event"
    indexed = ("type",)

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the event, or None after thirty days."""
        row = ctx.row("event", key)
        return ctx.find("event", key) if row is not None and row.created > ctx.real_clock.now() - KEPT else None

    def retrieve(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Returns the event in the version that it names, whatever the request asks for."""
        text = ctx.text(obj)
        shown = self._shown(ctx, text)
        return obj if shown is text else json.loads(shown)

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the events of the last thirty days, each in the version that it names."""
        if "type" in params and "types" in params:
            raise errors.exclusive("type", "types")
        created = params.get("created")
        ranges = dict(created) if isinstance(created, dict) else {"gte": created, "lte": created} if created else {}
        ranges["gte"] = max(ranges.get("gte") or 0, ctx.now() - KEPT + 1)
        page = super().list_page(ctx, {**params, "created": ranges})
        return replace(page, texts=[self._shown(ctx, text) for text in page.texts])

    def _shown(self, ctx: Context, text: str) -> str:
        """Returns an event's JSON text in the version that it names."""
        version = version_of(text)
        return text if version in ("", ctx.table.version) else event_text_in(ctx, text, version)

    def filter_type(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by type; a final `*` matches any suffix."""
        if value.endswith("*"):
            filters.where.append(
                SqlCondition("substr(json_extract(o.json, '$.type'), 1, ?) = ?", (len(value) - 1, value[:-1]))
            )
        else:
            filters.add_link("type", value)

    def filter_types(self, ctx: Context, value: list[str], filters: ListFilters) -> None:
        """Filters by a list of up to twenty types. Raises StripeError for more."""
        if len(value) > 20:
            raise errors.bad_value("types", "You may only specify up to 20 event types.")
        filters.where.append(among("type", value))

    def filter_delivery_success(self, ctx: Context, value: bool, filters: ListFilters) -> None:
        """Filters by whether all webhook endpoints have received the event."""
        filters.where.append(SqlCondition(f"json_extract(o.json, '$.pending_webhooks') {'=' if value else '>'} 0"))
