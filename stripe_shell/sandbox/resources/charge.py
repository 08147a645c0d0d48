"""Charges: captured, updated, and created by the legacy endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import check_charge
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import charges, confirmation, intent_rules, payment_methods, refunds
from stripe_shell.sandbox.payments.accounts import traits
from stripe_shell.sandbox.payments.after_charge import charge_paid
from stripe_shell.sandbox.payments.declines import DECLINES
from stripe_shell.spec.model import Operation

from .card import Card

#: New accounts cannot charge cards without a PaymentIntent.
_END_OF_LIFE: Final = (
    "The Customers and Charges API for cards has reached the end of its life and is not available to your account. "
    "Use the Payment Intents API instead: create a PaymentMethod with the token and confirm a PaymentIntent with it."
)

#: A charge of a disputed test card is answered as it was before: Stripe opens the dispute after the answer.
_DISPUTED: Final = ("dispute", "disputed")


class Charge(Resource):
    """`/v1/charges`."""

    object = "charge"
    id_digit = "3"
    #: `dispute` is on the wire and not described: clients of today and of 2020 read the dispute's id there.
    defaults: ClassVar = {
        "calculated_statement_descriptor": "Stripe",
        "dispute": None,
        "fraud_details": {},
        "status": "succeeded",
    }
    expand_only = ("refunds",)
    absent = ("presentment_details", "transfer")
    indexed = ("payment_intent", "customer", "transfer_group")

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Removes from `params` and returns `source` given as the data of a card, which the description lacks."""
        older = super().take_legacy(operation, params)
        return older | ({"source": params.pop("source")} if isinstance(params.get("source"), dict) else {})

    # --- legacy create ------------------------------------------------------------------------------------------

    def create(self, ctx: Context, params: Json) -> Json:
        """Charges a customer's stored card or source, or a card token where the account may (traits.py).

        Raises StripeError for a declined card.
        """
        for name in ("amount", "currency"):
            if name not in params:
                raise errors.missing_parameter(name)
        intent_rules.check_amount(params["amount"], params["currency"])
        method, source = self._method(ctx, params)
        intent = self._terms(ctx, params)
        card = payment_methods.card_of(ctx, method)
        if card is not None and (card.decline or card.authentication in ("always", "on_setup")):
            decline = DECLINES[card.decline or "authentication_required"]
            charge = charges.fail_charge(ctx, intent, method, decline, card)
            raise confirmation.decline_error(ctx, method, decline, charge)
        charge = charges.make_charge(ctx, intent, method, captured=params.get("capture", True))
        if source is not None:
            charge["source"] = source
        # A card's descriptor is used as the suffix: seen at Stripe by the suite of another mock (2020-08-27).
        charge["statement_descriptor_suffix"] = charge["statement_descriptor_suffix"] or charge["statement_descriptor"]
        ctx.save(charge)
        ctx.emit("charge.succeeded", charge)
        if not charge["captured"]:
            jobs.schedule(ctx, charges.HOLD, charge, "run_out")
            return charge
        made = {name: charge[name] for name in _DISPUTED}
        charge_paid(ctx, charge)
        return charge | made

    def _method(self, ctx: Context, params: Json) -> tuple[Json, Json | None]:
        """Returns the payment method to charge, and the card that is shown as the charge's `source`."""
        source, customer = params.get("source") or params.get("card"), params.get("customer")
        if not source and not customer:
            raise errors.invalid("Must provide source or customer.", code="parameter_missing")
        owner = ctx.get("customer", customer, param="customer") if customer else None
        if isinstance(source, dict) or str(source or "").startswith("tok_"):
            if not traits.has_trait(ctx, "card_tokens"):
                raise errors.invalid(_END_OF_LIFE)
            if customer:
                raise _not_linked(customer, source)
            return ctx.handler(Card).of_charge(ctx, source)
        if str(source or "").startswith("pm_"):
            raise errors.invalid(
                "You cannot create a charge with a PaymentMethod. Use the Payment Intents API instead."
            )
        return self._source_of(ctx, owner, source or (owner or {}).get("default_source")), None

    def _source_of(self, ctx: Context, owner: Json | None, key: Any) -> Json:
        method = ctx.find("payment_method", key) if key else None
        if method is not None:
            return method
        if key and owner is not None:
            raise _not_linked(owner["id"], key)
        if key:
            raise errors.missing("source", str(key), param="source")
        has_method = owner is not None and ctx.count("payment_method", customer=owner["id"]) > 0
        tail = " The customer has an attached PaymentMethod: use it with a PaymentIntent instead." if has_method else ""
        raise errors.card_error(
            f"Cannot charge a customer that has no active card.{tail}", "missing", param="card", keeps_rows=False
        )

    def _terms(self, ctx: Context, params: Json) -> Json:
        """Returns the parameters in the shape of a PaymentIntent that is not stored."""
        intent = ctx.new("payment_intent")
        ctx.resource("payment_intent").echo(intent, params)
        return intent | {"object": "charge"}

    # --- update and capture -------------------------------------------------------------------------------------

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for `transfer_group` on a charge of a PaymentIntent."""
        if "transfer_group" in params and obj["payment_intent"]:
            raise errors.invalid(
                "You cannot update the `transfer_group` of a charge that was created by a PaymentIntent. "
                "Update it on the PaymentIntent instead."
            )

    @action
    def capture(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Captures a charge that was created without a PaymentIntent. Saves the charge."""
        if obj["captured"]:
            raise errors.invalid(f"Charge {obj['id']} has already been captured.", code="charge_already_captured")
        if obj["payment_intent"]:
            raise errors.invalid(
                f"This charge was created by the PaymentIntent {obj['payment_intent']}. Capture the PaymentIntent "
                "instead of the charge."
            )
        if charges.has_run_out(ctx, obj):
            raise errors.invalid(
                "The charge cannot be captured as the authorization has expired.", code="charge_expired_for_capture"
            )
        amount: int = params["amount"] if "amount" in params else obj["amount"]
        if amount > obj["amount"]:
            raise errors.invalid(
                "The requested capture amount is greater than the amount of the charge.", param="amount"
            )
        if amount < 1:
            raise errors.below_minimum("amount", 1)
        check_charge(amount, obj["currency"], None)
        self.echo(obj, {name: value for name, value in params.items() if name != "amount"})
        charges.capture_charge(ctx, obj, amount)
        charge_paid(ctx, obj)
        return obj

    @job
    def run_out(self, ctx: Context, obj: Json) -> None:
        """Tells that a hold was not captured in time. Runs as a job."""
        if not obj["captured"] and not obj["refunded"]:
            ctx.emit("charge.expired", obj)

    @action
    def refund(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Refunds the charge through the legacy endpoint. Returns the charge, not the refund."""
        refunds.make_refund(ctx, obj, params)
        return obj

    # --- after the payment ----------------------------------------------------------------------------------------

    def searched_value(self, obj: Mapping[str, Any], field: str) -> Any:
        """Returns for `refunded` True after a full refund, False after a partial one, None without one."""
        if field != "refunded":
            return super().searched_value(obj, field)
        return bool(obj.get("refunded")) if obj.get("amount_refunded") else None


def _not_linked(customer: str, source: Any) -> errors.StripeError:
    """Returns the error for a source that is not the customer's."""
    return errors.invalid(
        f"Customer {customer} does not have a linked source with ID {source}.",
        code="missing",
        param="source",
        status=404,
    )
