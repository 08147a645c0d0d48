"""2023-08-16: intents accept the payment methods that the dashboard enables."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange

_CHOICES = (
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "excluded_payment_method_types",
    "payment_method_configuration",
    "payment_method_types",
)


class CardsByDefault(VersionChange):
    """A PaymentIntent or SetupIntent accepts cards alone unless the request chooses (entry P1).

    Page: automatic-payment-methods.
    """

    version = "2023-08-16"
    certainty = "A"
    unseen = True
    operations = ("create payment_intent", "create setup_intent")

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Chooses cards."""
        if not any(params.get(name) for name in _CHOICES):
            params["payment_method_types"] = ["card"]
