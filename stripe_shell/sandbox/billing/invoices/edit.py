"""Invoices created and changed by requests, and their lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import DAY, Period
from stripe_shell.sandbox.billing.subscriptions import validate
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.echo import is_clear
from stripe_shell.sandbox.objects.private_fields import InvoicePrivate
from stripe_shell.sandbox.payments.accounts.traits import default_currency

from . import discounts, draft, invoice_items, lines

#: Parameters that are not copied to the member of the same name.
SPECIAL = (
    "auto_advance",
    "automatically_finalizes_at",
    "currency",
    "customer",
    "days_until_due",
    "default_tax_rates",
    "discounts",
    "due_date",
    "from_invoice",
    "pending_invoice_items_behavior",
    "shipping_cost",
    "subscription",
)


def create_invoice(ctx: Context, params: Json, echo: Callable[[Json, Json], None]) -> Json:
    """Stores a draft invoice, empty or with the pending items. Raises StripeError."""
    customer = _customer_from(ctx, params)
    subscription = invoice_items.subscription_of(ctx, params, customer)
    invoice = _draft_for(ctx, customer, subscription, params)
    echo(invoice, {name: value for name, value in params.items() if name not in SPECIAL})
    _collection(invoice, params, None, ctx.now())
    draft.set_auto_advance(invoice, bool(params.get("auto_advance")))
    _own_times(ctx, invoice, params)
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = lines.rates_json(ctx, params["default_tax_rates"] or (), "default_tax_rates")
    if "discounts" in params:
        invoice["discounts"] = discounts.apply_discounts(
            ctx, params["discounts"], (), customer=customer["id"], invoice=invoice["id"]
        )
    if params.get("shipping_cost"):
        _apply_shipping(ctx, invoice, params["shipping_cost"])
    validate.check_location(customer, invoice["automatic_tax"])
    _keep_sent(ctx, invoice, params)
    waiting = _pending_items(ctx, customer, subscription, invoice, params)
    draft.fill_draft(ctx, invoice, (), waiting)
    draft.store_draft(ctx, invoice, waiting)
    return invoice


def update_invoice(ctx: Context, invoice: Json, params: Json, echo: Callable[[Json, Json], None]) -> None:
    """Changes an invoice by the parameters of a request. Mutates `invoice`; does not save it. Raises StripeError."""
    echo(invoice, {name: value for name, value in params.items() if name not in SPECIAL})
    _keep_sent(ctx, invoice, params)
    if "auto_advance" in params:
        _advance(ctx, invoice, params["auto_advance"])
    if invoice["status"] != "draft":
        return
    if {"collection_method", "days_until_due", "due_date"} & set(params):
        _collection(invoice, params, invoice["due_date"], ctx.now())
        draft.set_auto_advance(invoice, invoice["auto_advance"])
    _own_times(ctx, invoice, params)
    if "default_tax_rates" in params:
        names = () if is_clear(params["default_tax_rates"]) else params["default_tax_rates"]
        invoice["default_tax_rates"] = lines.rates_json(ctx, names, "default_tax_rates")
    if "discounts" in params:
        invoice["discounts"] = discounts.apply_discounts(
            ctx, params["discounts"], invoice["discounts"], customer=invoice["customer"], invoice=invoice["id"]
        )
    if "shipping_cost" in params:
        _apply_shipping(ctx, invoice, params["shipping_cost"])
    draft.recalculate(ctx, invoice)


# --- lines -------------------------------------------------------------------------------------------------------


def add_lines(ctx: Context, invoice: Json, params: Json) -> None:
    """Adds lines to a draft: pending items, or new ones. Does not save the invoice. Raises StripeError."""
    _check_editable(invoice)
    customer = ctx.get("customer", invoice["customer"])
    for index, entry in enumerate(params["lines"]):
        where = f"lines[{index}]"
        if entry.get("invoice_item"):
            item = ctx.get("invoiceitem", entry["invoice_item"], param=f"{where}[invoice_item]")
            if item["invoice"] is not None or item["customer"] != customer["id"]:
                raise errors.invalid(
                    "Only pending invoice items of the same customer can be added.", param=f"{where}[invoice_item]"
                )
            invoice_items.alter_item(
                ctx, item, {name: value for name, value in entry.items() if name != "invoice_item"}
            )
            item["invoice"] = invoice["id"]
            ctx.save(item)
        else:
            item = invoice_items.build_item(ctx, customer, entry, invoice["currency"], where)
            item["invoice"] = invoice["id"]
            ctx.insert(item)
            ctx.emit("invoiceitem.created", item)
        invoice_items.add_to_invoice(ctx, invoice, item)
    _note_metadata(ctx, invoice, params)


def update_lines(ctx: Context, invoice: Json, params: Json) -> None:
    """Changes lines of a draft. Does not save the invoice. Raises StripeError."""
    _check_editable(invoice)
    for index, entry in enumerate(params["lines"]):
        record = _line_record(ctx, invoice, entry["id"], f"lines[{index}][id]")
        invoice_items.check_item_amount(entry, f"lines[{index}]")
        key = lines.item_of(record)
        item = ctx.find("invoiceitem", key) if key else None
        said = {name: value for name, value in entry.items() if name != "id"}
        if item is not None:
            invoice_items.alter_item(ctx, item, said)
            ctx.save(item)
            invoice_items.replace_line(ctx, invoice, item)
        else:
            _alter_line(ctx, record, said)
            draft.recalculate(ctx, invoice)
    _note_metadata(ctx, invoice, params)


def remove_lines(ctx: Context, invoice: Json, params: Json) -> None:
    """Removes lines of a draft; `behavior` deletes their items or makes them pending again.

    Does not save the invoice. Raises StripeError.
    """
    _check_editable(invoice)
    for index, entry in enumerate(params["lines"]):
        record = _line_record(ctx, invoice, entry["id"], f"lines[{index}][id]")
        key = lines.item_of(record)
        item = ctx.find("invoiceitem", key) if key else None
        if item is not None and entry["behavior"] == "delete":
            last = dict(item)
            ctx.delete(item)
            ctx.emit("invoiceitem.deleted", last)
        elif item is not None:
            item["invoice"] = None
            ctx.save(item)
        records = lines.records_of(ctx, invoice)
        records[:] = [other for other in records if other is not record]
        draft.recalculate(ctx, invoice)
    _note_metadata(ctx, invoice, params)


def _alter_line(ctx: Context, record: lines.Record, params: Mapping[str, Any]) -> None:
    """Changes a line that bills a subscription item. Mutates `record`."""
    line = record["line"]
    if "amount" in params:
        record["gross"] = params["amount"]
    for name in ("description", "discountable", "metadata", "period"):
        if name in params:
            line[name] = params[name]
    if params.get("quantity") is not None and line["quantity"]:
        record["gross"] = record["gross"] * params["quantity"] // line["quantity"]
        line["quantity"], line["quantity_decimal"] = params["quantity"], str(params["quantity"])
    if "tax_rates" in params:
        names = () if is_clear(params["tax_rates"]) else params["tax_rates"]
        record["rates"] = [rate["id"] for rate in lines.rates_json(ctx, names, "tax_rates")]


def _line_record(ctx: Context, invoice: Json, key: str, param: str) -> lines.Record:
    for record in lines.records_of(ctx, invoice):
        if record["line"]["id"] == key:
            return record
    raise errors.missing("invoice line item", key, param=param)


def _check_editable(invoice: Json) -> None:
    if invoice["status"] != "draft":
        raise errors.invalid("Invalid invoice: This invoice is no longer editable", code="invoice_not_editable")


def _note_metadata(ctx: Context, invoice: Json, params: Json) -> None:
    if "invoice_metadata" in params:
        ctx.resource("invoice").echo(invoice, {"metadata": params["invoice_metadata"]})


def _keep_sent(ctx: Context, invoice: Json, params: Json) -> None:
    """Stores the fee and the transfer of a request as private fields: the newest version does not show them."""
    sent: Json = {name: params[name] or None for name in ("application_fee_amount", "transfer_data") if name in params}
    if sent:
        hidden = ctx.private(invoice, InvoicePrivate)
        hidden["sent"] = {**hidden.get("sent", {}), **sent}


# --- creation ----------------------------------------------------------------------------------------------------


def _customer_from(ctx: Context, params: Json) -> Json:
    copied = params.get("from_invoice")
    if copied and not params.get("customer"):
        params["customer"] = ctx.get("invoice", copied["invoice"], param="from_invoice[invoice]")["customer"]
    if not params.get("customer"):
        raise errors.missing_parameter("customer")
    return ctx.get("customer", params["customer"], param="customer")


def _draft_for(ctx: Context, customer: Json, subscription: Json | None, params: Json) -> Json:
    now = ctx.now()
    period = Period(now, now)
    if subscription is not None:
        invoice = draft.subscription_draft(ctx, customer, subscription, reason="manual", period=period)
        return invoice | {"collection_method": "charge_automatically", "due_date": None, "metadata": {}}
    names = draft.discounts_for(customer, None)
    currency = _invoice_currency(ctx, customer, params)
    return draft.new_draft(ctx, customer, currency=currency, reason="manual", period=period, discounts=names)


def _invoice_currency(ctx: Context, customer: Json, params: Json) -> str:
    """Returns the requested currency, else the first included pending item's, else the customer's."""
    if params.get("currency"):
        return str(params["currency"]).lower()
    if params.get("pending_invoice_items_behavior") == "include":
        waiting = [item for item in ctx.iterate("invoiceitem", customer=customer["id"]) if item["invoice"] is None]
        if waiting:
            return str(waiting[-1]["currency"])
    return str(customer.get("currency") or default_currency(ctx))


def _pending_items(ctx: Context, customer: Json, subscription: Json | None, invoice: Json, params: Json) -> list[Json]:
    """Returns the pending items that the invoice includes."""
    if subscription is not None:
        bound = lines.pending_items(ctx, customer["id"], None, invoice["currency"])
        return [item for item in bound if lines.bound_subscription(ctx, item) == subscription["id"]]
    if params.get("pending_invoice_items_behavior") != "include":
        return []
    return lines.pending_items(ctx, customer["id"], None, invoice["currency"])


def _collection(invoice: Json, params: Json, due_date: int | None, now: int) -> None:
    """Sets the due date by the collection method. Mutates `invoice`.

    Raises StripeError if they conflict, and for a due date in the past.
    """
    term = params.get("due_date") or params.get("days_until_due")
    if params.get("due_date") and params.get("days_until_due") is not None:
        raise errors.exclusive("due_date", "days_until_due")
    if invoice["collection_method"] != "send_invoice":
        if term is not None:
            raise errors.invalid(
                "You can only specify 'due_date' or 'days_until_due' if invoice collection method is 'send_invoice'."
            )
        invoice["due_date"] = None
        return
    if params.get("days_until_due") is None and not params.get("due_date") and due_date is None:
        raise errors.invalid(
            "If invoice collection method is 'send_invoice', you must specify 'due_date' or 'days_until_due'."
        )
    if params.get("due_date") and params["due_date"] <= now:
        raise errors.in_the_past("due_date", params["due_date"])
    if params.get("days_until_due") is not None:
        due_date = invoice["created"] + params["days_until_due"] * DAY
    invoice["due_date"] = params.get("due_date") or due_date


def _own_times(ctx: Context, invoice: Json, params: Json) -> None:
    """Sets a requested `automatically_finalizes_at`, which turns `auto_advance` on. Mutates `invoice`."""
    asked = params.get("automatically_finalizes_at")
    if asked is None:
        return
    if asked <= ctx.now():
        raise errors.in_the_past("automatically_finalizes_at", asked)
    draft.set_auto_advance(invoice, True)
    invoice["automatically_finalizes_at"] = asked
    if invoice["next_payment_attempt"] is not None:
        invoice["next_payment_attempt"] = asked


def _advance(ctx: Context, invoice: Json, on: bool) -> None:
    if invoice["status"] == "draft":
        draft.set_auto_advance(invoice, on)
        return
    invoice["auto_advance"] = on and invoice["status"] == "open"
    charged = invoice["collection_method"] == "charge_automatically"
    invoice["next_payment_attempt"] = ctx.now() + 3600 if invoice["auto_advance"] and charged else None


def _apply_shipping(ctx: Context, invoice: Json, shipping: Any) -> None:
    """Sets the shipping cost from a shipping rate. Mutates `invoice`."""
    if is_clear(shipping):
        invoice |= {"amount_shipping": 0, "shipping_cost": None}
        return
    rate = _shipping_rate(ctx, shipping)
    fixed = rate.get("fixed_amount") or {}
    amount = int(fixed.get("amount") or 0)
    invoice["amount_shipping"] = amount
    invoice["shipping_cost"] = {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": rate["id"],
    }


def _shipping_rate(ctx: Context, shipping: Mapping[str, Any]) -> Json:
    if shipping.get("shipping_rate"):
        return ctx.get("shipping_rate", shipping["shipping_rate"], param="shipping_cost[shipping_rate]")
    if not shipping.get("shipping_rate_data"):
        raise errors.missing_parameter("shipping_cost[shipping_rate]")
    rate: Any = ctx.resource("shipping_rate").create(ctx, dict(shipping["shipping_rate_data"]))
    return dict(rate)
