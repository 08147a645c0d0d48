"""2025-03-31.basil: what Checkout tells of shipping moved."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class ShippingDetails(VersionChange):
    """A Checkout Session has `shipping_details` beside `collected_information` (entry B11)."""

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("checkout.session",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Copies the member up."""
        shown = (obj.get("collected_information") or {}).get("shipping_details")
        obj["shipping_details"] = shown and {"carrier": None, "phone": None, "tracking_number": None, **shown}
