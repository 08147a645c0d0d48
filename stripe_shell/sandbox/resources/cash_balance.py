"""Cash balances of customers."""

from __future__ import annotations

from stripe_shell.sandbox.objects.resource import Resource


class CashBalance(Resource):
    """`/v1/customers/{customer}/cash_balance`."""

    object = "cash_balance"
