"""Outbound transfers of financial accounts, and the transaction that gives a returned one back."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource


class OutboundTransfer(Resource):
    """`/v1/treasury/outbound_transfers`, `POST /v1/test_helpers/treasury/outbound_transfers/{id}/return`."""

    object = "treasury.outbound_transfer"

    @action("test_helpers.treasury.outbound_transfer.return_outbound_transfer")
    def give_back(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Returns a transfer to its financial account. Saves the transfer."""
        given = params.get("returned_details") or {}
        transaction = ctx.new_id("treasury.transaction")
        obj["returned_details"] = {"code": given.get("code") or "other", "transaction": transaction}
        obj["status"] = "returned"
        ctx.emit("treasury.outbound_transfer.returned", obj, ctx.save(obj))
        return obj
