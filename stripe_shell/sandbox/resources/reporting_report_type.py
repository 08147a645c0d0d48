"""Report types."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.resource import Resource

#: Names of the report types by id; the last part of an id is the version.
_NAMES: Final = {
    "activity.itemized.2": "Itemized activity",
    "activity.summary.1": "Activity summary",
    "balance.summary.1": "Balance summary",
    "balance_change_from_activity.itemized.3": "Itemized balance change from activity",
    "balance_change_from_activity.summary.1": "Balance change from activity summary",
    "connected_account_balance_change_from_activity.itemized.3": "Itemized balance change of connected accounts",
    "connected_account_ending_balance_reconciliation.itemized.4": "Itemized ending balances of connected accounts",
    "connected_account_payouts.itemized.3": "Itemized payouts of connected accounts",
    "ending_balance_reconciliation.itemized.4": "Itemized ending balance",
    "ending_balance_reconciliation.summary.1": "Ending balance summary",
    "payout_reconciliation.by_id.itemized.4": "Itemized reconciliation of one payout",
    "payout_reconciliation.itemized.5": "Itemized payout reconciliation",
    "payout_reconciliation.summary.1": "Payout reconciliation summary",
    "payouts.itemized.3": "Itemized payouts",
    "payouts.summary.1": "Payouts summary",
    "tax.transactions.itemized.2": "Itemized tax transactions",
}
_COLUMNS: Final = ["balance_transaction_id", "created", "currency", "gross", "fee", "net", "reporting_category"]
_DAY: Final = 86_400


class ReportType(Resource):
    """`/v1/reporting/report_types`."""

    object = "reporting.report_type"

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the report type with this id, or None."""
        return self._report_type(ctx, key) if key in _NAMES else ctx.find(self.kind, key)

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns all report types on one page, sorted by id."""
        return pages.page_of(ctx, [self._report_type(ctx, name) for name in sorted(_NAMES)], {"limit": 100})

    def _report_type(self, ctx: Context, name: str) -> Json:
        midnight = ctx.now() // _DAY * _DAY
        return self.new(
            ctx,
            {
                "id": name,
                "data_available_end": midnight,
                "data_available_start": midnight - 365 * _DAY,
                "default_columns": list(_COLUMNS),
                "name": _NAMES[name],
                "updated": midnight,
                "version": int(name.rpartition(".")[2]),
            },
        )
