"""Capabilities that an account has requested. They are stored in the account object."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.pages import page_of
from stripe_shell.sandbox.objects.resource import Resource


class Capability(Resource):
    """`/v1/accounts/{account}/capabilities/{capability}`."""

    object = "capability"

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns a capability of the account in the path."""
        return self._view(ctx, ctx.get("account", ctx.path["account"], status=404), key)

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Requests the capability, or withdraws the request. Saves the account."""
        account = ctx.get("account", ctx.path["account"], status=404)
        if "requested" in params:
            ctx.resource("account").update(ctx, account, {"capabilities": {obj["id"]: params}})
        return self._view(ctx, account, obj["id"])

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the account's requested capabilities."""
        account = ctx.get("account", ctx.path["account"], status=404)
        return page_of(ctx, [self._view(ctx, account, name) for name in account["capabilities"]], params)

    def _view(self, ctx: Context, account: Json, name: str) -> Json:
        status = account["capabilities"].get(name)
        asked = {"account": account["id"], "id": name, "requested": status is not None}
        return self.new(ctx, asked | {"status": status or "unrequested"})
