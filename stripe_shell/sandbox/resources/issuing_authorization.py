"""Issuing authorizations: purchases with issued cards, approved or declined at once and captured later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import issuing


class IssuingAuthorization(Resource):
    """`/v1/issuing/authorizations`. The test helpers simulate the merchant."""

    object = "issuing.authorization"
    event_prefix = "issuing_authorization"
    indexed = ("card", "cardholder", "status")
    defaults: ClassVar = {"balance_transactions": [], "transactions": [], "status": "pending"}

    @action("test_helpers.issuing.authorization.create")
    def create_in_test(self, ctx: Context, params: Json) -> Json:
        """Simulates a purchase with an issued card. Returns the decided authorization."""
        card = ctx.get("issuing.card", params["card"], param="card")
        amount = int(params.get("amount") or params.get("merchant_amount") or 0)
        return self._ask(ctx, card, amount, params)

    @action("issuing.authorization.create_test")
    def create_below_card(self, ctx: Context, params: Json) -> Json:
        """Does the same with `held_amount` and `held_currency`, the parameters of Stripe's command-line tool."""
        card = ctx.get("issuing.card", ctx.path["card"], status=404)
        try:
            amount = int(params.get("held_amount") or 0)
        except (TypeError, ValueError):
            raise errors.invalid_integer("held_amount", params["held_amount"]) from None
        members = {"authorization_method": params.get("authorization_method"), "currency": params.get("held_currency")}
        return self._ask(ctx, card, amount, {name: value for name, value in members.items() if value})

    @action
    def approve(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Raises StripeError: the sandbox decides every authorization when it is created."""
        raise _answered(obj)

    @action
    def decline(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Raises StripeError: the sandbox decides every authorization when it is created."""
        raise _answered(obj)

    @action("test_helpers.issuing.authorization.capture")
    def capture(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Captures the authorized or a given amount. Closes the authorization unless `close_authorization` is false."""
        self._check_pending(obj, "captured")
        amount: int = params["capture_amount"] if "capture_amount" in params else obj["amount"]
        issuing.check_purchase_amount(amount, "capture_amount")
        card = ctx.get("issuing.card", obj["card"]["id"])
        obj["transactions"].append(issuing.create_transaction(ctx, card, -amount, "capture", params, authorization=obj))
        if params.get("close_authorization", True):
            obj["status"] = "closed"
        return self._updated(ctx, obj)

    @action("test_helpers.issuing.authorization.increment")
    def increment(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Increases the authorized amount by `increment_amount`."""
        self._check_pending(obj, "incremented")
        return self._change(ctx, obj, obj["amount"] + params["increment_amount"])

    @action("test_helpers.issuing.authorization.finalize_amount")
    def finalize_amount(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Sets the final amount, as fuel dispensers do."""
        self._check_pending(obj, "finalized")
        return self._change(ctx, obj, params["final_amount"])

    @action("test_helpers.issuing.authorization.reverse")
    def reverse(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Reverses the authorized amount or `reverse_amount`. Raises StripeError for more than was authorized."""
        self._check_pending(obj, "reversed")
        amount = params.get("reverse_amount", obj["amount"])
        if amount > obj["amount"]:
            raise errors.invalid("You cannot reverse more than was authorized.", param="reverse_amount")
        if amount == obj["amount"]:
            obj["status"] = "reversed"
        return self._change(ctx, obj, obj["amount"] - amount)

    @action("test_helpers.issuing.authorization.expire")
    def expire(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Expires a pending authorization."""
        self._check_pending(obj, "expired")
        obj["status"] = "expired"
        return self._updated(ctx, obj)

    @action("test_helpers.issuing.authorization.respond")
    def respond(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Records the cardholder's answer to a fraud challenge. Raises StripeError without a challenge."""
        if not obj["fraud_challenges"]:
            raise errors.invalid("This authorization has no fraud challenge.")
        obj["fraud_challenges"][0]["status"] = "verified" if params["confirmed"] else "rejected"
        return self._updated(ctx, obj)

    def _ask(self, ctx: Context, card: Json, amount: int, params: Mapping[str, Any]) -> Json:
        """Creates and decides an authorization. Emits `issuing_authorization.request`, if approved, and `.created`."""
        issuing.check_purchase_amount(amount, "amount")
        merchant = issuing.merchant_of(params)
        currency = params.get("currency") or card["currency"]
        authorization = self.new(
            ctx,
            {
                "amount": amount,
                "amount_details": {"atm_fee": None, "cashback_amount": 0},
                "authorization_method": params.get("authorization_method") or "online",
                "card": card,
                "cardholder": card["cardholder"]["id"],
                "currency": currency,
                "merchant_amount": params.get("merchant_amount", amount),
                "merchant_currency": params.get("merchant_currency") or currency,
                "merchant_data": merchant,
                "wallet": params.get("wallet"),
            },
        )
        self.echo(
            authorization, {name: params[name] for name in ("network_data", "verification_data") if params.get(name)}
        )
        approved, reason = issuing.authorize(ctx, card, amount, merchant)
        ctx.insert(authorization)
        if approved:
            asked = {"pending_request": self._request(ctx, authorization, params)}
            ctx.emit("issuing_authorization.request", {**authorization, **asked})
        authorization |= {"approved": approved, "pending_request": None, "status": "pending" if approved else "closed"}
        authorization["request_history"] = [_decision(ctx, authorization, reason)]
        ctx.save(authorization)
        ctx.emit("issuing_authorization.created", authorization)
        return authorization

    def _request(self, ctx: Context, obj: Json, params: Mapping[str, Any]) -> Json:
        return {
            "amount": obj["amount"],
            "amount_details": obj["amount_details"],
            "currency": obj["currency"],
            "is_amount_controllable": bool(params.get("is_amount_controllable")),
            "merchant_amount": obj["merchant_amount"],
            "merchant_currency": obj["merchant_currency"],
            "network_risk_score": None,
        }

    def _change(self, ctx: Context, obj: Json, amount: int) -> Json:
        issuing.check_purchase_amount(amount, "amount")
        obj |= {"amount": amount, "merchant_amount": amount}
        obj["request_history"].append(_decision(ctx, obj, "card_active"))
        return self._updated(ctx, obj)

    def _updated(self, ctx: Context, obj: Json) -> Json:
        ctx.emit("issuing_authorization.updated", obj, ctx.save(obj))
        return obj

    def _check_pending(self, obj: Json, done: str) -> None:
        if obj["status"] != "pending":
            raise errors.invalid(f"This authorization cannot be {done} because it has a status of {obj['status']}.")
        if not obj["approved"]:
            raise errors.invalid(f"This authorization cannot be {done} because it was not approved.")


def _decision(ctx: Context, obj: Json, reason: str) -> Json:
    return {
        "amount": obj["amount"],
        "amount_details": obj["amount_details"],
        "approved": obj["approved"],
        "authorization_code": ctx.ids.text(6, "0123456789"),
        "created": ctx.now(),
        "currency": obj["currency"],
        "merchant_amount": obj["merchant_amount"],
        "merchant_currency": obj["merchant_currency"],
        "network_risk_score": None,
        "reason": reason,
        "reason_message": None,
        "requested_at": ctx.now(),
    }


def _answered(obj: Json) -> errors.StripeError:
    return errors.invalid(
        f"Authorization {obj['id']} can no longer be answered: here every purchase is answered at once, by the state "
        "of the card and its spending controls."
    )
