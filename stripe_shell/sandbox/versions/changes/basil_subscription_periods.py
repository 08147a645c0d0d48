"""2025-03-31.basil: billing periods moved from subscriptions to their items."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class SubscriptionPeriods(VersionChange):
    """A subscription has `current_period_start` and `current_period_end`, and its items have not.

    Page: deprecate-subscription-current-period-start-and-end. With items of several intervals the earliest end is
    taken (certainty C); the page tells of one period only.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("subscription", "subscription_item")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Moves the period up."""
        if obj["object"] == "subscription":
            items = obj["items"]["data"]
            obj["current_period_start"] = min((item["current_period_start"] for item in items), default=obj["created"])
            obj["current_period_end"] = min((item["current_period_end"] for item in items), default=obj["created"])
        else:
            obj.pop("current_period_start", None)
            obj.pop("current_period_end", None)
