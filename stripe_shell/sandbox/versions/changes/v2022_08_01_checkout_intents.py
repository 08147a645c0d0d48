"""2022-08-01: Checkout makes its PaymentIntent when the customer pays."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class IntentOfSession(VersionChange):
    """A Checkout Session in `payment` mode has a PaymentIntent from the start (entry M3).

    Page: deferred-paymentintent-checkout-session.
    """

    version = "2022-08-01"
    certainty = "A"
    unseen = True
    operations = ("create checkout.session",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Asks for the PaymentIntent."""
        if params.get("mode", "payment") == "payment":
            params["opens_intent"] = True


class SetupIntentOfSession(VersionChange):
    """A Checkout Session in `subscription` mode names the SetupIntent of its subscription (entry M4).

    That this is the subscription's `pending_setup_intent` is certainty C; without a trial there is none.
    """

    version = "2022-08-01"
    certainty = "C"
    kinds = ("checkout.session",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the id."""
        key = obj.get("subscription")
        if obj.get("mode") == "subscription" and isinstance(key, str):
            subscription = ctx.find("subscription", key) or {}
            obj["setup_intent"] = subscription.get("pending_setup_intent")
