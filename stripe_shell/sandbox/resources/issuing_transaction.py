"""Issuing transactions: captures and refunds of purchases with issued cards."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import issuing


class IssuingTransaction(Resource):
    """`/v1/issuing/transactions`. The test helpers simulate the merchant."""

    object = "issuing.transaction"
    event_prefix = "issuing_transaction"
    indexed = ("authorization", "card", "cardholder", "type")

    @action("test_helpers.issuing.transaction.create_force_capture")
    def create_force_capture(self, ctx: Context, params: Json) -> Json:
        """Simulates a capture without an authorization."""
        return self._create(ctx, params, -params["amount"], "capture")

    @action("test_helpers.issuing.transaction.create_unlinked_refund")
    def create_unlinked_refund(self, ctx: Context, params: Json) -> Json:
        """Simulates a refund without a previous capture."""
        return self._create(ctx, params, params["amount"], "refund")

    @action("test_helpers.issuing.transaction.refund")
    def refund(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Refunds a capture, in full or by `refund_amount`. Raises StripeError for more than was captured."""
        if obj["type"] != "capture":
            raise errors.invalid("Only captures can be refunded.")
        amount = params.get("refund_amount", -obj["amount"])
        issuing.check_purchase_amount(amount, "refund_amount")
        if amount > -obj["amount"]:
            raise errors.invalid("The refund is larger than the transaction.", param="refund_amount")
        card = ctx.get("issuing.card", obj["card"])
        return issuing.create_transaction(ctx, card, amount, "refund", {"currency": obj["currency"]})

    def _create(self, ctx: Context, params: Json, amount: int, kind: str) -> Json:
        issuing.check_purchase_amount(params["amount"], "amount")
        card = ctx.get("issuing.card", params["card"], param="card")
        return issuing.create_transaction(ctx, card, amount, kind, params)
