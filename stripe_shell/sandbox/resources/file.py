"""Uploaded files and the file links created with them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

#: Seconds until files of a purpose expire; those of other purposes never do.
_KEPT = {"finance_report_run": 365 * 86400, "sigma_scheduled_query": 365 * 86400, "selfie": 548 * 86400}


class File(Resource):
    """`POST /v1/files`. Stores the metadata of an upload and discards its content."""

    object = "file"
    indexed = ("purpose",)
    unechoed = ("file", "file_link_data")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets name, size, type, URL and expiry of the upload. Raises StripeError without one."""
        upload = params.get("file")
        if not isinstance(upload, dict) or "content" not in upload:
            raise errors.invalid("Invalid file: you must upload a file as multipart/form-data.", param="file")
        obj["filename"] = _name_argument(upload) or None
        obj["size"] = len(upload["content"])
        obj["type"] = _type(upload)
        obj["url"] = f"https://files.stripe.com/v1/files/{obj['id']}/contents"
        kept = _KEPT.get(obj["purpose"])
        obj["expires_at"] = ctx.now() + kept if kept else None
        obj["title"] = obj.get("title")
        obj["links"] = {"object": "list", "data": [], "has_more": False, "url": f"/v1/file_links?file={obj['id']}"}

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Creates the file link that `file_link_data` requests. Saves the file."""
        given = params.get("file_link_data")
        if isinstance(given, dict) and given.get("create"):
            link = ctx.new("file_link", file=obj["id"])
            link |= {name: given[name] for name in ("expires_at", "metadata") if given.get(name)}
            link["url"] = link_url(link)
            ctx.insert(link)
            obj["links"]["data"].append(dict(link))
            ctx.save(obj)


def link_url(link: Json) -> str:
    """Returns the public URL of a file link."""
    return f"https://files.stripe.com/links/{link['id'].rpartition('_')[2]}"


def _name_argument(upload: dict[str, Any]) -> str:
    """Returns the file name of an upload, without the folders that some clients include."""
    return str(upload["filename"] or "").replace("\\", "/").rpartition("/")[2]


def _type(upload: dict[str, Any]) -> str:
    suffix = PurePosixPath(_name_argument(upload)).suffix.lstrip(".").lower()
    return {"jpeg": "jpg"}.get(suffix, suffix) or "bin"
