"""After a charge is captured: disputes and fraud warnings of test cards, and transfers to connected accounts."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json

from . import disputes, payment_methods, transfers
from .accounts import state


def charge_paid(ctx: Context, charge: Json) -> None:
    """Opens disputes and fraud warnings of test cards and pays connected accounts, once the charge is captured."""
    method = ctx.find("payment_method", charge["payment_method"])
    card = payment_methods.card_of(ctx, method) if method else None
    bank = payment_methods.bank_of(ctx, method) if method else None
    kind = card.dispute if card else "fraudulent" if bank and bank.disputed else ""
    if kind:
        disputes.open_disputes(ctx, charge, kind)
    if card and card.fraud_warning:
        _warn(ctx, charge)
    if card and card.trigger:
        state.trigger(ctx, charge.get("on_behalf_of") or ctx.account, card.trigger)
    transfers.distribute(ctx, charge)


def _warn(ctx: Context, charge: Json) -> None:
    """Stores a radar early fraud warning and emits its event."""
    members = {"charge": charge["id"], "fraud_type": "misc", "payment_intent": charge["payment_intent"]}
    warning = ctx.new("radar.early_fraud_warning", actionable=True, **members)
    ctx.insert(warning)
    ctx.emit("radar.early_fraud_warning.created", warning)
