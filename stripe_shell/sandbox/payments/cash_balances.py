"""Cash balances: customers' bank transfers, and the intents that they pay."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PaymentIntentPrivate

_TYPES: Final = {"eur": "eu_bank_transfer", "gbp": "gb_bank_transfer", "jpy": "jp_bank_transfer"}
_TYPES_BY_DEFAULT: Final = "us_bank_transfer"


def balance_of(ctx: Context, customer: str) -> Json:
    """Returns the customer's cash balance; stores a new one on first use."""
    balance = ctx.find("cash_balance", customer)
    if balance is None:
        balance = ctx.new("cash_balance", customer=customer)
        ctx.insert(balance, customer)
    return balance


def record_change(ctx: Context, customer: str, amount: int, currency: str, *, kind: str, details: Json) -> Json:
    """Stores a change of a cash balance and emits its event. Returns the transaction.

    `amount` is in the smallest currency unit, negative for money that leaves; `kind` is the transaction's `type`, and
    `details` its member of that name.
    """
    balance = balance_of(ctx, customer)
    available = dict(balance["available"] or {})
    available[currency] = available.get(currency, 0) + amount
    balance["available"] = {code: left for code, left in available.items() if left} or None
    ctx.save(balance)
    row = ctx.new(
        "customer_cash_balance_transaction",
        currency=currency,
        customer=customer,
        ending_balance=available[currency],
        net_amount=amount,
        type=kind,
        **{kind: details},
    )
    ctx.insert(row)
    ctx.emit("customer_cash_balance_transaction.created", row)
    return row


def take(ctx: Context, intent: Json, most: int | None) -> bool:
    """Moves at most `most` from the cash balance to an intent; returns whether the intent is fully funded."""
    customer, currency = intent["customer"], intent["currency"]
    hidden = ctx.private(intent, PaymentIntentPrivate)
    has = (balance_of(ctx, customer)["available"] or {}).get(currency, 0)
    needs = intent["amount"] - hidden.get("funded", 0)
    amount = min(has, needs, most if most is not None else needs)
    if amount > 0:
        hidden["funded"] = hidden.get("funded", 0) + amount
        details = {"payment_intent": intent["id"]}
        record_change(ctx, customer, -amount, currency, kind="applied_to_payment", details=details)
    return bool(hidden.get("funded", 0) >= intent["amount"])


def type_of(currency: str) -> str:
    """Returns the type of the bank transfers in a currency."""
    return _TYPES.get(currency, _TYPES_BY_DEFAULT)


def instructions(ctx: Context, intent: Json) -> Json:
    """Returns the next action of an intent that waits for a bank transfer."""
    options = (intent["payment_method_options"] or {}).get("customer_balance") or {}
    kind = (options.get("bank_transfer") or {}).get("type") or type_of(intent["currency"])
    old = (intent["next_action"] or {}).get("display_bank_transfer_instructions") or {}
    return {
        "display_bank_transfer_instructions": {
            "amount_remaining": intent["amount"] - ctx.private(intent, PaymentIntentPrivate).get("funded", 0),
            "currency": intent["currency"],
            "financial_addresses": [transfer_address(kind)],
            "hosted_instructions_url": f"https://payments.stripe.com/bank_transfers/instructions/{intent['id']}",
            "reference": old.get("reference") or ctx.ids.text(12).upper(),
            "type": kind,
        },
        "type": "display_bank_transfer_instructions",
    }


def transfer_address(kind: str) -> Json:
    """Returns the `financial_addresses` entry of a type of bank transfer."""
    place = {"city": "South San Francisco", "country": "US", "line1": "354 Oyster Point Blvd", "line2": None}
    holder: Json = place | {"postal_code": "94080", "state": "CA"}
    account: Json = {"account_holder_address": holder, "account_holder_name": "Stripe Test", "bank_address": holder}
    if kind == "us_bank_transfer":
        numbers = {"account_number": "11119987600453127", "account_type": "checking", "routing_number": "999999999"}
        return {
            "aba": {**account, **numbers, "bank_name": "US Test Bank"},
            "supported_networks": ["ach"],
            "type": "aba",
        }
    if kind == "gb_bank_transfer":
        code = {**account, "account_number": "00012345", "sort_code": "200000"}
        return {"sort_code": code, "supported_networks": ["bacs", "fps"], "type": "sort_code"}
    if kind == "jp_bank_transfer":
        zengin = {
            **account,
            "account_number": "0001234",
            "account_type": "futsu",
            "bank_code": "0000",
            "bank_name": "Test Bank",
            "branch_code": "000",
            "branch_name": "Test Branch",
        }
        return {"supported_networks": ["zengin"], "type": "zengin", "zengin": zengin}
    if kind == "mx_bank_transfer":
        spei = {**account, "bank_code": "002", "bank_name": "Test Bank", "clabe": "002000000000000000"}
        return {"spei": spei, "supported_networks": ["spei"], "type": "spei"}
    iban = {**account, "bic": "SOGEDEFFXXX", "country": "DE", "iban": "DE00000000000000000001"}
    return {"iban": iban, "supported_networks": ["sepa"], "type": "iban"}
