"""Invoice lines: they live inside their invoice."""

from __future__ import annotations

from stripe_shell.sandbox.billing.invoices import edit, lines
from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import Page
from stripe_shell.sandbox.objects.resource import Resource, action


class LineItem(Resource):
    """`/v1/invoices/{invoice}/lines`."""

    object = "line_item"

    def load(self, ctx: Context, key: str) -> Json | None:
        """The line of the path's invoice with this id."""
        invoice = ctx.find("invoice", ctx.path.get("invoice", ""))
        if invoice is None:
            return None
        return next((record["line"] for record in lines.records_of(ctx, invoice) if record["line"]["id"] == key), None)

    @action("list")
    def list_lines(self, ctx: Context, params: Json) -> Page:
        """All lines of an invoice in their order."""
        invoice = ctx.get("invoice", ctx.path["invoice"], param="invoice", status=404)
        return pages.page_of(ctx, [record["line"] for record in lines.records_of(ctx, invoice)], params)

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Change a line of a draft."""
        invoice = ctx.get("invoice", ctx.path["invoice"], param="invoice", status=404)
        edit.update_lines(ctx, invoice, {"lines": [{**params, "id": obj["id"]}]})
        ctx.emit("invoice.updated", invoice, ctx.save(invoice))
        line = self.load(ctx, obj["id"])
        return line if line is not None else obj
