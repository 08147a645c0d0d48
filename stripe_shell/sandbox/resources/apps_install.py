"""Installs of apps on the account that the request runs on."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class AppInstall(Resource):
    """`/v1/apps/installs`."""

    object = "apps.install"

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: names the account."""
        obj["account"] = ctx.account
