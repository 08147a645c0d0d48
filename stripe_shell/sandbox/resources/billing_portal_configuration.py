"""Configurations of the customer portal: the features that customers can use."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class PortalConfiguration(Resource):
    """`/v1/billing_portal/configurations`. The first one created is the default."""

    object = "billing_portal.configuration"

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets `is_default`, true for the first configuration."""
        obj["is_default"] = not ctx.count(self.kind)
        self._settle(ctx, obj)

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for feedback options that are unknown or inactive."""
        _check_options(ctx, params)

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for deactivating the default configuration."""
        if params.get("active") is False and obj["is_default"]:
            raise errors.invalid("You cannot deactivate the default configuration.", param="active")
        _check_options(ctx, params)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets `updated` and the URL of the login page."""
        self._settle(ctx, obj)

    def default(self, ctx: Context) -> Json:
        """Returns the default configuration; creates and stores it on first use."""
        configuration = next(ctx.iterate(self.kind, is_default=True), None)
        if configuration is None:
            configuration = self.new(ctx, {"is_default": True})
            for name in ("invoice_history", "payment_method_update", "subscription_cancel"):
                configuration["features"][name]["enabled"] = True
            ctx.insert(configuration)
        return configuration

    def _settle(self, ctx: Context, obj: Json) -> None:
        obj["updated"] = ctx.now()
        login = obj["login_page"]
        if not login["enabled"]:
            login["url"] = None
        elif not login["url"]:
            login["url"] = f"https://billing.stripe.com/p/login/test_{ctx.ids.text(24)}"


def _check_options(ctx: Context, params: Json) -> None:
    """Raises StripeError for feedback options that cannot be shown; the text is assumed.

    Source: https://docs.stripe.com/api/billing/feedback-option/deactivate
    """
    feature = (params.get("features") or {}).get("subscription_cancel") or {}
    where = "features[subscription_cancel][cancellation_reason][feedback_options]"
    for index, key in enumerate((feature.get("cancellation_reason") or {}).get("feedback_options") or ()):
        option = ctx.get("billing.feedback_option", key, param=f"{where}[{index}]")
        if option["status"] != "active":
            raise errors.invalid(f"The feedback option {key} is inactive.", param=f"{where}[{index}]")
