"""Tax rates: a percentage added to a price or included in it."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

_MOST_DECIMALS = 4


class TaxRate(Resource):
    """`/v1/tax_rates`. `percentage` and `inclusive` are immutable. Rates cannot be deleted."""

    object = "tax_rate"
    noun = "tax rate"
    id_param = "tax_rate"
    defaults: ClassVar = {"rate_type": "percentage"}

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for a percentage below 0, above 100, or with more than four decimal places."""
        percentage = Decimal(str(params["percentage"]))
        if not 0 <= percentage <= 100:
            raise errors.invalid("The percentage must be between 0 and 100.", param="percentage")
        exponent = percentage.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > _MOST_DECIMALS:
            raise errors.invalid("The percentage can have up to 4 decimal places.", param="percentage")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets `effective_percentage`, which equals `percentage` without Stripe Tax."""
        obj["effective_percentage"] = obj["percentage"]
