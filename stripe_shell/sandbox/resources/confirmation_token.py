"""Confirmation tokens: a payment method and other data collected for one confirmation of an intent."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import ConfirmationTokenPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import intent_rules, payment_methods
from stripe_shell.spec.model import Operation

#: Lifetime of a token, in seconds.
LIVES: Final = 12 * 3600

_NOT_PREVIEWED: Final = ("id", "object", "created", "livemode", "metadata")


class ConfirmationToken(Resource):
    """`POST /v1/test_helpers/confirmation_tokens` and `GET /v1/confirmation_tokens/{token}`."""

    object = "confirmation_token"
    unechoed = ("payment_method_options",)

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Removes from `params` and returns the card in `payment_method_data`, which the OpenAPI description lacks."""
        return super().take_legacy(operation, params) | intent_rules.take_card_data(params)

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a token from `payment_method` or `payment_method_data`."""
        if params.get("payment_method"):
            method = ctx.get("payment_method", params["payment_method"], param="payment_method")
        elif params.get("payment_method_data"):
            method = payment_methods.from_params(ctx, intent_rules.method_data(params), "payment_method_data")
            ctx.insert(method)
        else:
            raise errors.missing_parameter("payment_method_data")
        token = self.new(ctx)
        self.echo(token, params)
        preview = {
            name: value
            for name, value in payment_methods.copy_object(ctx, method).items()
            if name not in _NOT_PREVIEWED
        }
        token |= {"expires_at": ctx.now() + LIVES, "payment_method_preview": preview}
        ctx.private(token, ConfirmationTokenPrivate)["payment_method"] = method["id"]
        ctx.insert(token)
        return token
