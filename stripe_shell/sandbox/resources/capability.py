"""Capabilities that an account has requested. They are stored in the account object."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.pages import page_of
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import transfers
from stripe_shell.sandbox.payments.accounts import state


class Capability(Resource):
    """`/v1/accounts/{account}/capabilities/{capability}`."""

    object = "capability"

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns a capability of the account in the path."""
        return state.capability(self._keeper(ctx), ctx.get("account", ctx.path["account"], status=404), key)

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Requests the capability, or withdraws the request. Saves the account."""
        account = ctx.get("account", ctx.path["account"], status=404)
        if "requested" in params:
            ctx.resource("account").update(ctx, account, {"capabilities": {obj["id"]: params}})
        return state.capability(self._keeper(ctx), account, obj["id"])

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the account's requested capabilities."""
        account = ctx.get("account", ctx.path["account"], status=404)
        views = [state.capability(self._keeper(ctx), account, name) for name in account["capabilities"]]
        return page_of(ctx, views, params)

    def _keeper(self, ctx: Context) -> Context:
        return transfers.on_account(ctx, ctx.platform)
