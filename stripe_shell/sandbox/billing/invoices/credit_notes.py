"""Credit notes: lines, totals, and the split between the invoice, refunds and the customer's balance."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.money import half_up
from stripe_shell.sandbox.billing.calc.totals import AppliedTaxRate, taxes_of
from stripe_shell.sandbox.billing.subscriptions import after_payment
from stripe_shell.sandbox.currencies import format_amount
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import CreditNotePrivate
from stripe_shell.sandbox.payments import refunds

from . import customer_balance, finalize_and_pay, lines


@record
class CreditAllocation:
    """The parts of a credit note's amount: `before` reduces what is due, the other fields return what was paid.

    Source: Stripe's API reference, `pre_payment_amount` and `post_payment_amount` of a credit note.
    """

    before: int
    refund: int
    credit: int
    elsewhere: int
    linked: int

    @property
    def after(self) -> int:
        """The amount that is credited after payment."""
        return self.refund + self.credit + self.elsewhere + self.linked


def build_note(ctx: Context, params: Json) -> tuple[Json, Json, CreditAllocation]:
    """Returns a credit note that is not stored, its invoice, and its split. Raises StripeError."""
    invoice = ctx.get("invoice", params["invoice"], param="invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise errors.invalid(
            f"You cannot create a credit note for the invoice {invoice['id']}, which has the status "
            f"{invoice['status']}; it must be open, paid or uncollectible.",
            param="invoice",
        )
    rows = _note_lines(ctx, invoice, params)
    shipping = _shipping(invoice, params)
    note = _note_with_sums(ctx, invoice, params, rows, shipping)
    _check_ceiling(ctx, invoice, note["amount"], _linked(params))
    split = _split(ctx, invoice, note["amount"], params)
    note |= {
        "out_of_band_amount": split.elsewhere or None,
        "post_payment_amount": split.after,
        "pre_payment_amount": split.before,
        "type": _note_type(split),
    }
    return note, invoice, split


def issue_note(ctx: Context, note: Json, invoice: Json, split: CreditAllocation, params: Json) -> None:
    """Stores a credit note, refunds or credits the customer, and saves the invoice. Mutates `note`."""
    if split.credit:
        customer = ctx.get("customer", invoice["customer"])
        row = customer_balance.change_balance(ctx, customer, -split.credit, "credit_note", invoice)
        if row is not None:
            row["credit_note"] = note["id"]
            ctx.save(row)
            note["customer_balance_transaction"] = row["id"]
    note["refunds"] = _refunds(ctx, invoice, split, params)
    ctx.insert(note)
    invoice["pre_payment_credit_notes_amount"] += split.before
    invoice["post_payment_credit_notes_amount"] += split.after
    if split.before:
        invoice["amount_remaining"] = max(invoice["amount_remaining"] - split.before, 0)
        invoice["amount_due"] = max(invoice["amount_due"] - split.before, 0)
    covered = bool(split.before and invoice["status"] == "open" and invoice["amount_remaining"] == 0)
    if covered:
        finalize_and_pay.cancel_payment(ctx, invoice)
        invoice |= {"auto_advance": False, "next_payment_attempt": None, "status": "paid"}
        invoice["status_transitions"]["paid_at"] = ctx.now()
    elif split.before:
        _lower_payment(ctx, invoice)
    changed = ctx.save(invoice)
    ctx.emit("credit_note.created", note)
    ctx.emit("invoice.updated", invoice, changed)
    if covered:
        ctx.emit("invoice.paid", invoice)
        after_payment.invoice_paid(ctx, invoice)


def void_note(ctx: Context, note: Json) -> None:
    """Voids a credit note, so that its open invoice is due in full again. Saves both. Raises StripeError."""
    if note["status"] == "void":
        raise errors.invalid("This credit note has already been voided.")
    invoice = ctx.get("invoice", note["invoice"])
    if invoice["status"] != "open":
        raise errors.invalid("You can only void a credit note of an open invoice.")
    note |= {"status": "void", "voided_at": ctx.now()}
    ctx.save(note)
    invoice["pre_payment_credit_notes_amount"] -= note["pre_payment_amount"]
    invoice["amount_remaining"] += note["pre_payment_amount"]
    invoice["amount_due"] += note["pre_payment_amount"]
    _lower_payment(ctx, invoice)
    changed = ctx.save(invoice)
    ctx.emit("credit_note.voided", note)
    ctx.emit("invoice.updated", invoice, changed)


# --- lines and totals --------------------------------------------------------------------------------------------


def _note_lines(ctx: Context, invoice: Json, params: Json) -> list[Json]:
    given = params.get("lines")
    if not given and params.get("amount") is None and not params.get("shipping_cost"):
        raise errors.invalid("You must specify one of `amount`, `lines` or `shipping_cost`.", code="parameter_missing")
    if given and params.get("amount") is not None:
        raise errors.exclusive("amount", "lines")
    if params.get("amount") is not None and params["amount"] < 1:
        raise errors.below_minimum("amount", 1)
    if given:
        return [_note_line(ctx, invoice, entry, f"lines[{index}]") for index, entry in enumerate(given)]
    if params.get("amount") is None:
        return []
    return [_line_item(ctx, {"amount": params["amount"], "type": "custom_line_item"})]


def _note_line(ctx: Context, invoice: Json, entry: Mapping[str, Any], where: str) -> Json:
    if entry["type"] == "invoice_line_item":
        return _invoice_line(ctx, invoice, entry, where)
    unit, quantity = entry.get("unit_amount"), entry.get("quantity", 1)
    if entry.get("unit_amount_decimal") is not None:
        unit = Fraction(str(entry["unit_amount_decimal"]))
    if unit is None:
        raise errors.missing_parameter(f"{where}[unit_amount]")
    amount = half_up(Fraction(unit) * quantity)
    members = {
        "description": entry.get("description"),
        "quantity": quantity,
        "unit_amount": entry.get("unit_amount"),
        "unit_amount_decimal": entry.get("unit_amount_decimal") or str(unit),
    }
    rates = lines.rates_json(ctx, entry.get("tax_rates") or (), f"{where}[tax_rates]")
    return _line_item(ctx, {"amount": amount, "type": "custom_line_item", "tax_rates": rates, **members})


def _invoice_line(ctx: Context, invoice: Json, entry: Mapping[str, Any], where: str) -> Json:
    """Returns a credit of all or part of an invoice line, with its discounts and taxes in proportion."""
    key = entry.get("invoice_line_item")
    record = next((row for row in lines.records_of(ctx, invoice) if row["line"]["id"] == key), None)
    if record is None:
        raise errors.missing("invoice line item", str(key), param=f"{where}[invoice_line_item]")
    line = record["line"]
    amount, quantity = entry.get("amount"), entry.get("quantity")
    if amount is not None and quantity is not None:
        raise errors.exclusive(f"{where}[amount]", f"{where}[quantity]")
    whole = line["quantity"] or 1
    if quantity is not None and quantity > whole:
        raise errors.invalid(f"The quantity exceeds that of the line ({whole}).", param=f"{where}[quantity]")
    if amount is None:
        amount = half_up(Fraction(line["amount"]) * (whole if quantity is None else quantity) / whole)
    part = Fraction(amount, line["amount"]) if line["amount"] else Fraction(0)
    taken = [
        {"amount": half_up(taken["amount"] * part), "discount": taken["discount"]}
        for taken in line["discount_amounts"] or ()
        if taken["amount"]
    ]
    members = {
        "description": entry.get("description") or line["description"],
        "discount_amount": sum(row["amount"] for row in taken),
        "discount_amounts": taken,
        "invoice_line_item": line["id"],
        "pretax_credit_amounts": [{**row, "type": "discount"} for row in taken],
        "quantity": None if entry.get("amount") is not None else (whole if quantity is None else quantity),
        "taxes": [
            {
                **tax,
                "amount": half_up(tax["amount"] * part),
                "taxable_amount": half_up((tax["taxable_amount"] or 0) * part),
            }
            for tax in line["taxes"] or ()
        ],
    }
    return _line_item(ctx, {"amount": amount, "type": "invoice_line_item", **members})


def _line_item(ctx: Context, members: Json) -> Json:
    row = ctx.new("credit_note_line_item", **{"quantity": 1, "taxes": [], "tax_rates": [], **members})
    if row["tax_rates"] and not row["taxes"]:
        rates = [
            AppliedTaxRate(rate["id"], Fraction(str(rate["percentage"])), rate["inclusive"])
            for rate in row["tax_rates"]
        ]
        row["taxes"] = [tax.as_json() for tax in taxes_of(row["amount"], rates)]
    return row


def _shipping(invoice: Json, params: Json) -> int:
    return int(invoice["amount_shipping"]) if params.get("shipping_cost") else 0


def _note_with_sums(ctx: Context, invoice: Json, params: Json, rows: list[Json], shipping: int) -> Json:
    """Returns the credit note with its totals, before its amount is split."""
    number = ctx.count("credit_note", invoice=invoice["id"]) + 1
    note = ctx.new("credit_note")
    note |= {
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "effective_at": params.get("effective_at") or ctx.now(),
        "invoice": invoice["id"],
        "lines": {
            "object": "list",
            "data": rows[: lines.SHOWN],
            "has_more": len(rows) > lines.SHOWN,
            "total_count": len(rows),
            "url": f"/v1/credit_notes/{note['id']}/lines",
        },
        "memo": params.get("memo"),
        "metadata": dict(params.get("metadata") or {}),
        "number": f"{invoice['number']}-CN-{number:02d}",
        "pdf": f"https://pay.stripe.com/credit_notes/{ctx.account}/{note['id']}/pdf?s=ap",
        "reason": params.get("reason"),
        "status": "issued",
    }
    note |= _note_sums(rows, shipping)
    ctx.private(note, CreditNotePrivate)["lines"] = rows
    return note


def _note_sums(rows: list[Json], shipping: int) -> Json:
    """Returns the totals of a credit note's lines, its discounts and its taxes."""
    subtotal = sum(row["amount"] for row in rows)
    off = sum(row["discount_amount"] for row in rows)
    taxes = [tax for row in rows for tax in row["taxes"]]
    exclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    inclusive = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    total = subtotal - off + exclusive + shipping
    return {
        "amount": total,
        "amount_shipping": shipping,
        "discount_amount": off,
        "discount_amounts": [entry for row in rows for entry in row["discount_amounts"]],
        "pretax_credit_amounts": [entry for row in rows for entry in row["pretax_credit_amounts"]],
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inclusive,
        "total": total,
        "total_excluding_tax": total - exclusive - inclusive,
        "total_taxes": taxes,
    }


# --- split of the amount -----------------------------------------------------------------------------------------


def _check_ceiling(ctx: Context, invoice: Json, amount: int, linked: int) -> None:
    """Raises StripeError if credit notes and refunds together exceed the invoice's total.

    `linked` is the amount of the refunds that the credit note itself names.
    """
    credited = invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    left = max(invoice["total"], 0) - credited - max(_plainly_refunded(ctx, invoice) - linked, 0)
    if amount > left:
        currency = invoice["currency"]
        raise errors.invalid(
            f"The amount of the credit note ({format_amount(amount, currency)}) exceeds what can still be credited "
            f"on the "
            f"invoice ({format_amount(max(left, 0), currency)}).",
            param="amount",
        )


def _plainly_refunded(ctx: Context, invoice: Json) -> int:
    """Returns the amount refunded of the invoice's charge without a credit note."""
    charge = _charge_of(ctx, invoice)
    if charge is None:
        return 0
    by_notes: int = sum(
        int(entry["amount_refunded"])
        for note in ctx.iterate("credit_note", invoice=invoice["id"])
        if note["status"] == "issued"
        for entry in note["refunds"]
    )
    refunded = int(charge["amount_refunded"])
    return max(refunded - by_notes, 0)


def _linked(params: Json) -> int:
    return sum(int(entry.get("amount_refunded") or 0) for entry in params.get("refunds") or ())


def _split(ctx: Context, invoice: Json, amount: int, params: Json) -> CreditAllocation:
    open_ = invoice["amount_remaining"] if invoice["status"] != "paid" else 0
    before = min(amount, open_)
    split = CreditAllocation(
        before,
        params.get("refund_amount") or 0,
        params.get("credit_amount") or 0,
        params.get("out_of_band_amount") or 0,
        _linked(params),
    )
    if split.after != amount - before:
        currency = invoice["currency"]
        raise errors.invalid(
            "The sum of `refund_amount`, `credit_amount`, `out_of_band_amount` and the refunds "
            f"({format_amount(split.after, currency)}) must equal the part of the credit note that is credited after "
            f"payment "
            f"({format_amount(amount - before, currency)}).",
            param="amount",
        )
    if split.refund and _charge_of(ctx, invoice) is None:
        raise errors.invalid("There is no charge on this invoice that could be refunded.", param="refund_amount")
    return split


def _note_type(split: CreditAllocation) -> str:
    if split.before and split.after:
        return "mixed"
    return "post_payment" if split.after else "pre_payment"


def _refunds(ctx: Context, invoice: Json, split: CreditAllocation, params: Json) -> list[Json]:
    entries = []
    for index, entry in enumerate(params.get("refunds") or ()):
        refund = ctx.get("refund", entry.get("refund"), param=f"refunds[{index}][refund]")
        amount = entry.get("amount_refunded") or refund["amount"]
        entries.append(_refund_entry(refund, amount))
    charge = _charge_of(ctx, invoice)
    if split.refund and charge is not None:
        refund = refunds.make_refund(ctx, charge, {"amount": split.refund})
        entries.append(_refund_entry(refund, split.refund))
    return entries


def _refund_entry(refund: Json, amount: int) -> Json:
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": refund["id"], "type": "refund"}


def _charge_of(ctx: Context, invoice: Json) -> Json | None:
    """Returns the charge that paid the invoice, or None."""
    intent = finalize_and_pay.intent_of(ctx, invoice)
    if intent is None or intent["status"] != "succeeded":
        return None
    return ctx.find("charge", intent["latest_charge"] or "")


def _lower_payment(ctx: Context, invoice: Json) -> None:
    """Sets the amount of the invoice's PaymentIntent to what is due, and saves it."""
    intent = finalize_and_pay.intent_of(ctx, invoice)
    if intent is None or intent["status"] in ("succeeded", "canceled") or not invoice["amount_remaining"]:
        return
    intent["amount"] = invoice["amount_remaining"]
    ctx.save(intent)
    for payment in ctx.all("invoice_payment", invoice=invoice["id"]):
        if payment["status"] == "open":
            payment["amount_requested"] = invoice["amount_remaining"]
            ctx.save(payment)
