"""2026-09-30.endive: requests name payment methods and billing cycle anchors in other words."""

from __future__ import annotations

from stripe_shell.sandbox.versions.change import VersionChange


class WritablePaymentMethodTypes(VersionChange):
    """`payment_method_types` of PaymentIntents, SetupIntents and Checkout Sessions is a parameter (entry E1).

    Pages: remove-payment-method-types. Stripe refuses it from endive on. The sandbox takes it in every version, since
    scripts in the field have it, as an explicit restriction of the methods.
    """

    version = "2026-09-30.endive"
    certainty = "A"
    accepted = ("payment_method_types",)


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
