"""The account's balance: the sum of its balance transactions."""

from __future__ import annotations

from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import job
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import ledger
from stripe_shell.sandbox.payments.accounts import schedules, traits


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
        """Emits `balance.available`, and schedules the automatic payout of a connected account. Runs as a job."""
        ctx.emit("balance.available", obj)
        account = self._connected(ctx)
        at = schedules.next_payout(account["settings"]["payouts"]["schedule"], ctx.now()) if account else None
        if at is not None:
            jobs.schedule(ctx, at - ctx.now(), obj, "pay_out")

    @job
    def pay_out(self, ctx: Context, obj: Json) -> None:
        """Pays a connected account's available balance out to its external accounts. Runs as a job of its schedule."""
        account = self._connected(ctx)
        if account is None or account["settings"]["payouts"]["schedule"]["interval"] == "manual":
            return
        held = {external["currency"] for external in account["external_accounts"]["data"]}
        for currency, by_source in sorted(ledger.sums(ctx)[0].items()):
            amount = sum(by_source.values())
            if amount > 0 and currency in held:
                params = {"amount": amount, "currency": currency, "automatic": True}
                ctx.resource("payout").create(ctx, params)

    def _connected(self, ctx: Context) -> Json | None:
        """Returns the connected account that the job runs on, where payouts are enabled; None for any other."""
        if ctx.account == ctx.platform:
            return None
        account = ctx.resource("account").load(ctx, ctx.account)
        return account if account is not None and account["payouts_enabled"] else None


def _rows(sums: ledger.Sums) -> list[Json]:
    return [
        {"amount": sum(by_source.values()), "currency": currency, "source_types": {"card": 0} | by_source}
        for currency, by_source in sorted((sums or {"usd": {}}).items())
    ]
