"""Issuing cards, physical or virtual, and the shipping of physical ones."""

from __future__ import annotations

from typing import ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.private_fields import IssuingCardPrivate
from stripe_shell.sandbox.objects.resource import Resource

_YEAR: Final = 31_556_952
_DIGITS: Final = "0123456789"


class IssuingCard(Resource):
    """`/v1/issuing/cards`. Number and CVC are shown only when expanded."""

    object = "issuing.card"
    event_prefix = "issuing_card"
    indexed = ("cardholder", "last4", "status", "type")
    expand_only = ("cvc", "number")
    references: ClassVar = {"cardholder": "issuing.cardholder", "replacement_for": "issuing.card"}
    unechoed = ("cardholder", "pin", "shipping")
    defaults: ClassVar = {
        "brand": "Visa",
        "spending_controls": {
            "allowed_card_presences": None,
            "allowed_categories": None,
            "allowed_merchant_countries": None,
            "blocked_card_presences": None,
            "blocked_categories": None,
            "blocked_merchant_countries": None,
            "spending_limits": [],
            "spending_limits_currency": None,
        },
        "status": "inactive",
    }

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError without a cardholder or a card to replace, or without a reason for the replacement."""
        if not params.get("cardholder") and not params.get("replacement_for"):
            raise errors.missing_parameter("cardholder")
        if bool(params.get("replacement_for")) != bool(params.get("replacement_reason")):
            raise errors.invalid("`replacement_for` and `replacement_reason` belong together.", param="replacement_for")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets cardholder, number, CVC, expiry and shipping. Saves the replaced card."""
        old = ctx.get("issuing.card", params["replacement_for"]) if params.get("replacement_for") else None
        holder = params.get("cardholder") or (old or {})["cardholder"]["id"]
        obj["cardholder"] = ctx.get("issuing.cardholder", holder, param="cardholder")
        number = f"400009{ctx.ids.text(10, _DIGITS)}"
        hidden = ctx.private(obj, IssuingCardPrivate)
        hidden |= {"number": number, "cvc": ctx.ids.text(3, _DIGITS)}
        obj["last4"] = number[-4:]
        obj["exp_month"] = params.get("exp_month") or 12
        obj["exp_year"] = params.get("exp_year") or 1970 + ctx.now() // _YEAR + 3
        if obj["type"] == "physical":
            self._ship(ctx, obj, params)
        if old is not None:
            old["replaced_by"] = obj["id"]
            ctx.emit("issuing_card.updated", old, ctx.save(old))

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for anything but metadata on a canceled card."""
        if obj["status"] == "canceled" and set(params) - {"metadata"}:
            raise errors.invalid("You cannot update a canceled card.")

    def present(self, ctx: Context, obj: Json) -> Json:
        """Mutates `obj`: sets the cardholder as it is now."""
        holder = ctx.find("issuing.cardholder", (obj.get("cardholder") or {}).get("id"))
        if holder is not None:
            obj["cardholder"] = holder
        return obj

    @action("test_helpers.issuing.card.submit_card")
    def submit(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Sets the shipping status to `submitted`. Saves the card."""
        return self._move(ctx, obj, "submitted", ("pending",))

    @action("test_helpers.issuing.card.ship_card")
    def ship(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Sets the shipping status to `shipped`, with carrier and tracking number. Saves the card."""
        return self._move(ctx, obj, "shipped", ("pending", "submitted"))

    @action("test_helpers.issuing.card.deliver_card")
    def deliver(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Sets the shipping status to `delivered`. Saves the card."""
        return self._move(ctx, obj, "delivered", ("shipped",))

    @action("test_helpers.issuing.card.return_card")
    def give_back(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Sets the shipping status to `returned`. Saves the card."""
        return self._move(ctx, obj, "returned", ("shipped",))

    @action("test_helpers.issuing.card.fail_card")
    def fail(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Sets the shipping status to `failure`. Saves the card."""
        return self._move(ctx, obj, "failure", ("shipped", "submitted"))

    def _ship(self, ctx: Context, obj: Json, params: Json) -> None:
        given = params.get("shipping") or {}
        billing = obj["cardholder"]["billing"]["address"]
        obj["shipping"] = {
            "address": {**dict.fromkeys(billing), **(given.get("address") or billing)},
            "address_validation": None,
            "carrier": None,
            "customs": None,
            "eta": ctx.now() + 7 * 86_400,
            "name": given.get("name") or obj["cardholder"]["name"],
            "phone_number": given.get("phone_number"),
            "require_signature": given.get("require_signature"),
            "service": given.get("service") or "standard",
            "status": "pending",
            "tracking_number": None,
            "tracking_url": None,
            "type": given.get("type") or "individual",
        }

    def _move(self, ctx: Context, obj: Json, status: str, before: tuple[str, ...]) -> Json:
        if not obj["shipping"]:
            raise errors.invalid("This card is virtual; it is not shipped.")
        if obj["shipping"]["status"] not in before:
            raise errors.invalid(
                f"The shipping of this card is `{obj['shipping']['status']}`; it must be {errors.one_of(before)}."
            )
        obj["shipping"]["status"] = status
        if status == "shipped":
            obj["shipping"] |= {"carrier": "usps", "tracking_number": ctx.ids.text(12, _DIGITS)}
        ctx.emit("issuing_card.updated", obj, ctx.save(obj))
        return obj
