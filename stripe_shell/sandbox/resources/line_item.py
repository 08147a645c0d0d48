"""Invoice line items, stored with their invoice."""

from __future__ import annotations

from stripe_shell.sandbox.billing.invoices import edit, lines
from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.resource import Resource


class LineItem(Resource):
    """`/v1/invoices/{invoice}/lines`."""

    object = "line_item"

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the line with this id of the invoice in the path, or None."""
        invoice = ctx.find("invoice", ctx.path.get("invoice", ""))
        if invoice is None:
            return None
        return next((record["line"] for record in lines.records_of(ctx, invoice) if record["line"]["id"] == key), None)

    @action("list")
    def list_lines(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the lines of an invoice, in the invoice's order."""
        invoice = ctx.get("invoice", ctx.path["invoice"], param="invoice", status=404)
        return pages.page_of(ctx, [record["line"] for record in lines.records_of(ctx, invoice)], params)

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates a line of a draft. Saves the invoice."""
        invoice = ctx.get("invoice", ctx.path["invoice"], param="invoice", status=404)
        edit.update_lines(ctx, invoice, {"lines": [{**params, "id": obj["id"]}]})
        ctx.emit("invoice.updated", invoice, ctx.save(invoice))
        line = self.load(ctx, obj["id"])
        return line if line is not None else obj
