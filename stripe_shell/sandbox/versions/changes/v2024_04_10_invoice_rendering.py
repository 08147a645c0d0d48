"""2024-04-10: the options for an invoice's document moved."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class RenderingOptions(VersionChange):
    """An invoice has `rendering_options` with `amount_tax_display`, which `rendering` has today (entry K3)."""

    version = "2024-04-10"
    certainty = "A"
    kinds = ("invoice",)
    operations = ("create invoice", "update invoice")
    names = (("rendering", "rendering_options"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Moves the parameter."""
        if "rendering_options" in params:
            given = params.pop("rendering_options")
            params["rendering"] = {**(params.get("rendering") or {}), **given} if given else ""

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member, null when nothing is set."""
        shown = (obj.get("rendering") or {}).get("amount_tax_display")
        obj["rendering_options"] = {"amount_tax_display": shown} if shown else None
