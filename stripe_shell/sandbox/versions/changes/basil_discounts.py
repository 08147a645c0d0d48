"""2025-03-31.basil: subscriptions and invoices lost the single `discount` beside `discounts`."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class SingleDiscount(VersionChange):
    """A subscription and an invoice have `discount`, the whole object.

    It is null when several discounts apply (certainty C: "not populated" then).
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("subscription", "invoice")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member."""
        ids = obj.get("discounts") or []
        sole = ids[0] if len(ids) == 1 else None
        obj["discount"] = ctx.presented(["discount"], sole) if isinstance(sole, str) else sole
