"""Disputes of charges: opened for test cards, with their balance transactions."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.carried_over import charge_to_evidence
from stripe_shell.sandbox.objects.context import Context, Json

from . import ledger
from .test_cards import DISPUTES, DisputeFacts

#: Days until evidence is due, at 23:59:59 UTC of that day.
_DUE_DAYS: Final = 8


def open_disputes(ctx: Context, charge: Json, kind: str) -> None:
    """Opens the disputes of a test card; `kind` is a key of DISPUTES. Saves the charge."""
    facts = DISPUTES[kind]
    for _ in range(facts.count):
        _make_one(ctx, charge, facts)


def _make_one(ctx: Context, charge: Json, facts: DisputeFacts) -> None:
    inquiry = facts.case_type == "inquiry"
    dispute = ctx.new("dispute")
    dispute |= {
        "amount": charge["amount_captured"],
        "charge": charge["id"],
        "currency": charge["currency"],
        "is_charge_refundable": inquiry,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": _details(charge, facts),
        "reason": facts.reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    dispute["evidence"] |= charge_to_evidence(ctx, charge)
    day = ctx.now() // ledger.DAY + _DUE_DAYS + 1
    dispute["evidence_details"] |= {"due_by": day * ledger.DAY - 1, "submission_method": "not_submitted"}
    if not inquiry:
        withdraw(ctx, dispute)
    ctx.insert(dispute)
    charge |= {"dispute": dispute["id"], "disputed": True}
    ctx.save(charge)
    ctx.emit("charge.dispute.created", dispute)
    if not inquiry:
        ctx.emit("charge.dispute.funds_withdrawn", dispute)


def withdraw(ctx: Context, obj: Json) -> None:
    """Withdraws the disputed amount and the fee from the balance. Mutates `obj`."""
    obj["balance_transactions"].append(row_of(ctx, obj, -obj["amount"], "dispute", ledger.DISPUTE_FEE))


def row_of(ctx: Context, obj: Json, amount: int, category: str, fee: int) -> Json:
    """Enters and returns the balance transaction of a dispute; `amount` and `fee` in the smallest unit."""
    verb = "withdrawal" if amount < 0 else "reversal"
    return ledger.record_transaction(
        ctx,
        "adjustment",
        amount,
        obj["currency"],
        obj["id"],
        fees=[detail | {"description": "Dispute fee"} for detail in ledger.fee_detail(fee, obj["currency"])],
        category=category,
        description=f"Chargeback {verb} for {obj['charge']}",
    )


def _details(charge: Json, facts: DisputeFacts) -> Json:
    details = charge["payment_method_details"]
    if details["type"] != "card":
        unknown = {"brand": "unknown", "case_type": "chargeback", "network": "unknown", "network_reason_code": None}
        return {"type": "card", "card": unknown}
    card = {
        "brand": details["card"]["brand"],
        "case_type": facts.case_type,
        "network": details["card"]["network"],
        "network_reason_code": facts.network_reason_code,
    }
    return {"card": card, "type": "card"}
