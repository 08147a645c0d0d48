"""The account's balance: the sum of its balance transactions."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import job
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import ledger
from stripe_shell.sandbox.payments.accounts import traits


class Balance(Resource):
    """`GET /v1/balance`."""

    object = "balance"

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the balance object: available and pending amounts by currency."""
        available, pending = ledger.sums(ctx)
        currencies = {*available, *pending} or {traits.default_currency(ctx)}
        for sums in (available, pending):
            for currency in currencies:
                sums.setdefault(currency, {})
        return {
            "object": "balance",
            "available": _rows(available),
            "livemode": False,
            "pending": _rows(pending),
            "refund_and_dispute_prefunding": {"available": _rows({}), "pending": _rows({})},
        }

    @job
    def turned_available(self, ctx: Context, obj: Json) -> None:
        """Emits `balance.available`. Runs as a job."""
        ctx.emit("balance.available", obj)


def _rows(sums: ledger.Sums) -> list[Json]:
    return [
        {"amount": sum(by_source.values()), "currency": currency, "source_types": {"card": 0} | by_source}
        for currency, by_source in sorted((sums or {"usd": {}}).items())
    ]
