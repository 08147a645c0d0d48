"""Balance transactions: every change of the account's balance, entered by payments/ledger.py."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListFilters
from stripe_shell.sandbox.objects.resource import Resource

_CREATED = re.compile(r'"created":(\d+)')
_AVAILABLE_ON = re.compile(r'"available_on":(\d+)')

#: Types whose ids have the `3` of payment ids after the prefix.
_OF_PAYMENTS = ("charge", "payment", "refund", "payment_refund")


class BalanceTransaction(Resource):
    """`/v1/balance_transactions`, and the legacy `/v1/balance/history`."""

    object = "balance_transaction"
    noun = "balance transaction"
    defaults: ClassVar = {"balance_type": "payments"}
    indexed = ("source", "type")

    def new(self, ctx: Context, members: Mapping[str, Any] | None = None) -> Json:
        """Returns a new row. Rows of payments and refunds get an id of that format, unless `members` has an id."""
        row = super().new(ctx, members)
        if row["type"] in _OF_PAYMENTS and "id" not in (members or {}):
            row["id"] = ctx.ids.new("txn", ctx.now(), ctx.account, "3")
        return row

    def present(self, ctx: Context, obj: Json) -> Json:
        """Mutates `obj`: sets `status` to `available` once `available_on` has passed. Rows without a delay are kept."""
        if obj["created"] < obj["available_on"] and ctx.has_passed(obj["available_on"]):
            obj["status"] = "available"
        return obj

    def present_text(self, ctx: Context, text: str) -> str | None:
        """Returns the text with the status that `present` sets; quotes in a description are escaped, and not found."""
        created, available_on = _CREATED.search(text), _AVAILABLE_ON.search(text)
        if created is None or available_on is None:
            return None
        passed = int(created[1]) < int(available_on[1]) <= ctx.now()
        return text.replace('"status":"pending"', '"status":"available"') if passed else text

    def filter_source(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by the object that caused the row. Stripe finds none for a dispute."""
        filters.nothing = value.startswith(("du_", "dp_"))
        filters.add_link("source", value)

    def filter_payout(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by payout: the payout's own row alone, as payouts in the sandbox are manual."""
        ctx.get("payout", value, param="payout")
        filters.add_link("source", value)
