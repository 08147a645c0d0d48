"""Credit notes: reductions of a finalized invoice."""

from __future__ import annotations

from stripe_shell.sandbox.billing.invoices import credit_notes
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource


class CreditNote(Resource):
    """`POST /v1/credit_notes`."""

    object = "credit_note"
    indexed = ("customer", "invoice")

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a credit note and credits its amount: off the invoice, to the balance, or as a refund."""
        note, invoice, split = credit_notes.build_note(ctx, params)
        credit_notes.issue_note(ctx, note, invoice, split, params)
        return note

    @action
    def preview(self, ctx: Context, params: Json) -> Json:
        """Returns the credit note that `create` would make, without storing it."""
        note, _, _ = credit_notes.build_note(ctx, params)
        return note

    @action
    def void_credit_note(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Voids a credit note."""
        credit_notes.void_note(ctx, obj)
        return obj
