"""2025-03-31.basil: Checkout makes the subscription once the session is paid."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Answer, Context
from stripe_shell.sandbox.objects.private_fields import CheckoutSessionPrivate
from stripe_shell.sandbox.versions.change import VersionChange


class SubscriptionAtAttempt(VersionChange):
    """A session makes its subscription with the first attempt to pay, and keeps it, incomplete, when that fails.

    Entry B11, page: checkout-legacy-subscription-upgrade. The version that created the session decides.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    unseen = True
    operations = ("create checkout.session",)

    def answer(self, ctx: Context, operation: str, found: Answer) -> Answer:
        """Notes in the session how it subscribes."""
        if isinstance(found, dict) and found["mode"] == "subscription":
            ctx.private(found, CheckoutSessionPrivate)["subscribes_at_attempt"] = True
            ctx.save(found)
        return found
