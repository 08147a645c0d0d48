"""Charges: created from an intent and a payment method, captured, released, settled, and entered in the balance."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import MethodPrivate

from . import ledger, three_d_secure, transfers
from .declines import Decline
from .payment_methods import DEBITS, card_of, run_checks
from .test_cards import CardFacts

#: How long an authorization of a card lasts, in seconds: 7 days.
HOLD: Final = 604_800

_RISK_SCORES: Final = {"normal": 32, "elevated": 70, "highest": 92}

#: The members that a charge copies from its intent.
_INHERITED: Final = (
    "application",
    "application_fee_amount",
    "currency",
    "customer",
    "description",
    "on_behalf_of",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)


def make_charge(
    ctx: Context, intent: Json, method: Json, *, captured: bool = True, authenticated: bool = False
) -> Json:
    """Stores and returns the charge of a successful payment; `captured=False` only authorizes it.

    `authenticated` says that the customer has completed 3D Secure.
    """
    debit = method["type"] in DEBITS
    charge = _new_charge(ctx, intent, method, authenticated=authenticated)
    charge |= {
        "captured": captured,
        "outcome": _outcome(card_of(ctx, method)),
        "paid": not debit,
        "receipt_url": _receipt_url(charge),
        "status": "pending" if debit else "succeeded",
    }
    details = charge["payment_method_details"][method["type"]]
    if "amount_authorized" in details:
        details["amount_authorized"] = details["overcapture"]["maximum_amount_capturable"] = charge["amount"]
        if not captured:
            details["capture_before"] = ctx.now() + HOLD
    ctx.insert(charge)
    if captured and not debit:
        record_capture(ctx, charge, charge["amount"])
        ctx.save(charge)
    return charge


def fail_charge(
    ctx: Context, intent: Json, method: Json, decline: Decline, card: CardFacts | None, *, authenticated: bool = False
) -> Json:
    """Stores and returns the charge of a declined payment, and emits `charge.failed`."""
    charge = _new_charge(ctx, intent, method, authenticated=authenticated)
    charge |= {
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": _declined_outcome(decline, card),
        "status": "failed",
    }
    ctx.insert(charge)
    ctx.save(method)  # the checks of its card were run
    ctx.emit("charge.failed", charge)
    return charge


def record_capture(ctx: Context, charge: Json, amount: int) -> None:
    """Mutates `charge`: stores the balance transaction for a capture of `amount`. Does not save the charge."""
    method = _method_of(ctx, charge)
    card = card_of(ctx, method) if method else None
    currency = charge["currency"]
    kind = "charge" if charge["payment_method_details"]["type"] == "card" else "payment"
    fee = ledger.card_fee(amount, card) if kind == "charge" else ledger.debit_fee(amount)
    now = ctx.now()
    fees = ledger.fee_detail(fee, currency)
    if ctx.account != ctx.platform and charge["application_fee_amount"]:
        application = transfers.application_of(ctx)
        fees = ledger.fee_detail(charge["application_fee_amount"], currency, "application_fee", application) + fees
    row = ledger.record_transaction(
        ctx,
        kind,
        amount,
        currency,
        charge["id"],
        fees=fees,
        available_on=now if ledger.is_instant(card) else ledger.available_on(now),
        description=charge["description"],
    )
    charge |= {
        "amount_captured": charge["amount_captured"] + amount,
        "balance_transaction": row["id"],
        "captured": True,
    }


def capture_charge(ctx: Context, charge: Json, amount: int) -> None:
    """Captures `amount` of an authorized charge. Saves the charge.

    What is not captured is released and shown nowhere: since 2025-03-31.basil it makes no refund and does not raise
    `amount_refunded` (docs.stripe.com/changelog/basil/2025-03-31, versions/changes/basil_released_refunds.py).
    """
    record_capture(ctx, charge, amount)
    charge["payment_method_details"].get("card", {}).pop("capture_before", None)
    ctx.save(charge)
    ctx.emit("charge.captured", charge)


def has_run_out(ctx: Context, charge: Mapping[str, Any]) -> bool:
    """Whether the hold of a card was not captured in time."""
    before = charge["payment_method_details"].get("card", {}).get("capture_before")
    return before is not None and before <= ctx.now()


def settle_charge(ctx: Context, charge: Json) -> None:
    """Marks the pending charge of a bank debit as succeeded. Saves the charge."""
    charge |= {"paid": True, "status": "succeeded"}
    record_capture(ctx, charge, charge["amount"])
    ctx.save(charge)
    ctx.emit("charge.succeeded", charge)


def reject_charge(ctx: Context, charge: Json, decline: Decline) -> None:
    """Marks the pending charge of a bank debit as failed. Saves the charge."""
    charge |= {
        "captured": False,
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": _declined_outcome(decline, None),
        "paid": False,
        "receipt_url": None,
        "status": "failed",
    }
    ctx.save(charge)
    ctx.emit("charge.failed", charge)


def _new_charge(ctx: Context, intent: Json, method: Json, *, authenticated: bool) -> Json:
    run_checks(ctx, method)
    card = method["type"] == "card"
    charge = ctx.new(
        "charge",
        amount=intent["amount"],
        billing_details=deepcopy(method["billing_details"]),
        metadata=dict(intent["metadata"]),
        payment_intent=intent["id"] if intent["object"] == "payment_intent" else None,
        payment_method=method["id"],
        payment_method_details=_method_details(ctx, method),
        **{name: intent.get(name) for name in _INHERITED},
    )
    if card and authenticated:
        charge["payment_method_details"]["card"]["three_d_secure"] = three_d_secure.result_of_charge(ctx, method)
    if not card:
        charge["id"] = ctx.new_id("charge", "py")
    if intent.get("transfer_data"):
        charge["transfer_data"] = {"amount": None, **intent["transfer_data"]}
    return charge


def _method_details(ctx: Context, method: Mapping[str, Any]) -> Json:
    kind = method["type"]
    if kind == "card":
        return {"card": _card_details(method["card"]), "type": "card"}
    members = {name: value for name, value in method[kind].items() if name not in _NOT_IN_DETAILS}
    if kind in DEBITS:
        members["mandate"] = ctx.private(method, MethodPrivate).get("mandate")
    return {kind: members, "type": kind}


_NOT_IN_DETAILS: Final = ("financial_connections_account", "generated_from", "networks", "status_details")


def _card_details(card: Mapping[str, Any]) -> Json:
    copied = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    return {
        "amount_authorized": None,
        "authorization_code": None,
        **{name: deepcopy(card[name]) for name in copied},
        "extended_authorization": {"status": "disabled"},
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["networks"]["available"][0],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {"maximum_amount_capturable": 0, "status": "unavailable"},
        "regulated_status": card["regulated_status"],
        "three_d_secure": None,
        "wallet": None,
    }


def _outcome(card: CardFacts | None) -> Json:
    risk = card.risk if card else "normal"
    return _outcome_members(
        network_status="approved_by_network",
        reason="elevated_risk_level" if risk == "elevated" else None,
        risk_level=risk,
        seller_message="Payment complete.",
        type="authorized",
    )


def _declined_outcome(decline: Decline, card: CardFacts | None) -> Json:
    if card is not None and card.risk == "highest":
        return _outcome_members(
            network_status="not_sent_to_network",
            reason="highest_risk_level",
            risk_level="highest",
            seller_message="Stripe blocked this payment as too risky.",
            type="blocked",
        )
    return _outcome_members(
        network_status="declined_by_network",
        reason=decline.decline_code or decline.code,
        risk_level=card.risk if card else "normal",
        seller_message=decline.seller_message,
        type="issuer_declined",
        **decline.codes,
    )


def _outcome_members(*, risk_level: str, **members: Any) -> Json:
    unknown = dict.fromkeys(("advice_code", "network_advice_code", "network_decline_code"))
    return unknown | members | {"risk_level": risk_level, "risk_score": _RISK_SCORES[risk_level]}


def _receipt_url(charge: Mapping[str, Any]) -> str:
    return f"https://pay.stripe.com/receipts/payment/{charge['id']}"


def _method_of(ctx: Context, charge: Mapping[str, Any]) -> Json | None:
    key = charge.get("payment_method")
    return ctx.find("payment_method", key) if isinstance(key, str) else None
