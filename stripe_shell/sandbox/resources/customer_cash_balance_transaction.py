"""Customer cash balance transactions, and simulated bank transfers."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import bank_transfers


class CustomerCashBalanceTransaction(Resource):
    """`/v1/customers/{customer}/cash_balance_transactions`."""

    object = "customer_cash_balance_transaction"
    indexed = ("customer",)

    @action("test_helpers.customer.fund_cash_balance")
    def fund(self, ctx: Context, params: Json) -> Json:
        """Simulates an incoming bank transfer of the customer. Returns its cash balance transaction."""
        if params["amount"] < 1:
            raise errors.below_minimum("amount", 1)
        return bank_transfers.receive_transfer(
            ctx, ctx.path["customer"], params["amount"], params["currency"], params.get("reference")
        )
