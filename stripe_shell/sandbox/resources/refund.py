"""Refunds of charges, full or partial, with their balance transactions and events."""

from __future__ import annotations

from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import written
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource, action
from stripe_shell.sandbox.payments import ledger, payment_methods, transfers

_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")
#: Statuses of disputes that leave a charge refundable.
_HARMLESS: Final = ("warning_needs_response", "warning_under_review", "warning_closed", "won", "prevented")


class Refund(Resource):
    """`/v1/refunds`, and the legacy endpoints below a charge."""

    object = "refund"
    indexed = ("charge", "payment_intent")

    def missing(self, key: str, *, param: str | None = None, status: int = 404) -> errors.StripeError:
        """Returns the error for an unknown refund, or for one of another charge."""
        return errors.missing("refund", key, param=param or "refund", status=status)

    def create(self, ctx: Context, params: Json) -> Json:
        """Refunds a charge, in full or by `amount`."""
        return self.make(ctx, self._charge(ctx, params), params)

    def make(self, ctx: Context, charge: Json, params: Json) -> Json:
        """Refunds a charge; `params` are those of `POST /v1/refunds`. Saves the charge and returns the refund.

        Raises StripeError when the charge cannot be refunded by that amount.
        """
        _check_reason(params)
        amount = _checked_amount(ctx, charge, params.get("amount"))
        method = ctx.find("payment_method", charge["payment_method"])
        card = payment_methods.card_of(ctx, method) if method else None
        fate = card.refund if card else "succeeded"
        refund = self._fresh(ctx, charge, amount, params, fate)
        row = self._enter(ctx, charge, refund)
        refund["balance_transaction"] = row["id"]
        ctx.insert(refund)
        ctx.emit("refund.created", refund)
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
        ctx.emit("charge.refunded", charge, ctx.save(charge))
        self._share(ctx, charge, refund, params)
        if fate != "succeeded":
            jobs.later(ctx, 0, refund, "succeed" if fate == "pending" else "fail")
        return refund

    def _share(self, ctx: Context, charge: Json, refund: Json, params: Json) -> None:
        """Reverses the transfer (`reverse_transfer`) and refunds the fee (`refund_application_fee`), in proportion."""
        if params.get("reverse_transfer"):
            transfer = ctx.find("transfer", charge.get("transfer")) if charge.get("transfer") else None
            if transfer is None:
                raise errors.invalid(
                    f"Cannot reverse the transfer of charge {charge['id']} because it has none.",
                    param="reverse_transfer",
                )
            share = transfer["amount"] * refund["amount"] // charge["amount"]
            amount = min(share, transfer["amount"] - transfer["amount_reversed"])
            refund["transfer_reversal"] = transfers.reverse(ctx, transfer, amount, refund=refund["id"])["id"]
            ctx.save(refund)
        if params.get("refund_application_fee"):
            transfers.give_fee_back(ctx, charge, refund["amount"])

    def after_update(self, ctx: Context, obj: Json, params: Json, changed: Json) -> None:
        """Emits `charge.refund.updated` as well: Stripe sends two events for one change."""
        if changed:
            ctx.emit("charge.refund.updated", obj, changed)

    # --- scheduled jobs --------------------------------------------------------------------------------------

    def succeed(self, ctx: Context, obj: Json) -> None:
        """Sets a pending refund to `succeeded`. Runs as a job."""
        if obj["status"] == "pending":
            obj["status"] = "succeeded"
            self._tell(ctx, obj, "refund.updated")

    def fail(self, ctx: Context, obj: Json) -> None:
        """Sets the refund to `failed` and credits the balance. Runs as a job."""
        if obj["status"] not in ("pending", "succeeded"):
            return
        obj |= {"failure_reason": "expired_or_canceled_card", "status": "failed"}
        self._undo(ctx, obj, "refund_failure")
        self._tell(ctx, obj, "refund.failed")

    def _tell(self, ctx: Context, obj: Json, event: str) -> None:
        changed = ctx.save(obj)
        ctx.emit(event, obj, changed if event.endswith("updated") else None)
        ctx.emit("charge.refund.updated", obj, changed)

    def _undo(self, ctx: Context, obj: Json, kind: str) -> None:
        """Credits the balance and lowers the charge's `amount_refunded`. Mutates `obj`, saves the charge."""
        charge = ctx.get("charge", obj["charge"])
        row = ledger.enter(
            ctx, kind, obj["amount"], obj["currency"], obj["id"], description=_described(charge, "FAILURE")
        )
        obj["failure_balance_transaction"] = row["id"]
        charge["amount_refunded"] -= obj["amount"]
        charge["refunded"] = False
        ctx.save(charge)

    # --- actions ---------------------------------------------------------------------------------------------

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels a refund in `requires_action`. Raises StripeError for any other status."""
        if obj["status"] != "requires_action":
            raise errors.invalid("Canceling this refund is unsupported.")
        obj["status"] = "canceled"
        self._undo(ctx, obj, "refund_failure")
        self._tell(ctx, obj, "refund.updated")
        return obj

    @action
    def expire(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Expires a refund in `requires_action`. Raises StripeError for any other status."""
        if obj["status"] != "requires_action":
            raise errors.invalid(f"This refund cannot be expired because it has a status of {obj['status']}.")
        obj |= {"failure_reason": "expired_or_canceled_card", "status": "failed"}
        self._undo(ctx, obj, "refund_failure")
        self._tell(ctx, obj, "refund.failed")
        return obj

    # --- internal --------------------------------------------------------------------------------------------

    def _charge(self, ctx: Context, params: Json) -> Json:
        named = ctx.path.get("charge") or params.get("charge")
        if named:
            return ctx.get("charge", named, param="charge" if ctx.path else "id", status=404 if ctx.path else 400)
        if not params.get("payment_intent"):
            raise errors.invalid(
                "One of the following params should be provided for this request: payment_intent or charge."
            )
        intent = ctx.get("payment_intent", params["payment_intent"], param="payment_intent")
        if intent["status"] == "requires_capture":
            raise _uncaptured(intent["id"])
        if not intent["latest_charge"]:
            raise errors.invalid(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        return ctx.get("charge", intent["latest_charge"])

    def _fresh(self, ctx: Context, charge: Json, amount: int, params: Json, fate: str) -> Json:
        details = charge["payment_method_details"]
        kind = details["type"] if details else "card"
        refund = self.fresh(ctx)
        if kind != "card":
            refund["id"] = self.new_id(ctx, "pyr")
        self.echo(refund, {name: params[name] for name in ("metadata", "instructions_email") if name in params})
        refund |= {
            "amount": amount,
            "charge": charge["id"],
            "currency": charge["currency"],
            "destination_details": _destination(kind),
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "status": "pending" if fate == "pending" else "succeeded",
        }
        return refund

    def _enter(self, ctx: Context, charge: Json, refund: Json) -> Json:
        """Enters the balance transaction, available no earlier than that of the charge."""
        earned = ledger.row_of(ctx, charge)
        ready = max(ctx.now(), earned["available_on"]) if earned else ctx.now()
        return ledger.enter(
            ctx,
            "refund" if charge["id"].startswith("ch_") else "payment_refund",
            -refund["amount"],
            refund["currency"],
            refund["id"],
            available_on=ready,
            description=_described(charge),
        )


def _check_reason(params: Json) -> None:
    if params.get("reason") not in (None, "", *_REASONS):
        raise errors.bad_enum("reason", _REASONS)


def _checked_amount(ctx: Context, charge: Json, asked: Any) -> int:
    """Returns the amount to refund. Raises StripeError in Stripe's order: failed, uncaptured, disputed, amounts."""
    if charge["status"] == "failed":
        owner = (
            f"PaymentIntent ({charge['payment_intent']})" if charge["payment_intent"] else f"charge ({charge['id']})"
        )
        raise errors.invalid(f"This {owner} does not have a successful charge to refund.")
    if charge["status"] == "pending":
        raise errors.invalid(f"Charge {charge['id']} is still pending; it can be refunded once it has succeeded.")
    if not charge["captured"]:
        raise _uncaptured(charge["payment_intent"] or charge["id"])
    if charge["disputed"] and any(
        dispute["status"] not in _HARMLESS for dispute in ctx.each("dispute", charge=charge["id"])
    ):
        raise errors.invalid(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    left = charge["amount"] - charge["amount_refunded"]
    if not left:
        raise errors.invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = left if asked is None else int(asked)
    if amount < 1:
        raise errors.below_minimum("amount", 1)
    if amount > left:
        currency = charge["currency"]
        raise errors.invalid(
            f"Refund amount ({written(amount, currency)}) is greater than unrefunded amount on charge "
            f"({written(left, currency)})",
            param="amount",
        )
    return amount


def _uncaptured(key: str) -> errors.StripeError:
    return errors.invalid(
        f"This PaymentIntent ({key}) has an uncaptured charge, which cannot be refunded. Cancel the PaymentIntent "
        "instead to release the hold."
    )


def _destination(kind: str) -> Json:
    if kind != "card":
        transfer = {"reference": None, "reference_status": "pending"}
        return {kind: transfer if kind in payment_methods.DEBITS else {}, "type": kind}
    card = {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"}
    return {"card": card, "type": "card"}


def _described(charge: Json, what: str = "FOR CHARGE") -> str:
    tail = f" ({charge['description']})" if charge["description"] else ""
    return f"REFUND {what}{tail}"
