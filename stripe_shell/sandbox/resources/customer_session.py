"""Customer sessions: secrets with which Stripe.js shows a customer's data, for half an hour."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

#: Lifetime of a session, in seconds (docs.stripe.com/api/customer_sessions).
_LIVES: Final = 1800


class CustomerSession(Resource):
    """`POST /v1/customer_sessions`."""

    object = "customer_session"

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets when it expires."""
        obj["expires_at"] = ctx.now() + _LIVES
