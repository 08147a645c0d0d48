"""File links: public URLs of files."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.resources.file import link_url


class FileLink(Resource):
    """`POST /v1/file_links`."""

    object = "file_link"
    references: ClassVar = {"file": "file"}

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the URL."""
        obj["url"] = link_url(obj)
        obj["expired"] = False

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets `expired`; `expires_at=now` expires the link at once."""
        if params.get("expires_at") == "now":
            obj["expires_at"] = ctx.now()
        obj["expired"] = bool(obj["expires_at"] and obj["expires_at"] <= ctx.now())
