"""Balance transactions: every change of the account's money."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.listing import Filters
from stripe_shell.sandbox.resource import Resource


class BalanceTransaction(Resource):
    """`GET /v1/balance_transactions`; made by payments, refunds, disputes, transfers and payouts."""

    object = "balance_transaction"
    defaults: ClassVar = {"balance_type": "payments"}
    indexed = ("source", "type")

    def record(
        self,
        ctx: Context,
        amount: int,
        currency: str,
        kind: str,
        source: str | None,
        *,
        fee: int = 0,
        delay: int = 0,
        description: str | None = None,
        category: str | None = None,
    ) -> Json:
        """Store a change of the balance: `amount` and `fee` in the smallest unit, `delay` in days until available.

        `kind` is the type (`charge`, `refund`, `payout`, …), `source` the id of what caused it, `category` what reports
        call it. Money becomes available at midnight UTC.
        """
        now = ctx.now()
        row = self.fresh(ctx)
        row |= {
            "amount": amount,
            "available_on": (now // 86400 + delay) * 86400 if delay else now,
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": _fee_details(fee, currency),
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source,
            "status": "pending" if delay else "available",
            "type": kind,
        }
        ctx.insert(row)
        return row

    def present(self, ctx: Context, obj: Json) -> Json:
        """Available once its day has come."""
        obj["status"] = "available" if obj["available_on"] <= ctx.now() else "pending"
        return obj

    def filter_source(self, ctx: Context, value: str, filters: Filters) -> None:
        """Only what this object caused; nothing for a dispute, as at Stripe."""
        filters.nothing = value.startswith(("du_", "dp_"))
        filters.add_link("source", value)

    def filter_payout(self, ctx: Context, value: str, filters: Filters) -> None:
        """Only what this payout paid out: itself, as payouts here are made by hand."""
        ctx.get("payout", value, param="payout")
        filters.add_link("source", value)


def _fee_details(fee: int, currency: str) -> list[Json]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
