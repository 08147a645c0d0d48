"""Invoice payments: which payment intent pays which invoice."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.listing import Filters, equal
from stripe_shell.sandbox.objects.resource import Resource


class InvoicePayment(Resource):
    """`GET /v1/invoice_payments`; made when an invoice is finalized."""

    object = "invoice_payment"
    indexed = ("invoice", "status")

    def filter_payment(self, ctx: Context, value: dict[str, Any], filters: Filters) -> None:
        """By the payment intent, charge or payment record that pays."""
        for name in ("payment_intent", "payment_record"):
            if value.get(name):
                filters.where.append(equal(f"payment.{name}", value[name]))
