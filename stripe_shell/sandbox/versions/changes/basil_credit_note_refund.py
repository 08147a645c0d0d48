"""2025-03-31.basil: a credit note can name several refunds."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class RefundOfCreditNote(VersionChange):
    """A credit note has `refund`, an id, for today's `refunds` (entry B7)."""

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("credit_note",)
    operations = (
        "create credit_note",
        "preview credit_note",
        "list credit_note.preview_line",
    )
    names = (("refunds[0][refund]", "refund"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Makes a list of the refund, with its amount."""
        if "refund" in params:
            refund = ctx.get("refund", params.pop("refund"), param="refund")
            params["refunds"] = [{"refund": refund["id"], "amount_refunded": refund["amount"]}]

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the first refund."""
        refunds = obj.pop("refunds", None) or []
        obj["refund"] = refunds[0]["refund"] if refunds else None
