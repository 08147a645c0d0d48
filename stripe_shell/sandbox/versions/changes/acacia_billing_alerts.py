"""2024-09-30.acacia: billing alerts tell their threshold in one member."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class AlertThreshold(VersionChange):
    """A billing alert has `filter` and `usage_threshold_config` for today's `usage_threshold` (entry A1)."""

    version = "2024-09-30.acacia"
    certainty = "A"
    kinds = ("billing.alert",)
    operations = ("create billing.alert",)
    names = (("usage_threshold", "usage_threshold_config"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Puts both parameters together."""
        threshold = params.pop("usage_threshold_config", None)
        customer = (params.pop("filter", None) or {}).get("customer")
        if threshold is not None:
            params["usage_threshold"] = threshold
            if customer:
                threshold["filters"] = [{"type": "customer", "customer": customer}]

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Takes both members apart."""
        threshold = dict(obj.pop("usage_threshold", None) or {})
        filters = threshold.pop("filters", None) or []
        obj["filter"] = {"customer": filters[0].get("customer")} if filters else None
        obj["usage_threshold_config"] = threshold or None
