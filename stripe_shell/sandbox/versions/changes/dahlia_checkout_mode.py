"""2026-03-25.dahlia: other names for the ways in which Checkout is shown."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange

#: The values of today, and those of before.
_MODES = {"hosted_page": "hosted", "embedded_page": "embedded", "elements": "custom"}
_BEFORE = {old: new for new, old in _MODES.items()}


class CheckoutMode(VersionChange):
    """A Checkout Session's `ui_mode` is `hosted`, `embedded` or `custom` (entry D1).

    Page: updates-available-checkout-session-ui-modes. `form` has no older name and stays.
    """

    version = "2026-03-25.dahlia"
    certainty = "A"
    kinds = ("checkout.session",)
    operations = ("create checkout.session",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Renames the value."""
        if "ui_mode" in params:
            params["ui_mode"] = _BEFORE.get(params["ui_mode"], params["ui_mode"])

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Renames the value."""
        obj["ui_mode"] = _MODES.get(obj.get("ui_mode") or "", obj.get("ui_mode"))
