"""2025-09-30.clover: subscriptions are billed flexibly unless the request says otherwise."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class BillingModeDefault(VersionChange):
    """The default `billing_mode` of what makes a subscription is `classic` (entry C1).

    Page: billing-mode-default-flexible. Subscriptions that exist keep their mode.
    """

    version = "2025-09-30.clover"
    certainty = "A"
    unseen = True
    operations = (
        "create subscription",
        "create customer.subscription",
        "create subscription_schedule",
        "create quote",
        "create_preview invoice",
        "create checkout.session",
    )

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Asks for the older default where the request names no mode."""
        if operation == "create checkout.session":
            if params.get("mode") == "subscription":
                params.setdefault("subscription_data", {}).setdefault("billing_mode", {"type": "classic"})
        elif operation == "create quote":
            if not params.get("from_quote"):
                params["subscription_data"] = params.get("subscription_data") or {}
                params["subscription_data"].setdefault("billing_mode", {"type": "classic"})
        elif operation == "create_preview invoice":
            if not (params.get("subscription") or params.get("schedule")):
                for name in ("subscription_details", "schedule_details"):
                    if params.get(name):
                        params[name].setdefault("billing_mode", {"type": "classic"})
        elif not params.get("from_subscription"):
            params.setdefault("billing_mode", {"type": "classic"})
