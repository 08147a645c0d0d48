"""2025-09-30.clover: parameters and members that were removed, of which the older table knows."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class PhaseIterations(VersionChange):
    """A schedule's phase takes `iterations`, how often its first price is billed (entry C4).

    Page: remove-iterations. The sandbox takes it in every version.
    """

    version = "2025-09-30.clover"
    certainty = "A"
    accepted = ("phases[].iterations",)


class RemovedParameters(VersionChange):
    """The update of a PaymentMethod takes `link` and `pay_by_bank`, payouts may fall on a weekend (entry C7)."""

    version = "2025-09-30.clover"
    certainty = "A"
    accepted = ("link", "pay_by_bank", "weekly_payout_days")


class CurrencyConversion(VersionChange):
    """A Checkout Session has `currency_conversion` (entry C6), null in the sandbox, which converts nothing."""

    version = "2025-09-30.clover"
    certainty = "B"
    kinds = ("checkout.session",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member, null."""
        obj.setdefault("currency_conversion", None)


class AccountSessionReports(VersionChange):
    """An account session has the components `balance_report` and `payout_reconciliation_report` (entry C7)."""

    version = "2025-09-30.clover"
    certainty = "A"
    kinds = ("account_session",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the components, disabled."""
        for name in ("balance_report", "payout_reconciliation_report"):
            obj["components"].setdefault(name, {"enabled": False, "features": {}})
