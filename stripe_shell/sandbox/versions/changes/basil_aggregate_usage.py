"""2025-03-31.basil: prices lost `recurring.aggregate_usage`, and plans `aggregate_usage`."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class AggregateUsage(VersionChange):
    """Prices and plans say how usage records are aggregated: null where a meter counts."""

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("price", "plan")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member."""
        holder = obj.get("recurring") if obj["object"] == "price" else obj
        if holder is not None:
            holder.setdefault("aggregate_usage", None)
