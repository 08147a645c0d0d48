"""Transfer reversals, full or partial."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import transfers


class TransferReversal(Resource):
    """`/v1/transfers/{id}/reversals`."""

    object = "transfer_reversal"
    indexed = ("transfer",)

    def create(self, ctx: Context, params: Json) -> Json:
        """Reverses `amount` of the transfer, by default the rest."""
        transfer = ctx.get("transfer", ctx.path["id"], status=404)
        members = {"metadata": dict(params.get("metadata") or {})}
        return transfers.reverse(ctx, transfer, params.get("amount"), members)
