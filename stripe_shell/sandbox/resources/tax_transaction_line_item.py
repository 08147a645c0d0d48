"""Line items of tax transactions. They are stored in the transaction."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.pages import page_of
from stripe_shell.sandbox.objects.resource import Resource


class TaxTransactionLineItem(Resource):
    """`/v1/tax/transactions/{transaction}/line_items`."""

    object = "tax.transaction_line_item"

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns one page of the lines of the transaction in the path."""
        transaction = ctx.get("tax.transaction", ctx.path["transaction"], status=404)
        return page_of(ctx, transaction["line_items"]["data"], params)
