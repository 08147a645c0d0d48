"""The customer's balance as invoices use it: credit applied, debt added, and a transaction for each change.

Source: https://docs.stripe.com/billing/customer/balance
"""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.payments.accounts.traits import default_currency


def apply_to_invoice(ctx: Context, invoice: Json, customer: Json) -> None:
    """Applies the balance to an invoice; sets its `amount_due`, `starting_balance` and `ending_balance`.

    Called when the invoice is finalized. Stripe uses all of a credit that the total can take and adds all of a debt; a
    negative total becomes credit. Mutates `invoice`; saves the customer if the balance changed.
    """
    total, before = invoice["total"], customer["balance"]
    if total >= 0:
        used, debt = min(max(-before, 0), total), max(before, 0)
        invoice["amount_due"], after = total + debt - used, before + used - debt
    else:
        invoice["amount_due"], after = 0, before + total
    invoice["starting_balance"], invoice["ending_balance"] = before, after
    change_balance(ctx, customer, after - before, "applied_to_invoice", invoice)


def carry_over(ctx: Context, invoice: Json, customer: Json, kind: str) -> None:
    """Moves an amount that cannot be charged to the balance, as debt for the next invoice.

    `kind` is the transaction's type: `invoice_too_small`, `invoice_too_large`
    (https://docs.stripe.com/billing/customer/balance).

    Mutates `invoice`; saves the customer.
    """
    due = invoice["amount_due"]
    invoice["amount_due"] = 0
    invoice["ending_balance"] = (invoice["ending_balance"] or 0) + due
    change_balance(ctx, customer, due, kind, invoice)


def restore(ctx: Context, invoice: Json, customer: Json) -> None:
    """Returns to the balance what a voided invoice took from it. Saves the customer."""
    used = (invoice["ending_balance"] or 0) - (invoice["starting_balance"] or 0)
    change_balance(ctx, customer, -used, "unapplied_from_invoice", invoice)


def change_balance(ctx: Context, customer: Json, amount: int, kind: str, invoice: Json | None = None) -> Json | None:
    """Adds `amount` to the balance (credit is negative), saves the customer and records the transaction.

    Emits the events and returns the transaction; returns None and changes nothing if `amount` is 0.
    """
    if not amount:
        return None
    customer["balance"] += amount
    customer["currency"] = customer["currency"] or (invoice["currency"] if invoice else default_currency(ctx))
    changed = ctx.save(customer)
    members = {"invoice": invoice["id"], "currency": invoice["currency"]} if invoice else {}
    row = record(ctx, customer, amount, kind, **members)
    ctx.emit("customer.updated", customer, changed)
    return row


def record(ctx: Context, customer: Json, amount: int, kind: str, **members: Any) -> Json:
    """Stores and returns the row of a change already applied to `customer["balance"]`.

    `amount` is in the smallest currency unit, `kind` is the row's `type`, `members` are further members of the row.
    """
    row = ctx.resource("customer_balance_transaction").new(
        ctx,
        {
            "amount": amount,
            "currency": customer["currency"],
            "customer": customer["id"],
            "ending_balance": customer["balance"],
            "type": kind,
            **members,
        },
    )
    ctx.insert(row)
    return row
