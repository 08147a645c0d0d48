"""Draft invoices: created, filled with lines, and totaled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.money import half_up
from stripe_shell.sandbox.billing.calc.periods import DAY, Period
from stripe_shell.sandbox.billing.calc.totals import AppliedTaxRate, PricedLine, Totals, totals
from stripe_shell.sandbox.objects.carried_over import customer_to_invoice, rendering_of
from stripe_shell.sandbox.objects.context import Context, Json

from . import customer_balance, discounts
from .lines import Record, item_line, records_of, show_lines


def new_draft(ctx: Context, customer: Json, *, currency: str, reason: str, period: Period, **members: Any) -> Json:
    """Returns a new draft invoice without lines; `members` override the defaults. Does not store it."""
    invoice = ctx.new(
        "invoice",
        account_country="US",
        account_name=None,
        billing_reason=reason,
        currency=currency,
        customer=customer["id"],
        issuer={"type": "self"},
        period_end=period.end,
        period_start=period.start,
        starting_balance=customer_balance.balance_in(ctx, customer, currency),
        status="draft",
        test_clock=customer.get("test_clock"),
        **customer_to_invoice(ctx, customer),
    )
    invoice |= members
    invoice["rendering"] = rendering_of(invoice, final=False)
    show_lines(invoice, ())
    return invoice


def subscription_draft(ctx: Context, customer: Json, subscription: Json, *, reason: str, period: Period) -> Json:
    """Returns a new draft invoice with the subscription's settings for invoices. Does not store it."""
    method = subscription["collection_method"]
    invoice = new_draft(
        ctx,
        customer,
        currency=subscription["currency"],
        reason=reason,
        period=period,
        automatic_tax={**(subscription["automatic_tax"] or {}), "provider": None, "status": None},
        collection_method=method,
        default_payment_method=subscription["default_payment_method"],
        default_source=subscription["default_source"],
        default_tax_rates=list(subscription["default_tax_rates"] or ()),
        description=None,
        discounts=discounts_for(customer, subscription),
        due_date=ctx.now() + (subscription["days_until_due"] or 0) * DAY if method == "send_invoice" else None,
        on_behalf_of=subscription["on_behalf_of"],
        parent={
            "quote_details": None,
            "subscription_details": {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]},
            "type": "subscription_details",
        },
    )
    invoice["automatic_tax"].pop("disabled_reason", None)
    invoice["automatic_tax"] = {"disabled_reason": None, **invoice["automatic_tax"]}
    set_auto_advance(invoice, True)
    return invoice


def discounts_for(customer: Json, subscription: Json | None) -> list[str]:
    """Returns the discount ids of a new invoice: the subscription's, or the customer's if it has none.

    Source: https://docs.stripe.com/billing/subscriptions/coupons
    """
    if subscription is not None and subscription["discounts"]:
        return list(subscription["discounts"])
    own = customer.get("discount")
    return [own["id"] if isinstance(own, dict) else own] if own else []


def set_auto_advance(invoice: Json, on: bool) -> None:
    """Sets `auto_advance` of a draft, and the times that depend on it. Mutates `invoice`.

    The times are counted from the creation, also if it is turned on later (observed in test mode recordings).
    """
    invoice["auto_advance"] = on
    charged = invoice["collection_method"] == "charge_automatically"
    invoice["automatically_finalizes_at"] = invoice["created"] + rules.FINALIZES_AFTER if on else None
    invoice["next_payment_attempt"] = invoice["created"] + rules.DRAFT_FOR if on and charged else None


def fill_draft(ctx: Context, invoice: Json, records: Iterable[Record], items: Sequence[Json] = ()) -> None:
    """Adds lines to a draft that is not stored yet: one for each invoice item, then `records`.

    Sets `invoice` of the items. Stripe lists invoice items first (observed in test mode recordings).
    """
    found = records_of(ctx, invoice)
    for item in items:
        item["invoice"] = invoice["id"]
        found.append(item_line(ctx, item, invoice))
    found.extend(records)
    recalculate(ctx, invoice)


def store_draft(ctx: Context, invoice: Json, items: Sequence[Json] = ()) -> None:
    """Stores a new draft, saves the items that it bills, and emits `invoice.created`."""
    ctx.insert(invoice)
    for item in items:
        ctx.save(item)
    ctx.emit("invoice.created", invoice)


def recalculate(ctx: Context, invoice: Json) -> Totals:
    """Recomputes an invoice's discounts, taxes and totals from its records. Mutates `invoice`; does not save it."""
    records = records_of(ctx, invoice)
    customer = ctx.find("customer", invoice["customer"]) or {}
    exempt = customer.get("tax_exempt") in ("exempt", "reverse")
    lines = [_draft_line(ctx, invoice, record, exempt) for record in records]
    offs = discounts.deductions_of(ctx, invoice["discounts"], invoice["currency"], ctx.now())
    summed = totals(lines, offs)
    for record, line, done in zip(records, lines, summed.lines, strict=True):
        shown = record["line"]
        shown["amount"] = shown["subtotal"] = line.amount
        shown["discount_amounts"] = _discount_amounts(done.discounts)
        shown["pretax_credit_amounts"] = _pretax_credits(done.discounts)
        shown["taxes"] = [tax.as_json() for tax in done.taxes]
    _write_totals(invoice, summed)
    show_lines(invoice, records)
    return summed


def _draft_line(ctx: Context, invoice: Json, record: Record, exempt: bool) -> PricedLine:
    shown = record["line"]
    rates = _rates(ctx, invoice, record)
    amount = record["gross"]
    if exempt:  # inclusive tax comes off the price, too: https://docs.stripe.com/billing/taxes/tax-rates
        inside = sum((rate.percentage for rate in rates if rate.inclusive), Fraction(0))
        amount, rates = half_up(Fraction(amount) * 100 / (100 + inside)), ()
    own = discounts.deductions_of(ctx, shown["discounts"], invoice["currency"], ctx.now())
    details = (shown["pricing"] or {}).get("price_details") or {}
    return PricedLine(amount, shown["discountable"], details.get("product"), tuple(own), rates)


def _rates(ctx: Context, invoice: Json, record: Record) -> tuple[AppliedTaxRate, ...]:
    """Returns a line's own tax rates, or the invoice's defaults if it has none."""
    names = record["rates"] or [rate["id"] for rate in invoice["default_tax_rates"]]
    found = [rate for name in names if (rate := ctx.find("tax_rate", name)) is not None]
    return tuple(
        AppliedTaxRate(rate["id"], Fraction(str(rate["percentage"])), bool(rate["inclusive"])) for rate in found
    )


def _write_totals(invoice: Json, summed: Totals) -> None:
    shipping = invoice.get("amount_shipping") or 0
    total = summed.total + shipping
    invoice |= {
        "subtotal": summed.subtotal,
        "subtotal_excluding_tax": summed.subtotal_excluding_tax,
        "total": total,
        "total_discount_amounts": _discount_amounts(summed.discounts),
        "total_excluding_tax": summed.total_excluding_tax + shipping,
        "total_pretax_credit_amounts": _pretax_credits(summed.discounts),
        "total_taxes": [tax.as_json() for tax in summed.taxes],
    }
    if invoice["status"] == "draft":
        invoice["amount_due"] = invoice["amount_remaining"] = max(total, 0)


def _discount_amounts(taken: Iterable[tuple[str, int]]) -> list[Json]:
    return [{"amount": amount, "discount": name} for name, amount in taken]


def _pretax_credits(taken: Iterable[tuple[str, int]]) -> list[Json]:
    return [{"amount": amount, "discount": name, "type": "discount"} for name, amount in taken]
