"""Lines of credit notes, stored with their credit note."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.billing.invoices import credit_notes
from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.private_fields import CreditNotePrivate
from stripe_shell.sandbox.objects.resource import Resource


class CreditNoteLineItem(Resource):
    """`/v1/credit_notes/{credit_note}/lines`, `/v1/credit_notes/preview/lines`."""

    object = "credit_note_line_item"
    defaults: ClassVar = {"discount_amount": 0, "discount_amounts": [], "pretax_credit_amounts": []}
    absent = ("invoice_line_item",)

    @action("credit_note.line_item.list")
    def list_lines(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the lines of a credit note."""
        note = ctx.get("credit_note", ctx.path["credit_note"], status=404)
        return pages.page_of(ctx, ctx.private(note, CreditNotePrivate).get("lines", ()), params)

    @action("credit_note.preview_line.list")
    def list_preview(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the lines of a credit note that is only previewed."""
        note, _, _ = credit_notes.build_note(ctx, params)
        return pages.page_of(ctx, ctx.private(note, CreditNotePrivate).get("lines", ()), params)
