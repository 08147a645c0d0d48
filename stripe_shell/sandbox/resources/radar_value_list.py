"""Value lists of Radar, and where their items are listed."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class RadarValueList(Resource):
    """`/v1/radar/value_lists`."""

    object = "radar.value_list"

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the URL of its items."""
        obj["list_items"]["url"] = f"/v1/radar/value_list_items?value_list={obj['id']}"
