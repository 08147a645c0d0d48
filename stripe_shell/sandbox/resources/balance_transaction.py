"""Balance transactions: every change of the account's money. They are entered by payments/ledger.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import Filters
from stripe_shell.sandbox.objects.resource import Resource

#: Types of what is entered for payments: the id begins with `3` as theirs do.
_OF_PAYMENTS = ("charge", "payment", "refund", "payment_refund")


class BalanceTransaction(Resource):
    """`GET /v1/balance_transactions`, and the older `/v1/balance/history`."""

    object = "balance_transaction"
    defaults: ClassVar = {"balance_type": "payments"}
    indexed = ("source", "type")

    def fresh(self, ctx: Context, members: Mapping[str, Any] | None = None) -> Json:
        """A row; that of a payment or a refund has an id like theirs, unless it is seeded with one."""
        row = super().fresh(ctx, members)
        if row["type"] in _OF_PAYMENTS and "id" not in (members or {}):
            row["id"] = ctx.ids.new("txn", ctx.now(), ctx.account, "3")
        return row

    def present(self, ctx: Context, obj: Json) -> Json:
        """Available once its day has come; a row that was seeded without one stays as it was seeded."""
        if obj["created"] < obj["available_on"] <= ctx.now():
            obj["status"] = "available"
        return obj

    def filter_source(self, ctx: Context, value: str, filters: Filters) -> None:
        """Only what this object caused; nothing for a dispute, as at Stripe."""
        filters.nothing = value.startswith(("du_", "dp_"))
        filters.add_link("source", value)

    def filter_payout(self, ctx: Context, value: str, filters: Filters) -> None:
        """Only what this payout paid out: itself, as payouts here are made by hand."""
        ctx.get("payout", value, param="payout")
        filters.add_link("source", value)
