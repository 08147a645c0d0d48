"""2024-04-10: PaymentIntents are captured asynchronously by default."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class CaptureMethodDefault(VersionChange):
    """The default `capture_method` of a PaymentIntent is `automatic` (entry K1).

    Page: automatic-sync-default-capture-method.
    """

    version = "2024-04-10"
    certainty = "A"
    unseen = True
    operations = ("create payment_intent",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Asks for the older default."""
        params.setdefault("capture_method", "automatic")
