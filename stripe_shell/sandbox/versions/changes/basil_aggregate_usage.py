"""2025-03-31.basil: prices lost `recurring.aggregate_usage`, and plans `aggregate_usage`."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.private_fields import PricePrivate
from stripe_shell.sandbox.versions.change import Json, VersionChange


class AggregateUsage(VersionChange):
    """Prices and plans say how usage records are aggregated: null where a meter counts (entry B10).

    Their parameters say it, too; metered prices need no meter. Usage records are in
    billing/subscriptions/usage_records.py.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("price", "plan")
    operations = ("create price", "create plan")
    names = (("recurring[meter]", "recurring[aggregate_usage]"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Says how a metered price without a meter aggregates: `sum` by default."""
        recurring = params if operation == "create plan" else params.get("recurring") or {}
        aggregate = recurring.pop("aggregate_usage", None)
        if recurring.get("usage_type") == "metered" and not recurring.get("meter"):
            params["aggregate_usage"] = aggregate or "sum"

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member."""
        holder = obj.get("recurring") if obj["object"] == "price" else obj
        if holder is not None:
            price = ctx.find("price", obj["id"])
            aggregate = ctx.private(price, PricePrivate).get("aggregate_usage") if price is not None else None
            holder["aggregate_usage"] = aggregate
