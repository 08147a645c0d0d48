"""2025-11-17.clover: events of API v2 are listed by `created`."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange

_EDGES: Final = ("gt", "gte", "lt", "lte")


class EventTimes(VersionChange):
    """The list of events of API v2 takes `gt`, `gte`, `lt` and `lte` for today's `created` (monthly versions, 3.13)."""

    version = "2025-11-17.clover"
    certainty = "B"
    operations = ("list v2.core.event",)
    names = tuple((f"created[{edge}]", edge) for edge in _EDGES)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Moves the times into `created`."""
        given = {edge: params.pop(edge) for edge in _EDGES if edge in params}
        if given:
            params["created"] = {**(params.get("created") or {}), **given}
