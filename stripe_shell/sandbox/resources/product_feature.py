"""Features of products: what a product entitles its buyers to."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class ProductFeature(Resource):
    """`/v1/products/{product}/features`."""

    object = "product_feature"
    unechoed = ("entitlement_feature",)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: shows the feature. Raises StripeError for an unknown one."""
        obj["entitlement_feature"] = dict(
            ctx.get("entitlements.feature", params["entitlement_feature"], param="entitlement_feature")
        )
