"""Issuing: approves or declines authorizations, and creates transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json

#: The merchant of a purchase without `merchant_data`.
MERCHANT: Final = {
    "category": "computer_software_stores",
    "category_code": "5734",
    "city": "San Francisco",
    "country": "US",
    "name": "Test Merchant",
    "network_id": "1234567890",
    "postal_code": "94103",
    "state": "CA",
    "tax_id": None,
    "terminal_id": "99999999",
    "url": None,
}

_INACTIVE: Final = {"inactive": "card_inactive", "canceled": "card_canceled"}


def authorize(ctx: Context, card: Json, amount: int, merchant: Mapping[str, Any]) -> tuple[bool, str]:
    """Returns whether a purchase is approved, and the `reason` in `request_history`."""
    holder = ctx.find("issuing.cardholder", card["cardholder"]["id"]) or card["cardholder"]
    if card["status"] in _INACTIVE:
        return False, _INACTIVE[card["status"]]
    if holder["status"] != "active":
        return False, "cardholder_inactive"
    for controls in (card["spending_controls"], holder.get("spending_controls")):
        if controls and not _within(controls, amount, merchant):
            return False, "spending_controls"
    return True, "card_active"


def _within(controls: Mapping[str, Any], amount: int, merchant: Mapping[str, Any]) -> bool:
    """Whether spending controls allow a purchase; limits apply to each purchase, without a sum over the interval."""
    category, country = merchant.get("category"), merchant.get("country")
    if category in (controls.get("blocked_categories") or ()):
        return False
    if controls.get("allowed_categories") and category not in controls["allowed_categories"]:
        return False
    if country in (controls.get("blocked_merchant_countries") or ()):
        return False
    if controls.get("allowed_merchant_countries") and country not in controls["allowed_merchant_countries"]:
        return False
    limits = controls.get("spending_limits") or ()
    return all(
        amount <= limit["amount"] or (limit.get("categories") and category not in limit["categories"])
        for limit in limits
    )


def merchant_of(params: Mapping[str, Any]) -> Json:
    """Returns the merchant in the parameters, completed by defaults."""
    given = {name: value for name, value in (params.get("merchant_data") or {}).items() if value not in ("", None)}
    return {**MERCHANT, **given}


def create_transaction(
    ctx: Context, card: Json, amount: int, kind: str, params: Mapping[str, Any], *, authorization: Json | None = None
) -> Json:
    """Stores and returns a transaction of a card; `amount` is negative for a capture, positive for a refund."""
    currency = authorization["currency"] if authorization else params.get("currency") or card["currency"]
    transaction = ctx.new(
        "issuing.transaction",
        amount=amount,
        amount_details={"atm_fee": None, "cashback_amount": 0},
        authorization=authorization["id"] if authorization else None,
        card=card["id"],
        cardholder=card["cardholder"]["id"],
        currency=currency,
        merchant_amount=amount,
        merchant_currency=currency,
        merchant_data=authorization["merchant_data"] if authorization else merchant_of(params),
        type=kind,
    )
    details = params.get("purchase_details")
    if details:
        ctx.resource("issuing.transaction").echo(transaction, {"purchase_details": details})
    ctx.insert(transaction)
    ctx.emit("issuing_transaction.created", transaction)
    if details and details.get("receipt"):
        ctx.emit("issuing_transaction.purchase_details_receipt_updated", transaction)
    return transaction


def check_purchase_amount(amount: int, name: str) -> None:
    """Raises StripeError for a negative amount of a purchase."""
    if amount < 0:
        raise errors.below_minimum(name, 0)
