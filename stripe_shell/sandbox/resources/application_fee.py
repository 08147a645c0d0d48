"""Application fees: what a platform takes of the payments of its connected accounts."""

from __future__ import annotations

from stripe_shell.sandbox import connect
from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.resource import Resource, action


class ApplicationFee(Resource):
    """`/v1/application_fees`; made with the payment."""

    object = "application_fee"
    indexed = ("charge",)

    @action
    def refund(self, ctx: Context, obj: Json, params: Json) -> Json:
        """The old way to give it back; answers the fee."""
        connect.refund_fee(ctx, obj, params.get("amount"))
        return obj
