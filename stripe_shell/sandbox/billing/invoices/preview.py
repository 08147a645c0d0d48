"""Previews of invoices: the change or renewal is applied in a transaction that is rolled back.

Source: https://docs.stripe.com/invoicing/preview
"""

from __future__ import annotations

import json
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.periods import DAY, Period
from stripe_shell.sandbox.billing.subscriptions import create, items, proration
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.payments.accounts.traits import default_currency

from . import customer_balance, draft, invoice_items, lines

PREFIX = "upcoming_in_"

#: The kind under which previews are stored: they can be retrieved by id and are in no list.
_KIND = "invoice_preview"
_KEPT_FOR = 3 * DAY

_OF_THE_UPDATE = (
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "default_tax_rates",
    "items",
    "proration_behavior",
    "proration_date",
    "trial_end",
)


def preview(ctx: Context, params: Json) -> Json:
    """Returns and stores a preview of the next invoice of a customer or a subscription. Raises StripeError."""
    with ctx.dry_run() as inner:
        invoice = _simulated(inner, params)
        text = json.dumps(_as_preview(inner, invoice))
    shown: Json = json.loads(text)
    ctx.session.insert(ctx.account_number, _KIND, shown["id"], created=ctx.now(), json=text)
    return shown


def stored(ctx: Context, key: str) -> Json | None:
    """Returns a preview of the last 72 hours by its id, or None."""
    row = ctx.session.get(ctx.account_number, _KIND, key)
    if row is None or row.created < ctx.now() - _KEPT_FOR:
        return None
    invoice: Json = json.loads(row.json)
    return invoice


def upcoming(ctx: Context, subscription: Json) -> Json | None:
    """Returns the invoice that `invoice.upcoming` shows for a subscription, without an id; None if there is none."""
    with ctx.dry_run() as inner:
        own = inner.get("subscription", subscription["id"])
        try:
            invoice = _as_preview(inner, _renewal(inner, own, {}))
        except errors.StripeError:
            return None
    del invoice["id"]
    return invoice


def _simulated(ctx: Context, params: Json) -> Json:
    details = dict(params.get("subscription_details") or {})
    if params.get("subscription"):
        subscription = ctx.get("subscription", params["subscription"], param="subscription")
        if subscription["status"] in rules.OVER:
            raise _nothing_to_preview()
        return _preview_subscription(ctx, subscription, details, params)
    if params.get("schedule"):
        schedule = ctx.get("subscription_schedule", params["schedule"], param="schedule")
        if schedule["subscription"]:
            return _preview_subscription(ctx, ctx.get("subscription", schedule["subscription"]), details, params)
        first = schedule["phases"][0]
        entries = [{"price": item["price"], "quantity": item.get("quantity")} for item in first["items"]]
        return _preview_new(ctx, ctx.get("customer", schedule["customer"]), {"items": entries}, params)
    customer = _customer_for(ctx, params)
    if details.get("items"):
        return _preview_new(ctx, customer, details, params)
    return _preview_items(ctx, customer, params)


def _customer_for(ctx: Context, params: Json) -> Json:
    if params.get("customer"):
        return ctx.get("customer", params["customer"], param="customer")
    details = params.get("customer_details")
    if details is None:
        raise errors.missing_parameter("customer")
    customer = ctx.new("customer", balance=0)
    customer |= {name: details[name] for name in ("address", "shipping", "tax_exempt") if details.get(name)}
    ctx.insert(customer)
    return customer


def _preview_subscription(ctx: Context, subscription: Json, details: Json, params: Json) -> Json:
    """Returns the next invoice of a subscription after the changes in `details`."""
    known = {invoice["id"] for invoice in ctx.all("invoice", subscription=subscription["id"])}
    if details.pop("cancel_now", False):
        proration.credit_all(ctx, subscription)
        return _collect_invoice(ctx, subscription, params, [], Period(subscription["start_date"], ctx.now()))
    update: Json = {name: details[name] for name in _OF_THE_UPDATE if name in details}
    if update:
        ctx.resource("subscription").update(ctx, subscription, {**update, "payment_behavior": "default_incomplete"})
    created = [invoice for invoice in ctx.all("invoice", subscription=subscription["id"]) if invoice["id"] not in known]
    if created:
        return created[0]
    if subscription["status"] == "paused" or subscription["cancel_at_period_end"]:
        waiting = lines.pending_items(ctx, subscription["customer"], subscription["id"], subscription["currency"])
        if not waiting:
            raise _nothing_to_preview()
    return _renewal(ctx, subscription, params)


def _renewal(ctx: Context, subscription: Json, params: Json) -> Json:
    """Returns the invoice for the end of the current period."""
    from stripe_shell.sandbox.billing.subscriptions import renew

    own = items.items_of(ctx, subscription)
    end = items.first_end(own)
    period = Period(min(item["current_period_start"] for item in own), end)
    renew.end_offers(ctx, subscription, own, end, alone=True)
    records = [] if subscription["cancel_at_period_end"] else renew.next_records(ctx, subscription, own, end)
    if params.get("preview_mode") == "recurring":
        return _collect_invoice(ctx, subscription, params, records, period, sweeps=False)
    return _collect_invoice(ctx, subscription, params, records, period)


def _preview_new(ctx: Context, customer: Json, details: Json, params: Json) -> Json:
    """Returns the first invoice of a subscription that does not exist yet."""
    wanted = {name: details[name] for name in (*_OF_THE_UPDATE, "billing_mode", "start_date") if name in details}
    wanted = {name: value for name, value in wanted.items() if value not in ("now", "unchanged") or name == "trial_end"}
    wanted |= {"customer": customer["id"], "payment_behavior": "default_incomplete"}
    if details.get("start_date") not in (None, "now") and details["start_date"] < ctx.now():
        wanted["backdate_start_date"] = details["start_date"]
    wanted.pop("start_date", None)
    for name in ("discounts", "currency", "automatic_tax"):
        if params.get(name):
            wanted[name] = params[name]
    wanted["items"] = [
        {name: value for name, value in entry.items() if name not in ("id", "deleted", "clear_usage")}
        for entry in wanted.get("items", ())
    ]
    extra = _extra_items(ctx, customer, params, None)
    subscription = create.create_subscription(ctx, wanted, drafts=True)
    invoice = ctx.find("invoice", subscription["latest_invoice"] or "")
    if invoice is None:
        return _renewal(ctx, subscription, params)
    if params.get("preview_mode") == "recurring" and extra:
        records = lines.records_of(ctx, invoice)
        records[:] = [record for record in records if lines.item_of(record) is None]
        draft.recalculate(ctx, invoice)
    return invoice


def _preview_items(ctx: Context, customer: Json, params: Json) -> Json:
    """Returns a customer's next invoice: that of the first subscription to renew, else of the pending items."""
    alive = [sub for sub in ctx.all("subscription", customer=customer["id"]) if sub["status"] not in rules.OVER]
    if alive:
        first = min(alive, key=lambda sub: items.first_end(sub["items"]["data"]))
        return _renewal(ctx, first, params)
    _extra_items(ctx, customer, params, None)
    waiting = [item for item in ctx.iterate("invoiceitem", customer=customer["id"]) if item["invoice"] is None]
    if not waiting:
        raise _nothing_to_preview()
    currency = params.get("currency") or waiting[-1]["currency"]
    taken = lines.pending_items(ctx, customer["id"], None, currency)
    period = Period(ctx.now(), ctx.now())
    invoice = draft.new_draft(
        ctx,
        customer,
        currency=currency,
        reason="upcoming",
        period=period,
        discounts=draft.discounts_for(customer, None),
    )
    _set_discounts(ctx, invoice, params)
    draft.fill_draft(ctx, invoice, (), taken)
    return invoice


def _collect_invoice(
    ctx: Context, subscription: Json, params: Json, records: list[lines.Record], period: Period, *, sweeps: bool = True
) -> Json:
    """Returns an invoice of these lines and, with `sweeps`, of the pending items."""
    customer = ctx.get("customer", subscription["customer"])
    _extra_items(ctx, customer, params, subscription)
    waiting = lines.pending_items(ctx, customer["id"], subscription["id"], subscription["currency"]) if sweeps else []
    if not records and not waiting:
        raise _nothing_to_preview()
    invoice = draft.subscription_draft(ctx, customer, subscription, reason="upcoming", period=period)
    _set_discounts(ctx, invoice, params)
    draft.fill_draft(ctx, invoice, records, waiting)
    invoice["next_payment_attempt"] = period.end + 3600
    return invoice


def _set_discounts(ctx: Context, invoice: Json, params: Json) -> None:
    from . import discounts

    if "discounts" in params:
        invoice["discounts"] = discounts.apply_discounts(
            ctx, params["discounts"], invoice["discounts"], customer=invoice["customer"], invoice=invoice["id"]
        )


def _extra_items(ctx: Context, customer: Json, params: Json, subscription: Json | None) -> list[Json]:
    """Applies the `invoice_items` parameter: changes pending items, creates new ones, and returns both."""
    made = []
    for index, given in enumerate(params.get("invoice_items") or ()):
        entry = dict(given)
        key = entry.pop("invoiceitem", None)
        if key:
            item = ctx.get("invoiceitem", key, param=f"invoice_items[{index}][invoiceitem]")
            invoice_items.alter_item(ctx, item, entry)
            ctx.save(item)
        else:
            if "unit_amount" in entry:
                entry["unit_amount_decimal"] = str(entry.pop("unit_amount"))
            currency = _entry_currency(ctx, entry, subscription, customer, params)
            item = invoice_items.build_item(ctx, customer, entry, currency, f"invoice_items[{index}]")
            ctx.insert(item)
        made.append(item)
    return made


def _entry_currency(ctx: Context, entry: Json, subscription: Json | None, customer: Json, params: Json) -> str:
    if entry.get("price"):
        return str(ctx.get("price", entry["price"], param="price")["currency"])
    data: dict[str, Any] = entry.get("price_data") or {}
    found = entry.get("currency") or data.get("currency") or (subscription or {}).get("currency")
    return str(found or params.get("currency") or customer.get("currency") or default_currency(ctx))


def _as_preview(ctx: Context, invoice: Json) -> Json:
    """Returns the invoice as a preview: a draft with preview ids, without number, payment and timestamps."""
    shown = dict(invoice)
    shown |= {
        "id": f"{PREFIX}{invoice['id'].removeprefix('in_')}",
        "amount_due": _amount_due(ctx, invoice),
        "billing_reason": "upcoming",
        "ending_balance": None,
        "number": None,
        "status": "draft",
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "effective_at": None,
        "automatically_finalizes_at": None,
        "attempted": False,
        "attempt_count": 0,
        "amount_paid": 0,
    }
    shown["amount_remaining"] = shown["amount_due"]
    shown["status_transitions"] = dict.fromkeys(invoice["status_transitions"])
    records = [
        {**record["line"], "id": record["line"]["id"].replace("il_", "il_tmp_", 1), "invoice": shown["id"]}
        for record in lines.records_of(ctx, invoice)
    ]
    shown["lines"] = {
        "object": "list",
        "data": records,
        "has_more": False,
        "total_count": len(records),
        "url": f"/v1/invoices/{shown['id']}/lines",
    }
    return shown


def _amount_due(ctx: Context, invoice: Json) -> int:
    """Returns the amount due after the customer's balance is applied."""
    if invoice["status"] != "draft":
        return int(invoice["amount_due"])
    customer = ctx.find("customer", invoice["customer"])
    balance = customer_balance.balance_in(ctx, customer, invoice["currency"]) if customer else 0
    return max(int(invoice["total"]) + balance, 0) if invoice["total"] > 0 else 0


def _nothing_to_preview() -> errors.StripeError:
    return errors.invalid(
        "No upcoming invoices for this customer or subscription.", code="invoice_upcoming_none", status=404
    )
