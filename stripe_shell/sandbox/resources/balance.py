"""The account's balance, counted from its balance transactions."""

from __future__ import annotations

from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.resource import Resource

_NET = """
SELECT json_extract(json, '$.currency'), json_extract(json, '$.available_on') <= ?, sum(json_extract(json, '$.net'))
FROM objects WHERE account = ? AND object = 'balance_transaction' AND deleted = 0 GROUP BY 1, 2
"""


class Balance(Resource):
    """`GET /v1/balance`."""

    object = "balance"

    def load(self, ctx: Context, key: str) -> Json | None:
        """What is available and what is pending, by currency."""
        available, pending = self.amounts(ctx)
        return {
            "object": "balance",
            "available": _rows(available),
            "livemode": False,
            "pending": _rows(pending),
            "refund_and_dispute_prefunding": {"available": _rows({}), "pending": _rows({})},
        }

    def amounts(self, ctx: Context) -> tuple[dict[str, int], dict[str, int]]:
        """What is available and what is pending, by currency, in the smallest unit."""
        amounts: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for currency, is_available, net in ctx.session.rows(_NET, (ctx.now(), ctx.account_number)):
            amounts[0 if is_available else 1][str(currency)] = int(str(net))
        return amounts


def _rows(amounts: dict[str, int]) -> list[Json]:
    found = amounts or {"usd": 0}
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(found.items())
    ]
