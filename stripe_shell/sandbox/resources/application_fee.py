"""Application fees: what a platform takes of the payments of its connected accounts."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource, action
from stripe_shell.sandbox.payments import transfers


class ApplicationFee(Resource):
    """`/v1/application_fees`; made with the payment."""

    object = "application_fee"
    indexed = ("charge",)

    @action
    def refund(self, ctx: Context, obj: Json, params: Json) -> Json:
        """The old way to give it back; answers the fee."""
        transfers.refund_fee(ctx, obj, params.get("amount"))
        return obj
