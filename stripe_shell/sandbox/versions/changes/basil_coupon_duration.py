"""2025-03-31.basil: a coupon of an amount ends."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.versions.change import Json, VersionChange


class ForeverAmountOff(VersionChange):
    """A coupon of an amount may be for ever (entry B14).

    Page: restrict-coupon-duration. Newer versions refuse to create one, in words that are assumed; that they also
    refuse to apply one is not served.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    unseen = True
    accepted = ("duration",)
    refused = ("create coupon",)

    def refuse_request(self, operation: str, params: Json) -> None:
        """Raises StripeError for an amount without an end."""
        if params.get("amount_off") and params.get("duration") == "forever":
            raise errors.mistake(
                "Coupons with `amount_off` cannot have a `duration` of `forever`. Use `once` or `repeating`, or "
                "`percent_off`.",
                None,
                "duration",
            )
