"""Identity verification sessions."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import Transition, action
from stripe_shell.sandbox.objects.resource import Resource


class VerificationSession(Resource):
    """`/v1/identity/verification_sessions`."""

    object = "identity.verification_session"
    indexed = ("status",)
    transitions: ClassVar = {"cancel": Transition("canceled", ("requires_input",))}

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets client secret, URL and type."""
        obj["client_secret"] = f"{obj['id']}_secret_{ctx.ids.text(24)}"
        obj["url"] = f"https://verify.stripe.com/start/test_{ctx.ids.text(32)}"
        if params.get("verification_flow"):
            obj["type"] = "verification_flow"

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for anything but metadata unless the session requires input."""
        if obj["status"] != "requires_input" and set(params) - {"metadata"}:
            raise errors.invalid(f"You cannot update a verification session with status `{obj['status']}`.")

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels the session; a canceled one is returned unchanged."""
        if obj["status"] != "canceled":
            obj |= {"client_secret": None, "url": None}
            self.transition(ctx, obj, "cancel", self.transitions["cancel"])
        return obj

    @action
    def redact(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Redacts the collected data at once; Stripe does so asynchronously."""
        if obj["status"] == "processing":
            raise errors.invalid("You cannot redact a verification session while it is processing.")
        obj |= {
            "client_secret": None,
            "last_verification_report": None,
            "metadata": {},
            "provided_details": None,
            "redaction": {"status": "redacted"},
            "url": None,
            "verified_outputs": None,
        }
        if obj["status"] == "requires_input":
            obj["status"] = "canceled"
        ctx.save(obj)
        ctx.emit("identity.verification_session.redacted", obj)
        return obj
