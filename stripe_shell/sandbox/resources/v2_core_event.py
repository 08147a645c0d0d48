"""Events of API v2: thin, listed for thirty days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.events import KEPT
from stripe_shell.sandbox.objects.listing import ListFilters, ListPage, among, equal
from stripe_shell.sandbox.objects.resource import Resource


class EventV2(Resource):
    """`/v2/core/events`. They are stored for thin destinations: see objects/thin_events.py."""

    object = "v2.core.event"
    indexed = ("type",)

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the event, or None after thirty days."""
        row = ctx.row(self.kind, key)
        return ctx.find(self.kind, key) if row is not None and row.created > ctx.real_clock.now() - KEPT else None

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the events of the last thirty days."""
        created = {name: _seconds(value, name) for name, value in (params.get("created") or {}).items()}
        created["gte"] = max(created.get("gte", 0), ctx.now() - KEPT + 1)
        return super().list_page(ctx, {**params, "created": created})

    def filter_object_id(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by the id of the object that the events are about."""
        filters.where.append(equal("related_object.id", value))

    def filter_types(self, ctx: Context, value: list[str], filters: ListFilters) -> None:
        """Filters by a list of types."""
        filters.where.append(among("type", value))


def _seconds(value: Any, name: str) -> int:
    """Converts a time of API v2 to epoch seconds. Raises StripeError for an invalid one."""
    try:
        return int(datetime.fromisoformat(str(value)).timestamp())
    except ValueError:
        raise errors.bad_value(f"created[{name}]", f"Invalid timestamp: {value}") from None
