"""2025-03-31.basil: values and parameters that issuing, persons and payment methods have beside today's."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class ExpiredAuthorization(VersionChange):
    """An issuing authorization is never `expired` (entry B20); that it is `closed` instead is certainty C."""

    version = "2025-03-31.basil"
    certainty = "C"
    kinds = ("issuing.authorization",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Says `closed`."""
        if obj.get("status") == "expired":
            obj["status"] = "closed"


class NaverPayOfPaymentMethod(VersionChange):
    """The update of a PaymentMethod takes `naver_pay` (entry B17), and a person any political exposure (B16)."""

    version = "2025-03-31.basil"
    certainty = "A"
    accepted = ("naver_pay", "political_exposure")


class ClosedReview(VersionChange):
    """A review of a payment that was canceled is closed as `refunded` (entry B12).

    Page: remove-refund-from-partial-capture-and-payment-cancellation-flow.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("review",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Says `refunded`."""
        for name in ("closed_reason", "reason"):
            if obj.get(name) == "canceled":
                obj[name] = "refunded"
