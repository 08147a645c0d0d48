"""2026-09-30.endive: requests name payment methods and billing cycle anchors in other words."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.versions.change import Json, VersionChange


class WritablePaymentMethodTypes(VersionChange):
    """`payment_method_types` of PaymentIntents, SetupIntents and Checkout Sessions is a parameter (entry E1).

    Pages: removes-the-payment-method-types-parameter-from-payment-intents-and-setup-intents and
    remove-payment-method-types-checkout-sessions. It is an explicit restriction of the methods; the member of that name
    stays. Endive and later versions refuse it, in words that are assumed; the code is that of the page for intents, and
    assumed for sessions. Where nobody chose the version it is taken, since scripts in the field have it.
    """

    version = "2026-09-30.endive"
    certainty = "A"
    accepted = ("payment_method_types",)
    refused = (
        "create payment_intent",
        "update payment_intent",
        "confirm payment_intent",
        "create setup_intent",
        "update setup_intent",
        "create checkout.session",
    )

    def refuse_request(self, operation: str, params: Json) -> None:
        """Raises StripeError for the parameter."""
        if "payment_method_types" in params:
            raise errors.mistake(
                "The parameter `payment_method_types` is no longer supported on this API version. Use "
                "`allowed_payment_method_types` or `excluded_payment_method_types`, or manage payment methods in the "
                "Dashboard.",
                "payment_method_types_no_longer_supported",
                "payment_method_types",
            )


class AnchorAsWord(VersionChange):
    """`billing_cycle_anchor` of a subscription's update and resume, and of a preview, is a word or a time (entry E2).

    Page: polymorphic-billing-cycle-anchor. The sandbox takes both forms in every version.
    """

    version = "2026-09-30.endive"
    certainty = "A"
    accepted = ("billing_cycle_anchor",)


class PaytoOfPaymentMethod(VersionChange):
    """The update of a PaymentMethod takes `payto` (entry E9), which the older table has."""

    version = "2026-09-30.endive"
    certainty = "A"
    accepted = ("payto",)
