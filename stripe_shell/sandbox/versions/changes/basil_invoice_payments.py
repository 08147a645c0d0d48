"""2025-03-31.basil: invoices can have several payments, and no longer tell their only PaymentIntent."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.private_fields import InvoicePrivate, PaymentIntentPrivate
from stripe_shell.sandbox.versions.change import Json, VersionChange

#: Members of an invoice that older versions lack.
_NEWER = ("payments", "confirmation_secret", "amount_overpaid")


class PaymentOfInvoice(VersionChange):
    """An invoice has `payment_intent`, `charge`, `paid` and `paid_out_of_band`, and its fee and transfer (entry B6).

    Page: add-support-for-multiple-partial-payments-on-invoices. `amount_paid` leaves out what was paid out of band;
    `amount_remaining` then (certainty C) is what was due.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("invoice",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the members, and removes those of several payments."""
        for name in _NEWER:
            obj.pop(name, None)
        outside = obj.get("amount_paid_off_stripe") or 0
        intent = _intent_of(ctx, obj)
        sent = ctx.private(obj, InvoicePrivate).get("sent") or {}
        obj |= {
            "application_fee_amount": sent.get("application_fee_amount"),
            "charge": intent["latest_charge"] if intent else None,
            "paid": obj.get("status") == "paid",
            "paid_out_of_band": bool(outside),
            "payment_intent": intent["id"] if intent else None,
            "transfer_data": sent.get("transfer_data"),
        }
        if outside:
            obj["amount_paid"] -= outside
            obj["amount_remaining"] = obj["amount_due"] - obj["amount_paid"]


class InvoiceOfPayment(VersionChange):
    """A PaymentIntent and a charge have the `invoice` that they pay (entry B6)."""

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("payment_intent", "charge")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member."""
        intent = obj
        if obj["object"] == "charge":
            key = obj.get("payment_intent")
            intent = (ctx.find("payment_intent", key) or {}) if isinstance(key, str) else key or {}
        obj["invoice"] = ctx.private(intent, PaymentIntentPrivate).get("invoice") if intent else None


def _intent_of(ctx: Context, invoice: Json) -> Json | None:
    """Returns the PaymentIntent of an invoice: that of its default payment, else the newest one; None without one."""
    if not invoice.get("id") or invoice.get("status") == "draft":
        return None
    key = ctx.private(invoice, InvoicePrivate).get("payment_intent")
    if key is None:
        payments = ctx.all("invoice_payment", invoice=invoice["id"])
        chosen = next((payment for payment in payments if payment["is_default"]), payments[0] if payments else None)
        key = chosen["payment"].get("payment_intent") if chosen else None
    return ctx.find("payment_intent", key) if key else None
