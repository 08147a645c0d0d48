"""Invoice items: single amounts, pending or on an invoice."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.invoices import invoice_items
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListFilters
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.storage.rows import SqlCondition


class InvoiceItem(Resource):
    """`POST /v1/invoiceitems`."""

    object = "invoiceitem"
    indexed = ("customer", "invoice")
    defaults: ClassVar = {"discountable": True, "quantity": 1, "quantity_decimal": "1"}
    absent = ("proration_details",)

    def missing(self, key: str, *, param: str | None = None, status: int = 404) -> StripeError:
        """Returns the error for an unknown invoice item, which Stripe words differently from others."""
        return StripeError(
            f"No such Invoice Item: '{key}'(livemode=false)",
            status=status,
            code="resource_missing",
            param=param or "id",
            validation=True,
        )

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates an item, pending or on the draft that `invoice` names."""
        return invoice_items.create_item(ctx, params)

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates an item, and its line on a draft."""
        invoice_items.update_item(ctx, obj, params)
        return obj

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Deletes an item, and its line on a draft."""
        return invoice_items.delete_item(ctx, obj)

    def filter_pending(self, ctx: Context, value: Any, filters: ListFilters) -> None:
        """Filters by whether the item is pending, that is on no invoice."""
        filters.where.append(SqlCondition(f"json_extract(o.json, '$.invoice') IS {'' if value else 'NOT '}NULL"))

    def filter_invoice(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by invoice. Raises StripeError for an unknown one."""
        if ctx.row("invoice", value) is None:
            raise errors.missing("invoice", value, param="invoice", status=400)
        filters.add_link("invoice", value)
