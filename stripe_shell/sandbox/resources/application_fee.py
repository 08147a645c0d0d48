"""Application fees: the platform's share of payments on connected accounts."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import transfers


class ApplicationFee(Resource):
    """`/v1/application_fees`. Fees are created with the payment."""

    object = "application_fee"
    indexed = ("charge",)

    @action
    def refund(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Refunds the fee through the legacy endpoint. Returns the fee, not the refund."""
        transfers.refund_fee(ctx, obj, params.get("amount"))
        return obj
