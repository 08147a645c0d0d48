"""Refunds of charges: the checks, the balance transaction, the events."""

from __future__ import annotations

from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import check_step, format_amount
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.carried_over import refund_to_charge
from stripe_shell.sandbox.objects.context import Context, Json

from . import ledger, payment_methods, transfers

_REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")
#: Statuses of disputes that leave a charge refundable.
_HARMLESS: Final = ("warning_needs_response", "warning_under_review", "warning_closed", "won", "prevented")


def make_refund(ctx: Context, charge: Json, params: Json) -> Json:
    """Refunds a charge; `params` are those of `POST /v1/refunds`. Saves the charge and returns the refund.

    Raises StripeError when the charge cannot be refunded by that amount.
    """
    _check_reason(params)
    if not charge["captured"] and not charge["payment_intent"] and charge["status"] == "succeeded":
        return _void(ctx, charge, params)
    amount = _checked_amount(ctx, charge, params.get("amount"))
    method = ctx.find("payment_method", charge["payment_method"])
    card = payment_methods.card_of(ctx, method) if method else None
    fate = card.refund if card else "succeeded"
    refund = _fresh(ctx, charge, amount, params, fate)
    row = _enter(ctx, charge, refund)
    refund["balance_transaction"] = row["id"]
    ctx.insert(refund)
    ctx.emit("refund.created", refund)
    _add_refunded(ctx, charge, amount)
    refund_to_charge(charge, refund)
    ctx.emit("charge.refunded", charge, ctx.save(charge))
    _share(ctx, charge, refund, params)
    if fate != "succeeded":
        jobs.schedule(ctx, 0, refund, "succeed" if fate == "pending" else "fail")
    return refund


def _void(ctx: Context, charge: Json, params: Json) -> Json:
    """Releases a charge of the Charges API that was not captured, as a whole; no money moves. Saves the charge.

    Raises StripeError for a part of the amount, and for a charge that is released already.
    """
    amount, left = params.get("amount"), charge["amount"] - charge["amount_refunded"]
    if not left:
        raise errors.invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if amount is not None and int(amount) != left:
        # Stripe's words as of 2020, seen by the suite of another mock.
        raise errors.invalid(
            "You cannot partially refund an uncaptured charge. Instead, capture the charge for an amount less than the "
            "original amount",
            param="amount",
        )
    refund = _fresh(ctx, charge, left, params, "succeeded")
    _store_release(ctx, charge, refund)
    return refund


def refund_released(ctx: Context, charge: Json) -> None:
    """Refunds what a capture or a cancellation released, as versions before 2025-03-31.basil show it. Saves the charge.

    No money moves. Does nothing where everything was captured.
    """
    rest = charge["amount"] - max(charge["amount_captured"], charge["amount_refunded"])
    if rest <= 0:
        return
    _store_release(ctx, charge, _fresh(ctx, charge, rest, {}, "succeeded"))


def _store_release(ctx: Context, charge: Json, refund: Json) -> None:
    ctx.insert(refund)
    ctx.emit("refund.created", refund)
    _add_refunded(ctx, charge, refund["amount"])
    ctx.emit("charge.refunded", charge, ctx.save(charge))


def _add_refunded(ctx: Context, charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = _left(ctx, charge) <= 0


def _left(ctx: Context, charge: Json) -> int:
    """Returns what can still be refunded: what was captured, less the refunds that moved money."""
    moveless = (refund["amount"] for refund in ctx.iterate("refund", charge=charge["id"]) if not _moved(refund))
    return int(charge["amount_captured"] + sum(moveless) - charge["amount_refunded"])


def _moved(refund: Json) -> bool:
    return refund["balance_transaction"] is not None


def _share(ctx: Context, charge: Json, refund: Json, params: Json) -> None:
    """Reverses the transfer (`reverse_transfer`) and refunds the fee (`refund_application_fee`), in proportion."""
    if params.get("reverse_transfer"):
        transfer = ctx.find("transfer", charge.get("transfer")) if charge.get("transfer") else None
        if transfer is None:
            raise errors.invalid(
                f"Cannot reverse the transfer of charge {charge['id']} because it has none.",
                param="reverse_transfer",
            )
        share = transfer["amount"] * refund["amount"] // charge["amount_captured"]
        amount = min(share, transfer["amount"] - transfer["amount_reversed"])
        refund["transfer_reversal"] = transfers.reverse(ctx, transfer, amount, refund=refund["id"])["id"]
        ctx.save(refund)
    if params.get("refund_application_fee"):
        transfers.give_fee_back(ctx, charge, refund["amount"])


def _fresh(ctx: Context, charge: Json, amount: int, params: Json, fate: str) -> Json:
    details = charge["payment_method_details"]
    kind = details["type"] if details else "card"
    method = charge["payment_method"]
    refund = ctx.new("refund")
    if kind != "card":
        refund["id"] = ctx.new_id("refund", "pyr")
    ctx.resource("refund").echo(
        refund, {name: params[name] for name in ("metadata", "instructions_email") if name in params}
    )
    refund |= {
        "amount": amount,
        "charge": charge["id"],
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": _destination(kind),
        "payment_intent": charge["payment_intent"],
        "payment_method": method if method and method.startswith("pm_") else None,
        "reason": params.get("reason"),
        "status": "pending" if fate == "pending" else "succeeded",
    }
    return refund


def _enter(ctx: Context, charge: Json, refund: Json) -> Json:
    """Enters the balance transaction, available no earlier than that of the charge."""
    earned = ledger.balance_transaction_of(ctx, charge)
    ready = max(ctx.now(), earned["available_on"]) if earned else ctx.now()
    return ledger.record_transaction(
        ctx,
        "refund" if charge["id"].startswith("ch_") else "payment_refund",
        -refund["amount"],
        refund["currency"],
        refund["id"],
        available_on=ready,
        description=described(charge),
    )


def _check_reason(params: Json) -> None:
    if params.get("reason") not in (None, "", *_REASONS):
        raise errors.bad_enum("reason", _REASONS)


def _checked_amount(ctx: Context, charge: Json, requested: Any) -> int:
    """Returns the amount to refund. Raises StripeError in Stripe's order: failed, uncaptured, disputed, amounts."""
    if charge["status"] == "failed":
        owner = (
            f"PaymentIntent ({charge['payment_intent']})" if charge["payment_intent"] else f"charge ({charge['id']})"
        )
        raise errors.invalid(f"This {owner} does not have a successful charge to refund.")
    if charge["status"] == "pending":
        raise errors.invalid(f"Charge {charge['id']} is still pending; it can be refunded once it has succeeded.")
    if not charge["captured"] and charge["payment_intent"]:
        raise uncaptured(charge["payment_intent"])
    if charge["disputed"] and any(
        dispute["status"] not in _HARMLESS for dispute in ctx.iterate("dispute", charge=charge["id"])
    ):
        raise errors.invalid(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    left = _left(ctx, charge)
    if left <= 0:
        raise errors.invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount, currency = left if requested is None else int(requested), charge["currency"]
    if amount < 1:
        raise errors.below_minimum("amount", 1)
    check_step(amount, currency)
    if amount > left:
        what = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        raise errors.invalid(
            f"Refund amount ({format_amount(amount, currency)}) is greater than {what} "
            f"({format_amount(left, currency)})",
            param="amount",
        )
    return amount


def uncaptured(key: str) -> errors.StripeError:
    """Returns the error for refunding an uncaptured charge."""
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


def described(charge: Json, what: str = "FOR CHARGE") -> str:
    """Returns the description of a refund's balance transaction."""
    tail = f" ({charge['description']})" if charge["description"] else ""
    return f"REFUND {what}{tail}"
