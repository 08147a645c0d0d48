"""Invoice lines and invoice items: their members, their descriptions, and which items an invoice may bill.

A record `{"line": …, "rates": […], "gross": …}` is a line with what Stripe does not show of it: the ids of its own tax
rates, and its amount including a tax that an exempt customer does not owe. An invoice stores its records in a private
field; its `lines` member shows the first ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.money import half_up
from stripe_shell.sandbox.billing.calc.periods import Period, date_text
from stripe_shell.sandbox.billing.calc.proration import debit
from stripe_shell.sandbox.objects.carried_over import counted_product
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import InvoiceItemPrivate, InvoicePrivate

from . import prices

Record = Json

#: The number of lines in an invoice's `lines` member; `/v1/invoices/{id}/lines` lists all.
SHOWN = 10


def subscription_line(
    ctx: Context,
    subscription: Json,
    item: Json,
    period: Period,
    *,
    amount: int,
    description: str,
    quantity: int,
    proration: bool = False,
) -> Record:
    """Returns the line that bills a subscription item for a period."""
    price = item["price"]
    unit = None if proration else (prices.in_currency(ctx, price, subscription["currency"]) or price)
    line = ctx.new(
        "line_item",
        amount=amount,
        currency=subscription["currency"],
        description=description,
        discountable=not proration,
        discounts=list(item["discounts"]),
        metadata=dict(item["metadata"] or subscription["metadata"]),
        parent=_item_parent(subscription, item, proration),
        period=period.as_json(),
        pricing=pricing(price, unit["unit_amount_decimal"] if unit else None),
        quantity=quantity,
        quantity_decimal=str(quantity),
        subscription=subscription["id"],
        subtotal=amount,
    )
    return {"line": line, "rates": [rate["id"] for rate in item["tax_rates"] or ()], "gross": amount}


def whole_period_lines(ctx: Context, subscription: Json, item: Json, period: Period, quantity: int) -> list[Record]:
    """Returns the lines that bill a subscription item for a whole period: one, or one for each part of its tiers."""
    price, currency = item["price"], subscription["currency"]
    records = []
    for part in prices.parts_by_tier(ctx, price, quantity, currency):
        units = half_up(part.units)
        what = prices.product_name(ctx, price) if part.unit is None else _counted(ctx, price, units)
        text = f"{what} ({prices.tier_text(price, part, currency)})"
        record = subscription_line(
            ctx, subscription, item, period, amount=half_up(part.amount), description=text, quantity=units
        )
        record["line"]["pricing"]["unit_amount_decimal"] = None if part.unit is None else prices.decimal_text(part.unit)
        records.append(record)
    if records:
        return records
    amount = prices.amount(ctx, price, quantity, currency)
    text = full_text(ctx, price, quantity, currency)
    return [subscription_line(ctx, subscription, item, period, amount=amount, description=text, quantity=quantity)]


def part_line(ctx: Context, subscription: Json, item: Json, period: Period, whole: Period, *, quantity: int) -> Record:
    """Returns the line that bills a subscription item for a part of a whole period."""
    exact = prices.exact_amount(ctx, item["price"], quantity, subscription["currency"])
    amount = debit(exact, Fraction(period.length, whole.length))
    text = part_text(ctx, item["price"], quantity, period)
    return subscription_line(ctx, subscription, item, period, amount=amount, description=text, quantity=quantity)


def _item_parent(subscription: Json, item: Json, proration: bool) -> Json:
    """Returns the `parent` of a line that bills a subscription item."""
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": proration,
            "proration_details": {"credited_items": None},
            "subscription": subscription["id"],
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }


def item_line(ctx: Context, item: Json, invoice: Json) -> Record:
    """Returns the line that bills an invoice item on an invoice."""
    parent = (item["parent"] or {}).get("subscription_details") or {}
    subscription = parent.get("subscription") or ctx.private(item, InvoiceItemPrivate).get("subscription")
    line = ctx.new(
        "line_item",
        amount=item["amount"],
        currency=item["currency"],
        description=item["description"],
        discountable=item["discountable"],
        discounts=list(item["discounts"] or ()),
        invoice=invoice["id"],
        metadata=dict(item["metadata"] or {}),
        parent=_invoice_item_parent(item, subscription, invoice),
        period=dict(item["period"]),
        pricing=item["pricing"],
        quantity=item["quantity"],
        quantity_decimal=item["quantity_decimal"],
        subscription=subscription,
        subtotal=item["amount"],
    )
    return {"line": line, "rates": [rate["id"] for rate in item["tax_rates"] or ()], "gross": item["amount"]}


def _invoice_item_parent(item: Json, subscription: str | None, invoice: Json) -> Json:
    """Returns the `parent` of a line that bills an invoice item.

    A proration that an update bills at once, and one in a preview, is a subscription item's (recorded); one that waited
    for the renewal is an invoice item's.
    """
    credited = (item.get("proration_details") or {}).get("credited_items")
    details = {
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": {"credited_items": (credited or {}).get("invoice_line_item_details")},
        "subscription": subscription,
    }
    own = ((item["parent"] or {}).get("subscription_details") or {}).get("subscription_item")
    at_once = invoice["billing_reason"] in ("subscription_update", "upcoming")
    if not (item["proration"] and own and at_once):
        return {"invoice_item_details": details, "subscription_item_details": None, "type": "invoice_item_details"}
    details["subscription_item"] = own
    return {"invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details"}


def item_of(record: Record) -> str | None:
    """Returns the id of the invoice item that a line bills, or None."""
    parent = record["line"]["parent"] or {}
    details = parent.get("invoice_item_details") or parent.get("subscription_item_details") or {}
    key = details.get("invoice_item")
    return str(key) if key else None


def billed_item(line: Json) -> str | None:
    """Returns the id of the subscription item that a line bills for a period; None for prorations and other lines."""
    details = (line["parent"] or {}).get("subscription_item_details") or {}
    return None if details.get("proration") else details.get("subscription_item")


def pricing(price: Mapping[str, Any], unit: str | None) -> Json:
    """Returns the `pricing` of a line or an item; `unit` is the unit amount as text, None for prorations."""
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": unit,
    }


def show_lines(invoice: Json, records: Sequence[Record]) -> None:
    """Sets `lines` of the invoice to its first records. Mutates `invoice` and the lines."""
    for record in records:
        record["line"]["invoice"] = invoice["id"]
    invoice["lines"] = {
        "object": "list",
        "data": [record["line"] for record in records[:SHOWN]],
        "has_more": len(records) > SHOWN,
        "total_count": len(records),
        "url": f"/v1/invoices/{invoice['id']}/lines",
    }


def records_of(ctx: Context, invoice: Json) -> list[Record]:
    """Returns the list of all records of an invoice; after a change to it call `draft.recalculate`."""
    records: list[Record] = ctx.private(invoice, InvoicePrivate).setdefault("lines", [])
    return records


def full_text(ctx: Context, price: Json, quantity: int, currency: str) -> str:
    """Returns the description of a whole period: `1 x Gold (at $10.00 / month)`, with a multiplication sign."""
    return f"{_counted(ctx, price, quantity)} ({prices.price_text(ctx, price, currency)})"


def trial_text(ctx: Context, price: Json, quantity: int) -> str:
    """Returns the description of a trial: `Free trial for 1 x Gold`."""
    return f"Free trial for {_counted(ctx, price, quantity)}"


def part_text(ctx: Context, price: Json, quantity: int, period: Period) -> str:
    """Returns the description of a partial period: `Time on Gold from 05 Mar 2027 until 01 Apr 2027`."""
    what = product_text(ctx, price, quantity)
    return f"Time on {what} from {date_text(period.start)} until {date_text(period.end)}"


def proration_text(word: str, what: str, off: str, time: int) -> str:
    """Returns the description of a proration: `Unused time on 2 x Gold (with 10.0% off) after 05 Mar 2027`."""
    return f"{word} time on {what}{off} after {date_text(time)}"


def product_text(ctx: Context, price: Json, quantity: int) -> str:
    """Returns the product in the text of a part of a period, with the quantity above one."""
    return _counted(ctx, price, quantity) if quantity > 1 else prices.product_name(ctx, price)


def _counted(ctx: Context, price: Json, quantity: int) -> str:
    return counted_product(prices.product_of(ctx, price), prices.product_name(ctx, price), quantity)


def new_invoice_item(ctx: Context, customer: Json, **members: Any) -> Json:
    """Returns a new invoice item; `members` override the defaults of a one-off amount. Does not store it."""
    now = ctx.now()
    defaults: Json = {
        "customer": customer["id"],
        "date": now,
        "discountable": True,
        "discounts": [],
        "frozen_fields": [],
        "invoice": None,
        "parent": None,
        "period": {"end": now, "start": now},
        "proration": False,
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": customer.get("test_clock"),
    }
    item = ctx.new("invoiceitem", **(defaults | members))
    item["net_amount"] = item["amount"]
    return item


def proration_item(
    ctx: Context,
    subscription: Json,
    item: Json,
    *,
    amount: int,
    description: str,
    period: Period,
    quantity: int,
    credited: Json | None,
) -> Json:
    """Stores a pending item that credits or charges part of a period, and emits `invoiceitem.created`."""
    made = new_invoice_item(
        ctx,
        ctx.get("customer", subscription["customer"]),
        amount=amount,
        currency=subscription["currency"],
        description=description,
        discountable=False,
        frozen_fields=["pricing", "quantity", "discounts"],
        metadata=dict(item["metadata"]),
        parent={
            "subscription_details": {"subscription": subscription["id"], "subscription_item": item["id"]},
            "type": "subscription_details",
        },
        period=period.as_json(),
        pricing=pricing(item["price"], None),
        proration=True,
        proration_details={"credited_items": credited, "discount_amounts": []},
        quantity=quantity,
        quantity_decimal=str(quantity),
        tax_rates=list(item["tax_rates"] or ()),
    )
    ctx.insert(made)
    ctx.emit("invoiceitem.created", made)
    return made


def pending_items(ctx: Context, customer: str, subscription: str | None, currency: str) -> list[Json]:
    """Returns the customer's pending items that an invoice of this subscription may bill, newest first.

    Without a subscription: all of the customer's pending items, which a manual invoice may bill.
    """
    waiting = []
    for item in ctx.iterate("invoiceitem", customer=customer):
        if item["invoice"] is not None or item["currency"] != currency:
            continue
        bound = bound_subscription(ctx, item)
        if subscription is None or bound in (None, subscription):
            waiting.append(item)
    return waiting


def bound_subscription(ctx: Context, item: Json) -> str | None:
    """Returns the id of the only subscription that may bill an item, or None."""
    parent = (item["parent"] or {}).get("subscription_details") or {}
    bound = parent.get("subscription") or ctx.private(item, InvoiceItemPrivate).get("subscription")
    return str(bound) if bound else None


def rates_json(ctx: Context, names: Iterable[str], param: str) -> list[Json]:
    """Returns the whole tax rates for ids. Raises StripeError for an unknown id, or for too many."""
    given = list(names)
    if len(given) > rules.MAX_TAX_RATES:
        raise errors.invalid(f"You can pass at most {rules.MAX_TAX_RATES} tax rates.", param=param)
    return [dict(ctx.get("tax_rate", name, param=f"{param}[{index}]")) for index, name in enumerate(given)]


def quantity_text(value: Fraction | int) -> str:
    """Formats a number of units as a decimal."""
    number = Fraction(value)
    return str(number.numerator) if number.denominator == 1 else str(float(number))
