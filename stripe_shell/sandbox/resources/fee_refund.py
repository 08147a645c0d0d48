"""Refunds of application fees."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import transfers


class FeeRefund(Resource):
    """`/v1/application_fees/{id}/refunds`."""

    object = "fee_refund"
    event_prefix = "application_fee.refund"
    indexed = ("fee",)

    def create(self, ctx: Context, params: Json) -> Json:
        """Refunds `amount` of the fee, by default what is left. Raises StripeError for more than that."""
        fee = ctx.get("application_fee", ctx.path["id"], status=404)
        return transfers.refund_fee(ctx, fee, params.get("amount"), params.get("metadata"))
