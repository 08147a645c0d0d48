"""Quotes: their line items and totals, and the invoice, subscription or schedule that acceptance creates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import QuotePrivate

from . import scheduler
from .calc.periods import DAY, Period
from .calc.totals import AppliedTaxRate, PricedLine, Totals, totals
from .invoices import discounts, draft, invoice_items, lines, prices
from .subscriptions import create, schedules

KEPT_FOR = 30 * DAY


def price_lines(ctx: Context, requested: Sequence[Mapping[str, Any]], *, counted: bool = False) -> list[Json]:
    """Returns the line items of a quote with whole prices, quantities and tax rates. Raises StripeError.

    `counted` requires a quantity of every price that is not metered, as Checkout does.
    """
    rows = []
    for index, entry in enumerate(requested):
        where = f"line_items[{index}]"
        price = _price(ctx, entry, where)
        if counted and entry.get("quantity") is None and not prices.is_metered(price):
            raise errors.invalid(f"Quantity is required. Add `quantity` to `{where}`", param=f"{where}[quantity]")
        quantity = 1 if entry.get("quantity") is None else entry["quantity"]
        if counted and quantity < 1 and not prices.is_metered(price):
            raise errors.below_minimum(f"{where}[quantity]", 1)
        rates = lines.rates_json(ctx, entry.get("tax_rates") or (), f"{where}[tax_rates]")
        rows.append({"price": price, "quantity": quantity, "rates": rates, "discounts": entry.get("discounts") or []})
    return rows


def _price(ctx: Context, entry: Mapping[str, Any], where: str) -> Json:
    if entry.get("price_data"):
        return prices.inline_price(ctx, entry["price_data"], where)
    if not entry.get("price"):
        raise errors.missing_parameter(f"{where}[price]")
    price = ctx.get("price", entry["price"], param=f"{where}[price]")
    chosen = isinstance(entry["price"], prices.ChosenPrice)
    prices.check_price(price, f"{where}[price]", recurring=price["type"] == "recurring", active=not chosen)
    return price


def set_quote_totals(ctx: Context, quote: Json) -> None:
    """Sets the totals, `computed` and line items of a quote. Mutates `quote`; does not save it."""
    hidden = ctx.private(quote, QuotePrivate)
    rows = hidden.get("rows", [])
    currency = rows[0]["price"]["currency"] if rows else quote["currency"]
    recurring = [row for row in rows if row["price"]["type"] == "recurring"]
    trial = bool((quote["subscription_data"] or {}).get("trial_period_days"))
    upfront = [row for row in rows if row["price"]["type"] != "recurring" or not trial]
    own, offs = [rate["id"] for rate in hidden.get("rates", ())], quote["discounts"]
    whole = line_totals(ctx, rows, currency, discounts_of=offs, rates=own)
    now = line_totals(ctx, upfront, currency, discounts_of=offs, rates=own)
    quote |= {
        "amount_subtotal": whole.subtotal,
        "amount_total": whole.total,
        "currency": currency,
        "total_details": details(whole),
    }
    quote["computed"] = {"recurring": None, "upfront": _tax_and_discount_sums(now)}
    if recurring:
        interval = recurring[0]["price"]["recurring"]
        quote["computed"]["recurring"] = {
            **_tax_and_discount_sums(line_totals(ctx, recurring, currency, discounts_of=offs, rates=own)),
            "interval": interval["interval"],
            "interval_count": interval["interval_count"],
        }
    url = f"/v1/quotes/{quote['id']}"
    hidden["line_items"] = line_items(ctx, rows, whole, f"{url}/line_items")
    hidden["computed_upfront_line_items"] = line_items(ctx, upfront, now, f"{url}/computed_upfront_line_items")


def line_totals(
    ctx: Context, rows: Sequence[Json], currency: str, *, discounts_of: Iterable[str] = (), rates: Sequence[str] = ()
) -> Totals:
    """Returns the totals of lines with these discounts; `rates` are tax rate ids for lines without their own."""
    priced = []
    for row in rows:
        names = [rate["id"] for rate in row["rates"]] or rates
        taxed = [rate for name in names if (rate := ctx.find("tax_rate", name)) is not None]
        priced.append(
            PricedLine(
                prices.amount(ctx, row["price"], row["quantity"], currency),
                product=row["price"]["product"],
                rates=tuple(
                    AppliedTaxRate(rate["id"], Fraction(str(rate["percentage"])), bool(rate["inclusive"]))
                    for rate in taxed
                ),
            )
        )
    return totals(priced, discounts.deductions_of(ctx, discounts_of, currency, ctx.now()))


def details(summed: Totals) -> Json:
    """Returns the `total_details` of totals: discounts and taxes."""
    return {
        "amount_discount": sum(amount for _, amount in summed.discounts),
        "amount_shipping": 0,
        "amount_tax": sum(tax.amount for tax in summed.taxes),
    }


def _tax_and_discount_sums(summed: Totals) -> Json:
    return {
        "amount_subtotal": summed.subtotal,
        "amount_total": summed.total,
        "total_details": details(summed),
    }


def line_items(ctx: Context, rows: Sequence[Json], summed: Totals, url: str) -> Json:
    """Returns lines as a Stripe list of items; `url` is the list's own."""
    data = []
    for row, done in zip(rows, summed.lines, strict=True):
        currency = row["price"]["currency"]
        amount = prices.amount(ctx, row["price"], row["quantity"], currency)
        off = sum(share for _, share in done.discounts)
        exclusive = sum(tax.amount for tax in done.taxes if not tax.inclusive)
        data.append(
            {
                "id": ctx.new_id("item"),
                "object": "item",
                "adjustable_quantity": None,
                "amount_discount": off,
                "amount_subtotal": amount,
                "amount_tax": sum(tax.amount for tax in done.taxes),
                "amount_total": amount - off + exclusive,
                "currency": currency,
                "description": prices.product_name(ctx, row["price"]),
                "metadata": {},
                "price": row["price"],
                "quantity": row["quantity"],
            }
        )
    return {"object": "list", "data": data, "has_more": False, "url": url}


# --- acceptance ------------------------------------------------------------------------------------------------------


def accept(ctx: Context, quote: Json) -> None:
    """Creates an invoice, a subscription, or a schedule if the quote starts later. Mutates `quote`."""
    rows = ctx.private(quote, QuotePrivate).get("rows", [])
    recurring = [row for row in rows if row["price"]["type"] == "recurring"]
    data = quote["subscription_data"] or {}
    starts = data.get("effective_date")
    if not recurring:
        quote["invoice"] = _create_draft(ctx, quote, rows)["id"]
    elif isinstance(starts, int) and starts > ctx.now():
        quote["subscription_schedule"] = _create_schedule(ctx, quote, rows, starts)["id"]
    else:
        subscription = _create_subscription(ctx, quote, rows)
        quote |= {"subscription": subscription["id"], "invoice": subscription["latest_invoice"]}


def _requested_item(row: Json) -> Json:
    entry: Json = {"price": prices.ChosenPrice(row["price"]["id"]), "quantity": row["quantity"]}
    if prices.is_metered(row["price"]):
        del entry["quantity"]
    if row["rates"]:
        entry["tax_rates"] = [rate["id"] for rate in row["rates"]]
    return entry


def _subscription_params(ctx: Context, quote: Json) -> Json:
    params: Json = {"customer": quote["customer"], "collection_method": quote["collection_method"]}
    if quote["collection_method"] == "send_invoice":
        params["days_until_due"] = (quote["invoice_settings"] or {}).get("days_until_due") or 30
    if quote["discounts"]:
        params["discounts"] = [{"discount": name} for name in quote["discounts"]]
    rates = ctx.private(quote, QuotePrivate).get("rates", ())
    if rates:
        params["default_tax_rates"] = [rate["id"] for rate in rates]
    return params


def _create_subscription(ctx: Context, quote: Json, rows: Sequence[Json]) -> Json:
    data = quote["subscription_data"] or {}
    params = _subscription_params(ctx, quote)
    params["items"] = [_requested_item(row) for row in rows if row["price"]["type"] == "recurring"]
    once = [_requested_item(row) for row in rows if row["price"]["type"] != "recurring"]
    if once:
        params["add_invoice_items"] = once
    params["metadata"] = dict(data.get("metadata") or {})
    if data.get("description"):
        params["description"] = data["description"]
    if data.get("trial_period_days"):
        params["trial_period_days"] = data["trial_period_days"]
    params["billing_mode"] = dict(data.get("billing_mode") or {"type": "flexible"})
    subscription = create.create_subscription(ctx, params, drafts=True)
    scheduler.schedule_next(ctx, ctx.get("customer", subscription["customer"]), subscription)
    return subscription


def _create_schedule(ctx: Context, quote: Json, rows: Sequence[Json], starts: int) -> Json:
    phase: Json = {"items": [_requested_item(row) for row in rows if row["price"]["type"] == "recurring"]}
    once = [_requested_item(row) for row in rows if row["price"]["type"] != "recurring"]
    if once:
        phase["add_invoice_items"] = once
    if quote["discounts"]:
        phase["discounts"] = [{"discount": name} for name in quote["discounts"]]
    params = {"customer": quote["customer"], "start_date": starts, "phases": [phase]}
    schedule = schedules.create(ctx, params)
    scheduler.schedule_next(ctx, ctx.get("customer", schedule["customer"]))
    return schedule


def _create_draft(ctx: Context, quote: Json, rows: Sequence[Json]) -> Json:
    """Creates the draft invoice of a quote without recurring prices."""
    customer = ctx.get("customer", quote["customer"])
    invoice = draft.new_draft(
        ctx,
        customer,
        currency=quote["currency"],
        reason="quote_accept",
        period=Period(ctx.now(), ctx.now()),
        collection_method=quote["collection_method"],
        default_tax_rates=list(ctx.private(quote, QuotePrivate).get("rates", ())),
        discounts=list(quote["discounts"]) or draft.discounts_for(customer, None),
        parent={"quote_details": {"quote": quote["id"]}, "subscription_details": None, "type": "quote_details"},
    )
    days = (quote["invoice_settings"] or {}).get("days_until_due")
    if quote["collection_method"] == "send_invoice":
        invoice["due_date"] = ctx.now() + (days or 30) * DAY
    bill_rows(ctx, invoice, customer, rows)
    return invoice


def bill_rows(ctx: Context, invoice: Json, customer: Json, rows: Iterable[Json]) -> None:
    """Creates an invoice item for each row, and stores the draft with their lines; `auto_advance` stays off."""
    waiting: list[Json] = []
    for row in rows:
        entry = {"price": prices.ChosenPrice(row["price"]["id"]), "quantity": row["quantity"]}
        item = invoice_items.build_item(ctx, customer, entry, invoice["currency"])
        item["tax_rates"] = list(row["rates"])
        item["invoice"] = invoice["id"]
        ctx.insert(item)
        ctx.emit("invoiceitem.created", item)
        waiting.insert(0, item)
    draft.set_auto_advance(invoice, False)
    draft.fill_draft(ctx, invoice, (), waiting)
    draft.store_draft(ctx, invoice, waiting)
