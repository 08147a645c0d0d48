"""Credit grants: billing credits of a customer, granted, ended early or voided."""

from __future__ import annotations

from typing import ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource

#: The priority of a grant that names none (docs.stripe.com/api/billing/credit-grant/create).
_PRIORITY: Final = 50


class CreditGrant(Resource):
    """`/v1/billing/credit_grants`. Credits are kept, and pay no invoice."""

    object = "billing.credit_grant"
    defaults: ClassVar = {"priority": _PRIORITY}

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: it is effective at once unless it is said otherwise. Raises StripeError for an end before."""
        obj["effective_at"] = params.get("effective_at") or ctx.now()
        if obj["expires_at"] is not None and obj["expires_at"] <= obj["effective_at"]:
            raise errors.invalid("`expires_at` must be later than `effective_at`.", param="expires_at")

    @action
    def expire(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Ends the grant now."""
        return self._end(ctx, obj, "expires_at")

    @action
    def void_grant(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Voids the grant now."""
        return self._end(ctx, obj, "voided_at")

    def _end(self, ctx: Context, obj: Json, member: str) -> Json:
        if obj["voided_at"] is not None or (obj["expires_at"] is not None and obj["expires_at"] <= ctx.now()):
            state = "voided" if obj["voided_at"] is not None else "expired"
            raise errors.invalid(f"This credit grant is already {state}.")
        obj |= {member: ctx.now(), "updated": ctx.now()}
        ctx.emit("billing.credit_grant.updated", obj, ctx.save(obj))
        return obj
