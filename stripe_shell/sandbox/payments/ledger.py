"""Balance transactions: amounts, fees, and when funds become available."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import format_amount
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json

from .test_cards import CardFacts

DAY: Final = 86_400

#: Business days until the funds of a payment are available (accounts in the United States).
DELAY_DAYS: Final = 2

#: Stripe's fee for card payments: per mille of the amount, and a fixed part in the smallest currency unit.
CARD_PER_MILLE: Final = 29
CARD_FIXED: Final = 30
#: The additional fee for cards from other countries, per mille.
FOREIGN_PER_MILLE: Final = 15
#: Stripe's fee for bank debits: per mille of the amount, and the maximum in the smallest currency unit.
DEBIT_PER_MILLE: Final = 8
DEBIT_MOST: Final = 500
#: The fee for a dispute, which is not returned when the dispute is won.
DISPUTE_FEE: Final = 1500

#: The `reporting_category` of a type, where it differs from the type.
_CATEGORIES: Final[Mapping[str, str]] = {
    "payment": "charge",
    "payment_failure_refund": "charge_failure",
    "payment_refund": "refund",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "refund_failure": "refund_failure",
    "stripe_fee": "fee",
    "transfer_refund": "transfer_reversal",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
}

_FEE_NAMES: Final = {"stripe_fee": "Stripe processing fees", "application_fee": "Application fee"}


_NET: Final = """
SELECT json_extract(json, '$.currency'), json_extract(json, '$.available_on') <= ?,
  CASE WHEN json_extract(json, '$.type') LIKE 'payment%' THEN 'bank_account' ELSE 'card' END,
  sum(json_extract(json, '$.net'))
FROM objects WHERE account = ? AND object = 'balance_transaction' AND deleted = 0 GROUP BY 1, 2, 3
"""

#: Amounts by currency and source type, in the smallest currency unit.
Sums = dict[str, dict[str, int]]


def record_transaction(
    ctx: Context,
    kind: str,
    amount: int,
    currency: str,
    source: str | None,
    *,
    fees: list[Json] | None = None,
    available_on: int | None = None,
    description: str | None = None,
    category: str | None = None,
) -> Json:
    """Stores and returns a balance transaction of type `kind`; its `net` is `amount` minus the fees.

    `amount` is in the smallest currency unit, negative for money that leaves the balance; `fees` come from
    `fee_detail`; `available_on` is in epoch seconds, None for now.
    """
    fees = fees or []
    fee = sum(detail["amount"] for detail in fees)
    now = ctx.now()
    ready = now if available_on is None else available_on
    row = ctx.new(
        "balance_transaction",
        amount=amount,
        available_on=ready,
        currency=currency,
        description=description,
        fee=fee,
        fee_details=fees,
        net=amount - fee,
        reporting_category=category or _CATEGORIES.get(kind, kind),
        source=source,
        status="available" if ready <= now else "pending",
        type=kind,
    )
    ctx.insert(row)
    if ready > now or (amount > 0 and kind in ("charge", "payment", "topup")):
        jobs.schedule(ctx, ready - now, {"object": "balance"}, "turned_available")
    return row


def check_funds(ctx: Context, amount: int, currency: str, what: str) -> None:
    """Raises StripeError `balance_insufficient` for an amount above the available balance."""
    has = available(ctx, currency)
    if amount > has:
        raise errors.invalid(
            f"You have insufficient available funds in your Stripe account for this {what}: "
            f"{format_amount(amount, currency)} is more than the {format_amount(has, currency)} that is available. "
            f"Try adding "
            "funds directly to your available balance by creating Charges using the 4000000000000077 test card. See: "
            "https://stripe.com/docs/testing#available-balance",
            code="balance_insufficient",
            param="amount" if what == "payout" else None,
        )


def available(ctx: Context, currency: str) -> int:
    """Returns the balance that can be paid out or transferred now, in the smallest currency unit."""
    return sum(sums(ctx)[0].get(currency, {}).values())


def sums(ctx: Context) -> tuple[Sums, Sums]:
    """Returns the available and the pending amounts (smallest currency unit), by currency and kind of source."""
    found: tuple[Sums, Sums] = ({}, {})
    for currency, is_available, source, net in ctx.session.rows(_NET, (ctx.now(), ctx.account_number)):
        of_currency = found[0 if is_available else 1].setdefault(str(currency), {})
        of_currency[str(source)] = int(str(net))
    return found


def fee_detail(amount: int, currency: str, kind: str = "stripe_fee", application: str | None = None) -> list[Json]:
    """Returns the `fee_details` of a balance transaction: one entry, or none for a fee of zero."""
    if not amount:
        return []
    detail = {"application": application, "currency": currency, "description": _FEE_NAMES.get(kind), "type": kind}
    return [{"amount": amount, **detail}]


def card_fee(amount: int, card: CardFacts | None) -> int:
    """Returns Stripe's fee for a card payment: 2.9 % + 30, rounded half up; 1.5 % more for foreign cards."""
    foreign = card is not None and card.country != "US"
    return round_half_up(amount * (CARD_PER_MILLE + (FOREIGN_PER_MILLE if foreign else 0)), 1000) + CARD_FIXED


def debit_fee(amount: int) -> int:
    """Returns Stripe's fee for a bank debit, in the smallest currency unit."""
    return min(round_half_up(amount * DEBIT_PER_MILLE, 1000), DEBIT_MOST)


def round_half_up(number: int, divisor: int) -> int:
    """Returns `number / divisor` as an integer, rounded half up."""
    return (2 * number + divisor) // (2 * divisor)


def available_on(now: int, days: int = DELAY_DAYS) -> int:
    """Returns midnight UTC a number of business days after `now`, in epoch seconds."""
    day = now // DAY
    while days:
        day += 1
        days -= is_business_day(day)
    return day * DAY


def is_business_day(day: int) -> bool:
    """Whether a day, counted from the epoch (a Thursday), is from Monday to Friday."""
    return (day + 3) % 7 < 5


def is_instant(card: CardFacts | None) -> bool:
    """Whether the funds of a payment with this card are available at once."""
    return card is not None and card.available_at_once


def balance_transaction_of(ctx: Context, obj: Mapping[str, Any]) -> Json | None:
    """Returns the balance transaction of an object, or None."""
    key = obj.get("balance_transaction")
    return ctx.find("balance_transaction", key) if isinstance(key, str) else None
