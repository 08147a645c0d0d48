"""2022-11-15: PaymentIntents and charges no longer include what belongs to them."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange

_SHOWN = 10


class ChargesOfIntent(VersionChange):
    """A PaymentIntent has `charges`, a list of whole objects, for today's `latest_charge` (entry N1).

    Page: removes-charges-attribute-on-paymentintents. That the list has `total_count` is certainty C.
    """

    version = "2022-11-15"
    certainty = "A"
    kinds = ("payment_intent",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Lists the charges, newest first."""
        obj.pop("latest_charge", None)
        found = ctx.all("charge", payment_intent=obj["id"])
        obj["charges"] = {
            "object": "list",
            "data": [ctx.presented(["charge"], charge["id"]) for charge in found[:_SHOWN]],
            "has_more": len(found) > _SHOWN,
            "total_count": len(found),
            "url": f"/v1/charges?payment_intent={obj['id']}",
        }


class RefundsOfCharge(VersionChange):
    """A charge has `refunds`, the newest ten, without being asked (entry N2).

    Page: deprecates-charges-auto-expand-refunds.
    """

    version = "2022-11-15"
    certainty = "A"
    kinds = ("charge",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Lists the refunds."""
        if obj.get("id") and "refunds" not in obj:
            obj["refunds"] = ctx.resource("charge").expand_member(ctx, obj, "refunds")
