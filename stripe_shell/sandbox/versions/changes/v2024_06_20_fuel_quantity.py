"""2024-06-20: the fuel of a purchase has a quantity."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class FuelVolume(VersionChange):
    """The fuel of an issuing transaction has `volume_decimal` for today's `quantity_decimal` (entry J1)."""

    version = "2024-06-20"
    certainty = "A"
    kinds = ("issuing.transaction",)
    operations = (
        "capture test_helpers.issuing.authorization",
        "create_force_capture test_helpers.issuing.transaction",
        "create_unlinked_refund test_helpers.issuing.transaction",
    )

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Renames the parameter."""
        fuel = (params.get("purchase_details") or {}).get("fuel")
        if fuel and "volume_decimal" in fuel:
            fuel["quantity_decimal"] = fuel.pop("volume_decimal")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Renames the member."""
        fuel = (obj.get("purchase_details") or {}).get("fuel")
        if fuel:
            fuel["volume_decimal"] = fuel.pop("quantity_decimal", None)
