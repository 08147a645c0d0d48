"""Issuing cardholders."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class IssuingCardholder(Resource):
    """`/v1/issuing/cardholders`."""

    object = "issuing.cardholder"
    event_prefix = "issuing_cardholder"
    indexed = ("email", "status", "type")
    defaults: ClassVar = {
        "requirements": {"disabled_reason": None, "past_due": []},
        "spending_controls": {
            "allowed_card_presences": None,
            "allowed_categories": [],
            "allowed_merchant_countries": None,
            "blocked_card_presences": None,
            "blocked_categories": [],
            "blocked_merchant_countries": None,
            "spending_limits": [],
            "spending_limits_currency": None,
        },
        "status": "active",
        "type": "individual",
    }

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: the default `type` is `company` when `company` is sent."""
        if params.get("company") and "type" not in params:
            obj["type"] = "company"
