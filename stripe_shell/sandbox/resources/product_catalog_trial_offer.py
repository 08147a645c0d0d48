"""Trial offers: introductory prices of subscription items."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.invoices import prices
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class TrialOffer(Resource):
    """`/v1/product_catalog/trial_offers`. Their effect is in billing/subscriptions/trial_offers.py."""

    object = "product_catalog.trial_offer"
    prefix = "to"
    noun = "trial offer"
    defaults: ClassVar = {"active": True}

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for prices that are missing, inactive or not recurring, and for no iterations."""
        after = params["end_behavior"]["transition"]["price"]
        for key, param in ((params["price"], "price"), (after, "end_behavior[transition][price]")):
            prices.check_price(ctx.get("price", key, param=param), param, recurring=True)
        relative = params["duration"].get("relative")
        if not relative:
            raise errors.missing_parameter("duration[relative]")
        if relative["iterations"] < 1:
            raise errors.below_minimum("duration[relative][iterations]", 1)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets what the end of the trial does."""
        obj["end_behavior"] = {"transition": dict(params["end_behavior"]["transition"]), "type": "transition"}
        obj["duration"] = {"relative": dict(params["duration"]["relative"]), "type": "relative"}
