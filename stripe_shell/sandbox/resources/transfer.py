"""Transfers from the balance, or from one charge, to connected accounts."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import format_amount
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import ledger, transfers


class Transfer(Resource):
    """`/v1/transfers`."""

    object = "transfer"
    indexed = ("destination", "transfer_group")

    def create(self, ctx: Context, params: Json) -> Json:
        """Transfers `amount` to a connected account, by default what the charge in `source_transaction` captured."""
        destination = transfers.check_destination(ctx, params["destination"], "destination")
        charge = None
        if params.get("source_transaction"):
            charge = ctx.get("charge", params["source_transaction"], param="source_transaction")
        amount = params.get("amount", charge["amount_captured"] if charge else None)
        if amount is None:
            raise errors.missing_parameter("amount")
        if amount < 1:
            raise errors.below_minimum("amount", 1)
        if charge is None:
            ledger.check_funds(ctx, amount, params["currency"], "transfer")
        else:
            self._check_charge(ctx, charge, amount, params["currency"])
        members = {name: params[name] for name in ("description", "transfer_group") if params.get(name)}
        if params.get("metadata"):
            members["metadata"] = dict(params["metadata"])
        return transfers.send_money(ctx, amount, params["currency"], destination, charge=charge, members=members)

    def _check_charge(self, ctx: Context, charge: Json, amount: int, currency: str) -> None:
        """Raises StripeError for another currency, or for more than the charge has left."""
        if charge["currency"] != currency:
            raise errors.invalid(
                f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as "
                f"the transfer currency ({currency})",
                param="currency",
            )
        sent = sum(
            transfer["amount"] - transfer["amount_reversed"]
            for transfer in ctx.iterate("transfer", source_transaction=charge["id"])
        )
        left = charge["amount_captured"] - charge["amount_refunded"] - sent
        if amount > left:
            raise errors.invalid(
                "Transfers using this transaction as a source must not exceed the source amount of "
                f"{format_amount(charge['amount_captured'], currency)}. ({format_amount(max(left, 0), currency)} is "
                f"left.)",
                param="amount",
            )
