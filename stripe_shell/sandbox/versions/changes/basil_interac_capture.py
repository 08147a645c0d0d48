"""2025-03-31.basil: payments by Interac are captured at once."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.versions.change import Json, VersionChange

_INTERAC = ("interac_present",)


class InteracCapture(VersionChange):
    """A PaymentIntent for `interac_present` alone may be captured by hand (entry B15).

    Page: deprecate-interac-present-manual-capture-method. The words of the refusal are assumed; intents that take
    other methods beside it are captured by those.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    unseen = True
    accepted = ("capture_method",)
    refused = ("create payment_intent", "update payment_intent", "confirm payment_intent")

    def refuse_request(self, operation: str, params: Json) -> None:
        """Raises StripeError for capture by hand."""
        kinds = params.get("payment_method_types") or params.get("allowed_payment_method_types")
        kinds = tuple(kinds.values()) if isinstance(kinds, dict) else tuple(kinds) if isinstance(kinds, list) else ()
        if params.get("capture_method") == "manual" and kinds == _INTERAC:
            raise errors.mistake(
                "The payment method type `interac_present` does not support the capture method `manual`. Use "
                "`automatic` or `automatic_async`.",
                None,
                "capture_method",
            )
