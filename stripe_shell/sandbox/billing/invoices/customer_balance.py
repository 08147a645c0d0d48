"""A customer's balance as invoices use it: what is credited, what is owed, and the rows that tell of it."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json


def apply_to(ctx: Context, invoice: Json, customer: Json) -> None:
    """Use the balance on an invoice that is being finalized: sets `amount_due`, `starting_balance`, `ending_balance`.

    All of a credit that the total can take is used, all of a debt is added; a negative total becomes credit.
    """
    total, before = invoice["total"], customer["balance"]
    if total >= 0:
        used, debt = min(max(-before, 0), total), max(before, 0)
        invoice["amount_due"], after = total + debt - used, before + used - debt
    else:
        invoice["amount_due"], after = 0, before + total
    invoice["starting_balance"], invoice["ending_balance"] = before, after
    change(ctx, customer, after - before, "applied_to_invoice", invoice)


def owe(ctx: Context, invoice: Json, customer: Json) -> None:
    """An amount too small to be charged is owed until the next invoice."""
    due = invoice["amount_due"]
    invoice["amount_due"] = 0
    invoice["ending_balance"] = (invoice["ending_balance"] or 0) + due
    change(ctx, customer, due, "invoice_too_small", invoice)


def give_back(ctx: Context, invoice: Json, customer: Json) -> None:
    """Undo what an invoice used of the balance."""
    used = (invoice["ending_balance"] or 0) - (invoice["starting_balance"] or 0)
    change(ctx, customer, -used, "unapplied_from_invoice", invoice)


def change(ctx: Context, customer: Json, amount: int, kind: str, invoice: Json | None = None) -> Json | None:
    """Change the balance, write its row and tell; nothing for nothing. Answers the row."""
    if not amount:
        return None
    customer["balance"] += amount
    customer["currency"] = customer["currency"] or (invoice["currency"] if invoice else "usd")
    changed = ctx.save(customer)
    members = {"invoice": invoice["id"], "currency": invoice["currency"]} if invoice else {}
    row: Json = ctx.behaviour("customer_balance_transaction").record(ctx, customer, amount, kind, **members)
    ctx.emit("customer.updated", customer, changed)
    return row
