"""Feedback options: the account's own reasons to cancel."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource


class FeedbackOption(Resource):
    """`/v1/billing/feedback_options`. Source: https://docs.stripe.com/api/billing/feedback-option."""

    object = "billing.feedback_option"
    prefix = "fo"
    noun = "feedback option"
    defaults: ClassVar = {"status": "active", "status_transitions": {"deactivated_at": None}}

    @action
    def deactivate(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Deactivates the option. Raises StripeError for one that is inactive (the text is assumed)."""
        if obj["status"] == "inactive":
            raise errors.invalid("This feedback option is already inactive.")
        obj |= {"status": "inactive", "status_transitions": {"deactivated_at": ctx.now()}}
        ctx.save(obj)
        return obj
