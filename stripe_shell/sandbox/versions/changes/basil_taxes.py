"""2025-03-31.basil: the taxes of invoices, credit notes and their lines have another form."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.private_fields import InvoicePrivate
from stripe_shell.sandbox.versions.change import Json, VersionChange


class TaxAmounts(VersionChange):
    """Taxes are `total_tax_amounts` or `tax_amounts`, each with `inclusive` and `tax_rate` (entry B5).

    Page: invoice-tax-configurations. An invoice has `tax`, their sum; a line has its amount without taxes (how it is
    computed is certainty C), and `tax_rates`, whole objects.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("invoice", "line_item", "credit_note", "credit_note_line_item")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Renames the taxes and computes the sums."""
        kind = obj["object"]
        if kind in ("invoice", "credit_note"):
            taxes = [_amount(tax) for tax in obj.pop("total_taxes", None) or ()]
            obj["total_tax_amounts" if kind == "invoice" else "tax_amounts"] = taxes
            if kind == "invoice":
                obj["tax"] = sum(tax["amount"] for tax in taxes) if taxes else None
            return
        taxes = obj["tax_amounts"] = [_amount(tax) for tax in obj.pop("taxes", None) or ()]
        net = obj["amount"] - sum(tax["amount"] for tax in taxes if tax["inclusive"])
        obj["amount_excluding_tax"] = net
        obj["unit_amount_excluding_tax"] = f"{net / obj['quantity']:.12g}" if obj.get("quantity") else None
        if kind == "line_item":
            rates = (ctx.presented(["tax_rate"], key) for key in _rates(ctx, obj, taxes))
            obj["tax_rates"] = [rate for rate in rates if rate is not None]


def _amount(tax: Json) -> Json:
    reason = tax.get("taxability_reason")
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": (tax.get("tax_rate_details") or {}).get("tax_rate"),
        "taxability_reason": None if reason == "not_available" else reason,
        "taxable_amount": tax.get("taxable_amount"),
    }


def _rates(ctx: Context, line: Json, taxes: list[Json]) -> list[str]:
    """Returns the ids of the tax rates that were set on a line, or of its taxes where the invoice is not stored."""
    key = line.get("invoice")
    invoice = ctx.find("invoice", key) if isinstance(key, str) else None
    if invoice is None:
        return [tax["tax_rate"] for tax in taxes if isinstance(tax["tax_rate"], str)]
    records = ctx.private(invoice, InvoicePrivate).get("lines") or ()
    return next((list(record["rates"]) for record in records if record["line"]["id"] == line["id"]), [])
