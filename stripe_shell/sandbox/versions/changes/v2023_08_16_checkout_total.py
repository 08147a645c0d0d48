"""2023-08-16: a Checkout Session may cost nothing."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import format_amount, minimum
from stripe_shell.sandbox.objects.context import Answer, Context
from stripe_shell.sandbox.versions.change import VersionChange


class SessionTotal(VersionChange):
    """A Checkout Session in `payment` mode costs at least the minimum of its currency (entry P2).

    That a total of 0 is refused like any other below the minimum is certainty C.
    """

    version = "2023-08-16"
    certainty = "C"
    unseen = True
    operations = ("create checkout.session",)

    def answer(self, ctx: Context, operation: str, found: Answer) -> Answer:
        """Raises StripeError, which takes the session back, for a total of 0."""
        if isinstance(found, dict) and found["mode"] == "payment" and not found["amount_total"]:
            least = format_amount(minimum(found["currency"]), found["currency"])
            raise errors.invalid(
                f"The Checkout Session's total amount due must add up to at least {least}", code="amount_too_small"
            )
        return found
