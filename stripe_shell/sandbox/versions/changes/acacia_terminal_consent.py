"""2024-09-30.acacia: a reader that saves a card says how it may be shown again."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class CustomerConsent(VersionChange):
    """`process_setup_intent` takes `customer_consent_collected` for today's `allow_redisplay` (entry A2).

    That consent means `always` is certainty C.
    """

    version = "2024-09-30.acacia"
    certainty = "C"
    operations = ("process_setup_intent terminal.reader",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Says how the card may be shown."""
        params.setdefault("allow_redisplay", "always" if params.pop("customer_consent_collected", None) else "limited")
