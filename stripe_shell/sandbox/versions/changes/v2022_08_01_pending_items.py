"""2022-08-01: a new invoice leaves pending items out by default."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class PendingItemsDefault(VersionChange):
    """An invoice includes the pending items and requires one, `include_and_require` (entry M1)."""

    version = "2022-08-01"
    certainty = "A"
    unseen = True
    operations = ("create invoice",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Asks for the older default. Raises StripeError when nothing is pending."""
        if params.setdefault("pending_invoice_items_behavior", "include_and_require") != "include_and_require":
            return
        params["pending_invoice_items_behavior"] = "include"
        items = ctx.iterate("invoiceitem", customer=params["customer"]) if params.get("customer") else iter(())
        if not params.get("from_invoice") and all(item["invoice"] for item in items):
            raise errors.invalid("Nothing to invoice for customer", code="invoice_no_customer_line_items")
