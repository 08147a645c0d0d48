"""2025-06-30.basil: subscriptions tell their billing mode."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class BillingModeShown(VersionChange):
    """Subscriptions, schedules and quotes do not show `billing_mode` (entry C1)."""

    version = "2025-06-30.basil"
    certainty = "B"
    kinds = ("subscription", "subscription_schedule", "quote")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Removes the member."""
        (obj.get("subscription_data") or obj).pop("billing_mode", None)
