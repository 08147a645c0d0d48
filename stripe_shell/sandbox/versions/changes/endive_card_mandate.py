"""2026-09-30.endive: the mandate of a card payment became expandable."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class MandateOfCardPayment(VersionChange):
    """`charge.payment_method_details.card.mandate` is an id that cannot be expanded (entry E3)."""

    version = "2026-09-30.endive"
    certainty = "A"
    kinds = ("charge",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Puts the id back."""
        card = (obj.get("payment_method_details") or {}).get("card") or {}
        if isinstance(card.get("mandate"), dict):
            card["mandate"] = card["mandate"]["id"]
