"""Refunds of charges, full or partial, with their balance transactions and events."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import ledger, refunds


class Refund(Resource):
    """`/v1/refunds`, and the legacy endpoints below a charge."""

    object = "refund"
    id_digit = "3"
    id_param = "refund"
    indexed = ("charge", "payment_intent")

    def create(self, ctx: Context, params: Json) -> Json:
        """Refunds a charge, in full or by `amount`."""
        return refunds.make_refund(ctx, self._charge(ctx, params), params)

    def after_update(self, ctx: Context, obj: Json, params: Json, changed: Json) -> None:
        """Emits `charge.refund.updated` as well: Stripe sends two events for one change."""
        if changed:
            ctx.emit("charge.refund.updated", obj, changed)

    # --- scheduled jobs --------------------------------------------------------------------------------------

    @job
    def succeed(self, ctx: Context, obj: Json) -> None:
        """Sets a pending refund to `succeeded`. Runs as a job."""
        if obj["status"] == "pending":
            obj["status"] = "succeeded"
            self._emit_event(ctx, obj, "refund.updated")

    @job
    def fail(self, ctx: Context, obj: Json) -> None:
        """Sets the refund to `failed` and credits the balance. Runs as a job."""
        if obj["status"] not in ("pending", "succeeded"):
            return
        obj |= {"failure_reason": "expired_or_canceled_card", "status": "failed"}
        self._undo(ctx, obj, "refund_failure")
        self._emit_event(ctx, obj, "refund.failed")

    def _emit_event(self, ctx: Context, obj: Json, event: str) -> None:
        changed = ctx.save(obj)
        ctx.emit(event, obj, changed if event.endswith("updated") else None)
        ctx.emit("charge.refund.updated", obj, changed)

    def _undo(self, ctx: Context, obj: Json, kind: str) -> None:
        """Credits the balance and lowers the charge's `amount_refunded`. Mutates `obj`, saves the charge."""
        charge = ctx.get("charge", obj["charge"])
        row = ledger.record_transaction(
            ctx, kind, obj["amount"], obj["currency"], obj["id"], description=refunds.described(charge, "FAILURE")
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
        self._emit_event(ctx, obj, "refund.updated")
        return obj

    @action
    def expire(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Expires a refund in `requires_action`. Raises StripeError for any other status."""
        if obj["status"] != "requires_action":
            raise errors.invalid(f"This refund cannot be expired because it has a status of {obj['status']}.")
        obj |= {"failure_reason": "expired_or_canceled_card", "status": "failed"}
        self._undo(ctx, obj, "refund_failure")
        self._emit_event(ctx, obj, "refund.failed")
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
            raise refunds.uncaptured(intent["id"])
        if not intent["latest_charge"]:
            raise errors.invalid(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        return ctx.get("charge", intent["latest_charge"])
