"""Disputes: opened by test cards, answered with evidence, then won, lost or closed."""

from __future__ import annotations

from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import disputes

_OPEN: Final = ("warning_needs_response", "warning_under_review", "needs_response", "under_review")
_TEXT_LIMIT: Final = 150_000


class Dispute(Resource):
    """`/v1/disputes`, and the legacy endpoints below a charge."""

    object = "dispute"
    event_prefix = "charge.dispute"
    indexed = ("charge", "payment_intent")
    unechoed = ("evidence",)

    # --- evidence and decision -------------------------------------------------------------------------------

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Saves evidence and submits it unless `submit` is false. Schedules the decision on submitted evidence."""
        submits = params.get("submit", True) and ("evidence" in params or obj["evidence_details"]["has_evidence"])
        if (submits or "evidence" in params) and obj["status"] not in _OPEN:
            raise errors.invalid("This dispute is already closed")
        self.echo(obj, {name: params[name] for name in ("intended_submission_method", "metadata") if name in params})
        self._keep_evidence(obj, params.get("evidence"))
        if submits:
            obj["status"] = "warning_under_review" if obj["status"].startswith("warning") else "under_review"
            obj["evidence_details"]["submission_count"] += 1
            obj["evidence_details"]["submission_method"] = "manual"
            jobs.schedule(ctx, 0, obj, "decide")
        self._emit_updated(ctx, obj)
        return obj

    @job
    def decide(self, ctx: Context, obj: Json) -> None:
        """Decides a dispute under review by the test value in `uncategorized_text` (docs.stripe.com/testing).

        Runs as a job before the next request. The dispute stays under review for any other text.
        """
        text = obj["evidence"]["uncategorized_text"]
        inquiry = obj["status"] == "warning_under_review"
        if not inquiry and obj["status"] != "under_review":
            return
        if text == "winning_evidence":
            self._end(ctx, obj, "warning_closed" if inquiry else "won")
        elif text == "losing_evidence":
            self._end(ctx, obj, "warning_closed" if inquiry else "lost")
        elif text == "escalate_inquiry_evidence" and inquiry:
            self._escalate(ctx, obj)

    @action
    def close(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Accepts the dispute, which is then lost, or closed if it is an inquiry."""
        if obj["status"] not in _OPEN:
            raise errors.invalid("This dispute is already closed")
        self._end(ctx, obj, "warning_closed" if obj["status"].startswith("warning") else "lost")
        return obj

    # --- legacy endpoints below a charge -----------------------------------------------------------------------

    @action("charge.dispute.retrieve")
    def retrieve_below_charge(self, ctx: Context, params: Json) -> Json:
        """Returns the dispute of the charge in the path. Raises StripeError (404) without one."""
        found = next(ctx.iterate("dispute", charge=ctx.path["charge"]), None)
        if found is None:
            raise errors.invalid(f"No dispute for charge: {ctx.path['charge']}", code="resource_missing", status=404)
        return found

    @action("charge.dispute.update")
    def update_below_charge(self, ctx: Context, params: Json) -> Json:
        """Updates the dispute of the charge in the path."""
        return self.update(ctx, self.retrieve_below_charge(ctx, params), params)

    @action("charge.dispute.close")
    def close_below_charge(self, ctx: Context, params: Json) -> Json:
        """Closes the dispute of the charge in the path."""
        return self.close(ctx, self.retrieve_below_charge(ctx, params), params)

    # --- internal --------------------------------------------------------------------------------------------

    def _keep_evidence(self, obj: Json, evidence: Any) -> None:
        if evidence == "":
            obj["evidence"] = {name: None for name in obj["evidence"] if name != "enhanced_evidence"} | {
                "enhanced_evidence": {}
            }
        elif isinstance(evidence, dict):
            obj["evidence"] |= {name: value or None for name, value in evidence.items() if name != "enhanced_evidence"}
            obj["evidence"]["enhanced_evidence"] |= evidence.get("enhanced_evidence") or {}
        said = [value for value in obj["evidence"].values() if isinstance(value, str)]
        if sum(map(len, said)) > _TEXT_LIMIT:
            raise errors.invalid(
                f"The combined character count of your evidence cannot exceed {_TEXT_LIMIT:,}.", param="evidence"
            )
        obj["evidence_details"]["has_evidence"] = bool(said)

    def _end(self, ctx: Context, obj: Json, status: str) -> None:
        obj["status"] = status
        if status == "won":
            row = disputes.row_of(ctx, obj, obj["amount"], "dispute_reversal", 0)
            obj["balance_transactions"].append(row)
            obj["is_charge_refundable"] = True
        changed = ctx.save(obj)
        if status == "won":
            ctx.emit("charge.dispute.funds_reinstated", obj, changed)
        ctx.emit("charge.dispute.closed", obj, changed)
        ctx.emit("charge.updated", ctx.get("charge", obj["charge"]), {})

    def _escalate(self, ctx: Context, obj: Json) -> None:
        """Turns an inquiry into a chargeback and withdraws its funds. Saves the dispute."""
        obj |= {"is_charge_refundable": False, "status": "needs_response"}
        details = obj["payment_method_details"]
        if "card" in details:
            details["card"] |= {"case_type": "chargeback", "network_reason_code": "10.4"}
        disputes.withdraw(ctx, obj)
        self._emit_updated(ctx, obj)
        ctx.emit("charge.dispute.funds_withdrawn", obj)

    def _emit_updated(self, ctx: Context, obj: Json) -> None:
        changed = ctx.save(obj)
        if changed:
            ctx.emit("charge.dispute.updated", obj, changed)
            ctx.emit("charge.updated", ctx.get("charge", obj["charge"]), {})
