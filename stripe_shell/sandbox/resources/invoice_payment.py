"""Invoice payments: the links between invoices and the PaymentIntents that pay them."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.listing import ListFilters, equal
from stripe_shell.sandbox.objects.resource import Resource


class InvoicePayment(Resource):
    """`GET /v1/invoice_payments`. They are created when an invoice is finalized."""

    object = "invoice_payment"
    indexed = ("invoice", "status")

    def filter_payment(self, ctx: Context, value: dict[str, Any], filters: ListFilters) -> None:
        """Filters by the PaymentIntent or payment record that pays."""
        for name in ("payment_intent", "payment_record"):
            if value.get(name):
                filters.where.append(equal(f"payment.{name}", value[name]))
