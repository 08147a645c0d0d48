"""Values that an object takes over from another one: what invoices, refunds and methods leave on payments, and so on.

Each function returns members of the object that takes them over, or mutates the one that it names. All were seen in
recordings of test mode (2023-10-16 to 2026-09-30), except where it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .context import Context, Json

#: The `rendering` of a draft and of a final invoice that has none of its own and belongs to no subscription.
_RENDERING: Final = {"amount_tax_display": None, "template": None, "template_version": None}


def invoice_to_payment_intent(invoice: str | None) -> Json:
    """Returns the members of the PaymentIntent of an invoice, whose id is its order reference."""
    if invoice is None:
        return {}
    details = {"customer_reference": None, "order_reference": invoice}
    return {"capture_method": "automatic", "payment_details": details}


def charge_to_transfer_group(ctx: Context, charge: Json) -> None:
    """Mutates the charge of a destination payment, and saves its intent: both get the group of the transfer."""
    key = charge["payment_intent"]
    if charge["transfer_group"] or not key:
        return
    charge["transfer_group"] = f"group_{key}"
    intent = ctx.get("payment_intent", key)
    intent["transfer_group"] = charge["transfer_group"]
    ctx.save(intent)


def refund_to_charge(charge: Json, refund: Mapping[str, Any]) -> None:
    """Mutates the charge: a refund for fraud reports it."""
    if refund["reason"] == "fraudulent":
        charge["fraud_details"] = (charge["fraud_details"] or {}) | {"user_report": "fraudulent"}


def charge_to_evidence(ctx: Context, charge: Mapping[str, Any]) -> Json:
    """Returns the evidence of a new dispute: the customer's name and email address, and what the charge describes.

    Without a customer the billing details have the name and the address (assumed).
    """
    customer = (ctx.find("customer", charge["customer"]) if charge["customer"] else None) or {}
    details = charge["billing_details"] or {}
    return {
        "customer_email_address": customer.get("email") or details.get("email"),
        "customer_name": customer.get("name") or details.get("name"),
        "product_description": charge["description"],
    }


def customer_to_invoice(ctx: Context, customer: Mapping[str, Any]) -> Json:
    """Returns the members that an invoice shares with its customer until it is final (Stripe's API reference)."""
    shared = ("address", "email", "name", "phone", "shipping", "tax_exempt")
    numbers = ctx.iterate("tax_id", customer=customer["id"], oldest_first=True)
    return {
        **{f"customer_{name}": customer.get(name) for name in shared},
        "customer_tax_ids": [{"type": number["type"], "value": number["value"]} for number in numbers],
    }


def rendering_of(invoice: Mapping[str, Any], *, final: bool) -> Json | None:
    """Returns the `rendering` of an invoice; that of a subscription has none unless it was given."""
    shown: Json | None = invoice.get("rendering")
    if shown is None and (invoice.get("parent") or {}).get("type") == "subscription_details":
        return None
    page = ((shown or {}).get("pdf") or {}).get("page_size") or "auto"
    return _RENDERING | (shown or {}) | {"pdf": {"page_size": "letter" if final and page == "auto" else page}}


def counted_product(product: Mapping[str, Any] | None, name: str, quantity: int) -> str:
    """Returns the quantity in the text of a line: `2 x Gold`, or `2 seat x Gold` by the product's `unit_label`.

    The sign is a multiplication sign. The label stays in the singular: `31 credit`, in a recorded invoice of Gitpod.
    """
    unit = (product or {}).get("unit_label")
    return f"{quantity} {unit} \u00d7 {name}" if unit else f"{quantity} \u00d7 {name}"


def token_to_card(token: Mapping[str, Any]) -> Json:
    """Returns the data that a card takes from its token: name, address, and the currency of payouts."""
    card = token["card"]
    kept = {name: value for name, value in card.items() if name.startswith("address_") and not name.endswith("check")}
    return kept | {"name": card["name"], "currency": card.get("currency"), "cvc": card.get("cvc_check")}


def token_to_billing_details(token: Mapping[str, Any]) -> Json:
    """Returns the billing details that a payment method takes from the card of its token (assumed)."""
    card = token["card"]
    names = {"postal_code": "zip"}
    parts = ("city", "country", "line1", "line2", "postal_code", "state")
    address = {part: card.get(f"address_{names.get(part, part)}") for part in parts}
    return {"name": card["name"], "address": address}
