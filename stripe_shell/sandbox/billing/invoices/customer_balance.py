"""The customer's balance as invoices use it: credit applied, debt added, and a transaction for each change.

A customer has a balance for each currency, and none pays an invoice in another one: `customer.balance` is that in the
customer's currency, `invoice_credit_balance` has all (https://docs.stripe.com/invoicing/multi-currency-customers).

Source: https://docs.stripe.com/billing/customer/balance
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import CustomerPrivate
from stripe_shell.sandbox.payments.accounts.traits import default_currency


def apply_to_invoice(ctx: Context, invoice: Json, customer: Json) -> None:
    """Applies the balance to an invoice; sets its `amount_due`, `starting_balance` and `ending_balance`.

    Called when the invoice is finalized. Stripe uses all of a credit that the total can take and adds all of a debt; a
    negative total becomes credit. Mutates `invoice`; saves the customer if the balance changed.
    """
    total, before = invoice["total"], balance_in(ctx, customer, invoice["currency"])
    if total >= 0:
        used, debt = min(max(-before, 0), total), max(before, 0)
        invoice["amount_due"], after = total + debt - used, before + used - debt
    else:
        invoice["amount_due"], after = 0, before + total
    invoice["starting_balance"], invoice["ending_balance"] = before, after
    change_balance(ctx, customer, after - before, "applied_to_invoice", invoice)


def carry_over(ctx: Context, invoice: Json, customer: Json, kind: str, part: int | None = None) -> None:
    """Moves an amount that cannot be charged, or a part of it, to the balance, as debt for the next invoice.

    `kind` is the transaction's type: `invoice_too_small`, `invoice_too_large`
    (https://docs.stripe.com/billing/customer/balance).

    Mutates `invoice`; saves the customer.
    """
    due = invoice["amount_due"] if part is None else part
    invoice["amount_due"] -= due
    invoice["ending_balance"] = (invoice["ending_balance"] or 0) + due
    change_balance(ctx, customer, due, kind, invoice)


def restore(ctx: Context, invoice: Json, customer: Json) -> None:
    """Returns to the balance what a voided invoice took from it. Saves the customer."""
    used = (invoice["ending_balance"] or 0) - (invoice["starting_balance"] or 0)
    change_balance(ctx, customer, -used, "unapplied_from_invoice", invoice)


def change_balance(ctx: Context, customer: Json, amount: int, kind: str, invoice: Json | None = None) -> Json | None:
    """Adds `amount` to the balance (credit is negative), saves the customer and records the transaction.

    The balance is that in the invoice's currency, without one in the customer's. Emits the events and returns the
    transaction; returns None and changes nothing if `amount` is 0.
    """
    if not amount:
        return None
    members = {"invoice": invoice["id"], "currency": invoice["currency"]} if invoice else {}
    return adjust(ctx, customer, amount, kind, **members)


def adjust(ctx: Context, customer: Json, amount: int, kind: str, **members: Any) -> Json:
    """Adds `amount` to the balance in the row's currency, saves the customer, and stores and returns the row."""
    currency = members.get("currency") or customer["currency"] or default_currency(ctx)
    customer["currency"] = customer["currency"] or currency
    if currency == customer["currency"]:
        customer["balance"] += amount
    else:
        others = ctx.private(customer, CustomerPrivate).setdefault("balances", {})
        others[currency] = others.get(currency, 0) + amount
    changed = ctx.save(customer)
    row = record(ctx, customer, amount, kind, **{**members, "currency": currency})
    if changed:
        ctx.emit("customer.updated", customer, changed)
    return row


def balance_in(ctx: Context, customer: Mapping[str, Any], currency: str) -> int:
    """Returns the balance in a currency, in the smallest unit; negative is credit."""
    if customer.get("currency") in (None, currency):
        return int(customer.get("balance") or 0)
    return int(ctx.private(customer, CustomerPrivate).get("balances", {}).get(currency, 0))


def balances(ctx: Context, customer: Mapping[str, Any]) -> dict[str, int]:
    """Returns the balances that are not 0 by currency, as `invoice_credit_balance` shows them."""
    own = {customer["currency"]: customer["balance"]} if customer["balance"] else {}
    others = ctx.private(customer, CustomerPrivate).get("balances", {})
    return own | {currency: amount for currency, amount in others.items() if amount}


def change_currency(ctx: Context, customer: Json, currency: str) -> None:
    """Makes `currency` the customer's; `balance` becomes that in it. Mutates `customer`, does not save it."""
    others = ctx.private(customer, CustomerPrivate).setdefault("balances", {})
    if customer["currency"]:
        others[customer["currency"]] = customer["balance"]
    customer |= {"balance": others.pop(currency, 0), "currency": currency}


def record(ctx: Context, customer: Json, amount: int, kind: str, **members: Any) -> Json:
    """Stores and returns the row of a change already applied to the balance in the row's currency.

    `amount` is in the smallest currency unit, `kind` is the row's `type`, `members` are further members of the row.
    """
    row = ctx.resource("customer_balance_transaction").new(
        ctx,
        {
            "amount": amount,
            "currency": customer["currency"],
            "customer": customer["id"],
            "ending_balance": balance_in(ctx, customer, members.get("currency") or customer["currency"]),
            "type": kind,
            **members,
        },
    )
    ctx.insert(row)
    return row
