"""Facts computed from several members of an object: a price in words, a card by its last digits, a balance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stripe_shell.render.cards.money import decimal_money, money_text
from stripe_shell.render.cards.times import relative
from stripe_shell.render.shape import pick

#: Members that identify a payment method, besides its type.
_MARKS = ("brand", "display_brand", "bank", "bank_name", "email", "buyer_id", "cashtag", "last4")


def price_text(price: Mapping[str, Any], _now: int) -> str:
    """Returns `20.00 USD / month`, `tiered / month`, `any amount`."""
    recurring = price.get("recurring") or price
    amount, currency = price.get("unit_amount", price.get("amount")), price.get("currency")
    if amount is not None:
        words = money_text(amount, str(currency))
    elif price.get("custom_unit_amount"):
        words = "any amount"
    elif price.get("billing_scheme") == "tiered":
        words = "tiered"
    else:
        words = decimal_money(str(price.get("unit_amount_decimal") or "?"), str(currency))
    interval, count = recurring.get("interval"), recurring.get("interval_count") or 1
    return f"{words} / {interval if count == 1 else f'{count} {interval}s'}" if interval else words


def method_text(method: Mapping[str, Any], _now: int = 0) -> str:
    """Returns `visa 4242`, `sepa_debit 3000`, `link ann@example.com`."""
    kind = str(method.get("type") or "")
    details = method.get(kind) or {}
    marks = [str(details[name]) for name in _MARKS if isinstance(details, Mapping) and details.get(name)]
    marks = [mark for number, mark in enumerate(marks) if mark not in marks[:number]]
    return " ".join(marks if kind == "card" and marks else [kind, *marks]).strip()


def _expiry(method: Mapping[str, Any], _now: int) -> str:
    card = method.get("card") or {}
    return f"{card['exp_month']:02}/{card['exp_year']}" if card.get("exp_month") and card.get("exp_year") else ""


def _paid_with(charge: Mapping[str, Any], _now: int) -> str:
    return method_text(charge.get("payment_method_details") or {})


def _discount(coupon: Mapping[str, Any], _now: int) -> str:
    if coupon.get("amount_off") is not None:
        off = money_text(coupon["amount_off"], str(coupon.get("currency")))
    else:
        off = f"{coupon.get('percent_off')} %"
    months = f" {coupon['duration_in_months']} months" if coupon.get("duration_in_months") else ""
    return f"{off} off · {coupon.get('duration')}{months}"


def _next_invoice(subscription: Mapping[str, Any], now: int) -> str:
    end = pick(subscription, "items.data[0].current_period_end")
    if subscription.get("status") not in {"active", "trialing", "past_due"} or not isinstance(end, int) or end < now:
        return ""
    what = "ends" if subscription.get("cancel_at_period_end") else "next invoice"
    return f"{what} {relative(end, now, days=400)}"


def _charge_state(charge: Mapping[str, Any], _now: int) -> str:
    if charge.get("disputed"):
        return "disputed"
    if charge.get("refunded"):
        return "refunded"
    return str(charge.get("status") or "")


def _account_state(account: Mapping[str, Any], _now: int) -> str:
    if account.get("charges_enabled") and account.get("payouts_enabled"):
        return "enabled"
    return "restricted" if account.get("details_submitted") else "incomplete"


def _event_object(event: Mapping[str, Any], _now: int) -> str:
    return str(pick(event, "data.object.id") or pick(event, "related_object.id") or "")


def _event_changes(event: Mapping[str, Any], _now: int) -> str:
    return ", ".join(pick(event, "data.previous_attributes") or ())


def _percentage(rate: Mapping[str, Any], _now: int) -> str:
    inclusive = " included" if rate.get("inclusive") else ""
    return f"{rate['percentage']} %{inclusive}" if rate.get("percentage") is not None else ""


def _flag(name: str, yes: str, no: str) -> Callable[[Mapping[str, Any], int], str]:
    """Returns the function of a fact with two values, `yes` and `no`; empty if the object lacks the member."""
    return lambda obj, _now: "" if obj.get(name) is None else yes if obj[name] else no


#: The computed facts by name; each takes the object and the current time, and returns an empty text for no fact.
COMPUTED: Mapping[str, Callable[[Mapping[str, Any], int], str]] = {
    "$account_state": _account_state,
    "$active": _flag("active", "active", "archived"),
    "$charge_state": _charge_state,
    "$discount": _discount,
    "$event_changes": _event_changes,
    "$event_object": _event_object,
    "$expiry": _expiry,
    "$method": method_text,
    "$next_invoice": _next_invoice,
    "$paid_with": _paid_with,
    "$percentage": _percentage,
    "$price": price_text,
    "$reversed": _flag("reversed", "reversed", ""),
    "$standing": _flag("delinquent", "delinquent", ""),
    "$valid": _flag("valid", "valid", "expired"),
}
