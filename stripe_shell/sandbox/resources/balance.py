"""The account's balance: the sum of its balance transactions."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

_NET: Final = """
SELECT json_extract(json, '$.currency'), json_extract(json, '$.available_on') <= ?,
  CASE WHEN json_extract(json, '$.type') LIKE 'payment%' THEN 'bank_account' ELSE 'card' END,
  sum(json_extract(json, '$.net'))
FROM objects WHERE account = ? AND object = 'balance_transaction' AND deleted = 0 GROUP BY 1, 2, 3
"""

#: Amounts by currency and source type, in the smallest currency unit.
Sums = dict[str, dict[str, int]]


class Balance(Resource):
    """`GET /v1/balance`."""

    object = "balance"

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the balance object: available and pending amounts by currency."""
        available, pending = self._sums(ctx)
        for sums in (available, pending):
            for currency in (*available, *pending):
                sums.setdefault(currency, {})
        return {
            "object": "balance",
            "available": _rows(available),
            "livemode": False,
            "pending": _rows(pending),
            "refund_and_dispute_prefunding": {"available": _rows({}), "pending": _rows({})},
        }

    def amounts(self, ctx: Context) -> tuple[dict[str, int], dict[str, int]]:
        """Returns the available and the pending amounts by currency, in the smallest currency unit."""
        available, pending = self._sums(ctx)
        return _totals(available), _totals(pending)

    def turned_available(self, ctx: Context, obj: Json) -> None:
        """Emits `balance.available`. Runs as a job."""
        ctx.emit("balance.available", obj)

    def _sums(self, ctx: Context) -> tuple[Sums, Sums]:
        sums: tuple[Sums, Sums] = ({}, {})
        for currency, is_available, source, net in ctx.session.rows(_NET, (ctx.now(), ctx.account_number)):
            of_currency = sums[0 if is_available else 1].setdefault(str(currency), {})
            of_currency[str(source)] = int(str(net))
        return sums


def _totals(sums: Sums) -> dict[str, int]:
    return {currency: sum(by_source.values()) for currency, by_source in sums.items()}


def _rows(sums: Sums) -> list[Json]:
    return [
        {"amount": sum(by_source.values()), "currency": currency, "source_types": {"card": 0} | by_source}
        for currency, by_source in sorted((sums or {"usd": {}}).items())
    ]
