"""Funding instructions: the bank account to which a customer transfers money for the cash balance."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import cash_balances


class FundingInstructions(Resource):
    """`POST /v1/customers/{customer}/funding_instructions`. Instructions are returned and not stored."""

    object = "funding_instructions"

    def create(self, ctx: Context, params: Json) -> Json:
        """Returns the bank account for a type of bank transfer."""
        made = self.new(ctx)
        kind = params["bank_transfer"]["type"]
        made["bank_transfer"] = {
            "country": "US" if kind == "us_bank_transfer" else "DE",
            "financial_addresses": [cash_balances.transfer_address(kind)],
            "type": kind,
        }
        made["currency"] = params["currency"]
        return made
