"""Cash balances of customers."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import cash_balances
from stripe_shell.sandbox.payments.confirmation import Attempt


class CashBalance(Resource):
    """`/v1/customers/{customer}/cash_balance`."""

    object = "cash_balance"

    def pay(self, ctx: Context, intent: Json, method: Json) -> Attempt:
        """Pays an intent from the customer's cash balance, or returns an attempt that requires a bank transfer."""
        return cash_balances.pay(ctx, intent, method)
