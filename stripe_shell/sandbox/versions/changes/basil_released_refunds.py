"""2025-03-31.basil: what a capture or a cancellation releases is no refund."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Answer, Context
from stripe_shell.sandbox.payments import refunds
from stripe_shell.sandbox.versions.change import Json, VersionChange


class ReleaseMakesRefund(VersionChange):
    """A partial capture or a cancellation refunds what it releases (entry B12).

    Page: remove-refund-from-partial-capture-and-payment-cancellation-flow. The refund moves no money here: at Stripe
    the authorized amount and the refund are two balance transactions. A hold that runs out is refunded by the account's
    default version, in resources/payment_intent.py.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    unseen = True
    kinds = ("payment_intent",)
    operations = ("capture charge", "capture payment_intent", "cancel payment_intent")

    def answer(self, ctx: Context, operation: str, found: Answer) -> Answer:
        """Refunds the rest of the charge, unless more of it can be captured."""
        if isinstance(found, dict) and not found.get("amount_capturable"):
            charge = found if found["object"] == "charge" else ctx.find("charge", found["latest_charge"] or "")
            if charge is not None and charge["status"] == "succeeded":
                refunds.refund_released(ctx, charge)
        return found

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Calls a hold that ran out canceled automatically."""
        if obj.get("cancellation_reason") == "expired":
            obj["cancellation_reason"] = "automatic"
