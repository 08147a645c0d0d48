"""Verification sessions: somebody is asked to prove who they are."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource, Transition, action


class VerificationSession(Resource):
    """`/v1/identity/verification_sessions`."""

    object = "identity.verification_session"
    indexed = ("status",)
    transitions: ClassVar = {"cancel": Transition("canceled", ("requires_input",))}

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Give it a secret and an address."""
        obj["client_secret"] = f"{obj['id']}_secret_{ctx.ids.text(24)}"
        obj["url"] = f"https://verify.stripe.com/start/test_{ctx.ids.text(32)}"
        if params.get("verification_flow"):
            obj["type"] = "verification_flow"

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """What is under way or over does not change."""
        if obj["status"] != "requires_input" and set(params) - {"metadata"}:
            raise errors.invalid(f"You cannot update a verification session with status `{obj['status']}`.")

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Give it up; one that is canceled stays so."""
        if obj["status"] != "canceled":
            obj |= {"client_secret": None, "url": None}
            self.transition(ctx, obj, "cancel", self.transitions["cancel"])
        return obj

    @action
    def redact(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Forget what was collected; here that takes no time."""
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
