"""2024-04-10: a product's `features` became `marketing_features`."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class MarketingFeatures(VersionChange):
    """A product has `features`, a list of names, in answers and in requests."""

    version = "2024-04-10"
    certainty = "A"
    kinds = ("product",)
    operations = ("create product", "update product")
    names = (("marketing_features", "features"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Renames the parameter."""
        if "features" in params:
            params["marketing_features"] = params.pop("features")

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Renames the member."""
        if "marketing_features" in obj:
            obj["features"] = obj.pop("marketing_features")
