"""Ephemeral keys: short access of a mobile app to a customer, or of Issuing Elements to a card."""

from __future__ import annotations

from typing import ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

#: Lifetime of a key, in seconds.
_LIVES: Final = 3600
#: The parameters that name an object, and its kind.
_OWNERS: Final = {
    "customer": "customer",
    "issuing_card": "issuing.card",
    "verification_session": "identity.verification_session",
}


class EphemeralKey(Resource):
    """`/v1/ephemeral_keys`."""

    object = "ephemeral_key"
    references: ClassVar = {"customer": "customer", "issuing_card": "issuing.card"}

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError without an object that the key gives access to."""
        if not any(params.get(name) for name in (*_OWNERS, "customer_account")):
            raise errors.missing_parameter("customer")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets secret and expiry, and shows what the key gives access to."""
        owned = {name: params[name] for name in _OWNERS if params.get(name)}
        obj |= {
            "associated_objects": [{"id": key, "type": _OWNERS[name]} for name, key in owned.items()],
            "expires": ctx.now() + _LIVES,
            "secret": f"ek_test_{ctx.ids.text(64)}",
        }
