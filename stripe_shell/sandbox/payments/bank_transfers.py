"""Incoming bank transfers: they fund the cash balance and pay the intents that wait for one."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PaymentIntentPrivate

from . import cash_balances, confirmation


def receive_transfer(ctx: Context, customer: str, amount: int, currency: str, reference: str | None) -> Json:
    """Stores an incoming bank transfer and returns its transaction.

    With automatic reconciliation it pays the customer's open intents, oldest first.
    """
    kind = cash_balances.type_of(currency)
    transfer: Json = {"reference": reference, "type": kind, kind: _sender(kind)}
    row = cash_balances.record_change(
        ctx, customer, amount, currency, kind="funded", details={"bank_transfer": transfer}
    )
    balance = cash_balances.balance_of(ctx, customer)
    ctx.emit("cash_balance.funds_available", balance)
    if balance["settings"]["reconciliation_mode"] == "automatic":
        for intent in ctx.all("payment_intent", customer=customer, oldest_first=True):
            if _is_waiting(intent) and intent["currency"] == currency:
                apply(ctx, intent)
    return row


def apply(ctx: Context, intent: Json, amount: int | None = None) -> None:
    """Pays a waiting intent from the cash balance, with at most `amount`. Saves the intent."""
    before = ctx.private(intent, PaymentIntentPrivate).get("funded", 0)
    if cash_balances.take(ctx, intent, amount):
        method = ctx.get("payment_method", intent["payment_method"])
        charge = confirmation.charge_intent(ctx, intent, method).charge
        confirmation.notify_payee(ctx, confirmation.PaymentAttempt("succeeded", intent, charge))
    elif ctx.private(intent, PaymentIntentPrivate).get("funded", 0) > before:
        intent["next_action"] = cash_balances.instructions(ctx, intent)
        ctx.emit("payment_intent.partially_funded", intent, ctx.save(intent))


def _is_waiting(intent: Json) -> bool:
    action = intent["next_action"] or {}
    return intent["status"] == "requires_action" and action.get("type") == "display_bank_transfer_instructions"


def _sender(kind: str) -> Json:
    members: dict[str, dict[str, Any]] = {
        "eu_bank_transfer": {"bic": "TESTDEFF", "iban_last4": "3000", "sender_name": "Test Sender"},
        "gb_bank_transfer": {"account_number_last4": "2345", "sender_name": "Test Sender", "sort_code": "200000"},
        "jp_bank_transfer": {"sender_bank": "Test Bank", "sender_branch": "Test Branch", "sender_name": "Test Sender"},
        "us_bank_transfer": {"network": "ach", "sender_name": "Test Sender"},
    }
    return members.get(kind, {})
