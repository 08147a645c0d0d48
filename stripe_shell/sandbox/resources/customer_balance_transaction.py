"""Customer balance transactions: the ledger of a customer's balance. A negative balance is credit."""

from __future__ import annotations

from stripe_shell.sandbox.billing.invoices import customer_balance
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class CustomerBalanceTransaction(Resource):
    """`/v1/customers/{customer}/balance_transactions`. Only metadata and description can be updated."""

    object = "customer_balance_transaction"
    indexed = ("customer", "invoice")

    def create(self, ctx: Context, params: Json) -> Json:
        """Adjusts the balance of the customer in the path, in any currency. Saves the customer and returns the row."""
        customer = ctx.get("customer", ctx.path["customer"], param="customer", status=404)
        kept = {"description": params.get("description"), "metadata": params.get("metadata") or {}}
        amount, currency = params["amount"], params["currency"]
        return customer_balance.adjust(ctx, customer, amount, "adjustment", currency=currency, **kept)
