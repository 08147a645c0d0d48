"""Invoice items created, changed and deleted by requests; on a draft they change its totals."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import customer_currency
from stripe_shell.sandbox.billing.calc.money import half_up
from stripe_shell.sandbox.currencies import check_step
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.echo import is_clear, merge_metadata
from stripe_shell.sandbox.objects.private_fields import InvoiceItemPrivate
from stripe_shell.sandbox.payments.accounts.traits import default_currency

from . import discounts, draft, lines, prices

_GONE = "This invoice item has been deleted."


def create_item(ctx: Context, params: Json) -> Json:
    """Stores an item of a customer, pending or on the draft that `invoice` specifies. Raises StripeError."""
    customer = _customer_of(ctx, params)
    invoice = _draft_of(ctx, params["invoice"], customer) if params.get("invoice") else None
    subscription = subscription_of(ctx, params, customer)
    currency = _item_currency(ctx, params, invoice, subscription, customer)
    if invoice is None:
        customer_currency.check(ctx, customer["id"], currency, beside_items=True)
    item = build_item(ctx, customer, params, currency)
    if subscription is not None:
        ctx.private(item, InvoiceItemPrivate)["subscription"] = subscription["id"]
        item["parent"] = {
            "subscription_details": {"subscription": subscription["id"]},
            "type": "subscription_details",
        }
    if invoice is not None:
        item["invoice"] = invoice["id"]
    ctx.insert(item)
    ctx.emit("invoiceitem.created", item)
    if invoice is not None:
        add_to_invoice(ctx, invoice, item)
        _emit_updated(ctx, invoice)
    return item


def _period(given: Json) -> Json:
    """Returns the period of an item. Raises StripeError for an end before the start."""
    if given["end"] < given["start"]:
        raise errors.invalid("The end of the period must be greater than or equal to its start.", param="period[end]")
    return {"end": given["end"], "start": given["start"]}


def build_item(ctx: Context, customer: Json, params: Mapping[str, Any], currency: str, where: str = "") -> Json:
    """Returns an item from the parameters of a request. Does not store it. Raises StripeError."""
    check_item_amount(params, where)
    price = prices.price_from(ctx, params, where, recurring=False)
    quantity = _quantity(params)
    if price is None and "amount" not in params and params.get("unit_amount_decimal") is None:
        raise errors.missing_parameter(f"{where}[amount]" if where else "amount")
    if price is None:
        price, quantity = _one_off_price(ctx, params, currency, quantity)
    elif prices.in_currency(ctx, price, currency) is None:
        raise errors.invalid(
            f"The price specified only supports `{price['currency']}`. This doesn't match the expected currency: "
            f"`{currency}`.",
            param="price",
        )
    seen = prices.in_currency(ctx, price, currency) or price
    amount = half_up(prices.exact_amount(ctx, price, quantity, currency))
    check_step(amount, currency, f"{where}[amount]" if where else "amount")
    item = lines.new_invoice_item(
        ctx,
        customer,
        amount=amount,
        currency=currency,
        description=params.get("description") or (None if "amount" in params else prices.product_name(ctx, price)),
        discountable=params.get("discountable", amount >= 0),
        metadata=merge_metadata({}, params.get("metadata") or {}),
        pricing=lines.pricing(price, seen["unit_amount_decimal"]),
        quantity=int(quantity),
        quantity_decimal=lines.quantity_text(quantity),
        tax_rates=lines.rates_json(ctx, params.get("tax_rates") or (), "tax_rates"),
    )
    if params.get("period"):
        item["period"] = _period(params["period"])
    item["discounts"] = discounts.apply_discounts(
        ctx, params.get("discounts"), (), customer=customer["id"], invoice_item=item["id"]
    )
    return item


def update_item(ctx: Context, item: Json, params: Json) -> None:
    """Changes and saves an item, and recomputes its draft. Raises StripeError."""
    invoice = _editable(ctx, item, _GONE)
    check_item_amount(params, "")
    frozen = [name for name in item.get("frozen_fields") or () if name in params]
    if item["proration"] and (frozen or {"amount", "unit_amount_decimal", "price_data"} & set(params)):
        raise errors.invalid(
            "You cannot change the amount, price or quantity of a proration.", param=(*frozen, "amount")[0]
        )
    alter_item(ctx, item, params)
    ctx.save(item)
    if invoice is not None:
        replace_line(ctx, invoice, item)
        _emit_updated(ctx, invoice)


def alter_item(ctx: Context, item: Json, params: Mapping[str, Any]) -> None:
    """Applies changed parameters to an item. Mutates `item`; does not save it."""
    if {"amount", "quantity", "quantity_decimal", "unit_amount_decimal", "pricing", "price_data", "price"} & set(
        params
    ):
        _reprice(ctx, item, params)
    if "description" in params:
        item["description"] = params["description"] or None
    if "discountable" in params:
        item["discountable"] = params["discountable"]
    if "metadata" in params:
        item["metadata"] = merge_metadata(item["metadata"] or {}, params["metadata"])
    if params.get("period"):
        item["period"] = _period(params["period"])
    if "tax_rates" in params:
        names = () if is_clear(params["tax_rates"]) else params["tax_rates"]
        item["tax_rates"] = lines.rates_json(ctx, names, "tax_rates")
    if "discounts" in params:
        item["discounts"] = discounts.apply_discounts(
            ctx, params["discounts"], item["discounts"], customer=item["customer"], invoice_item=item["id"]
        )


def delete_item(ctx: Context, item: Json) -> Json:
    """Deletes an item and its line on a draft; returns the deleted object. Raises StripeError."""
    invoice = _editable(
        ctx, item, "Can't delete an invoice item that is attached to an invoice that is no longer editable"
    )
    last = dict(item)
    remains = ctx.delete(item)
    ctx.emit("invoiceitem.deleted", last)
    if invoice is not None:
        remove_from_invoice(ctx, invoice, item["id"])
        _emit_updated(ctx, invoice)
    return remains


def add_to_invoice(ctx: Context, invoice: Json, item: Json) -> None:
    """Inserts the line of an item before the others and recomputes the draft. Does not save the invoice."""
    lines.records_of(ctx, invoice).insert(0, lines.item_line(ctx, item, invoice))
    draft.recalculate(ctx, invoice)


def remove_from_invoice(ctx: Context, invoice: Json, item: str) -> None:
    """Removes the line of an item and recomputes the draft. Does not save the invoice."""
    records = lines.records_of(ctx, invoice)
    records[:] = [record for record in records if lines.item_of(record) != item]
    draft.recalculate(ctx, invoice)


def check_item_amount(params: Mapping[str, Any], where: str) -> None:
    """Raises StripeError if `amount` is combined with a quantity or a price, or the quantity is negative."""
    for name in ("quantity", "quantity_decimal", "unit_amount_decimal", "price_data", "pricing"):
        if "amount" in params and name in params:
            raise errors.exclusive("amount", name)
    if params.get("quantity") is not None and params["quantity"] < 0:
        raise errors.below_minimum(f"{where}[quantity]" if where else "quantity", 0)


def _customer_of(ctx: Context, params: Json) -> Json:
    if params.get("invoice") and not params.get("customer"):
        params["customer"] = ctx.get("invoice", params["invoice"], param="invoice")["customer"]
    if not params.get("customer"):
        raise errors.missing_parameter("customer")
    return ctx.get("customer", params["customer"], param="customer")


def _draft_of(ctx: Context, key: str, customer: Json) -> Json:
    invoice = ctx.get("invoice", key, param="invoice")
    if invoice["status"] != "draft":
        raise errors.invalid("Invalid invoice: This invoice is no longer editable", code="invoice_not_editable")
    if invoice["customer"] != customer["id"]:
        raise errors.invalid(f"The invoice {key} does not belong to the customer {customer['id']}.", param="invoice")
    return invoice


def subscription_of(ctx: Context, params: Json, customer: Json) -> Json | None:
    """Returns the subscription of the parameter, or None. Raises StripeError if it is another customer's."""
    key = params.get("subscription")
    if not key:
        return None
    subscription = ctx.get("subscription", key, param="subscription")
    if subscription["customer"] != customer["id"]:
        raise errors.missing("subscription", key, param="subscription")
    return subscription


def _item_currency(ctx: Context, params: Json, invoice: Json | None, subscription: Json | None, customer: Json) -> str:
    owner = invoice or subscription
    asked = params.get("currency")
    if asked is None and params.get("price_data"):
        asked = params["price_data"]["currency"]
    if asked is None and (params.get("pricing") or {}).get("price"):
        asked = ctx.get("price", params["pricing"]["price"], param="pricing[price]")["currency"]
    if owner is not None and asked is not None and asked.lower() != owner["currency"]:
        raise errors.invalid(
            f"The currency of the invoice item (`{asked.lower()}`) does not match that of the {owner['object']} "
            f"(`{owner['currency']}`).",
            param="currency",
        )
    found = asked or (owner["currency"] if owner else None) or customer.get("currency") or default_currency(ctx)
    return str(found).lower()


def _quantity(params: Mapping[str, Any]) -> Fraction:
    if params.get("quantity_decimal") is not None:
        return Fraction(str(params["quantity_decimal"]))
    return Fraction(1 if params.get("quantity") is None else params["quantity"])


def _one_off_price(ctx: Context, params: Mapping[str, Any], currency: str, quantity: Fraction) -> tuple[Json, Fraction]:
    """Stores a one-off price for an item without one; returns the price and the quantity."""
    unit = params.get("unit_amount_decimal")
    value = Fraction(str(unit)) if unit is not None else Fraction(params.get("amount") or 0)
    name = params.get("description") or "Invoice item"
    return prices.create_one_off_price(ctx, value, currency, name), quantity if unit is not None else Fraction(1)


def _reprice(ctx: Context, item: Json, params: Mapping[str, Any]) -> None:
    """Applies another price, amount or quantity. Mutates `item`.

    A new amount creates a new price of the same product (observed in test mode recordings).
    """
    price = prices.price_from(ctx, params, "", recurring=False)
    quantity = Fraction(item["quantity_decimal"])
    if "quantity" in params or "quantity_decimal" in params:
        quantity = _quantity(params)
    if price is None and ("amount" in params or "unit_amount_decimal" in params):
        product = item["pricing"]["price_details"]["product"]
        unit = params.get("unit_amount_decimal")
        value = Fraction(str(unit)) if unit is not None else Fraction(params["amount"])
        quantity = quantity if unit is not None else Fraction(1)
        price = prices.create_one_off_price(ctx, value, item["currency"], "", product)
    price = price or ctx.get("price", item["pricing"]["price_details"]["price"])
    seen = prices.in_currency(ctx, price, item["currency"]) or price
    item |= {
        "amount": half_up(prices.exact_amount(ctx, price, quantity, item["currency"])),
        "pricing": lines.pricing(price, seen["unit_amount_decimal"]),
        "quantity": int(quantity),
        "quantity_decimal": lines.quantity_text(quantity),
    }
    item["net_amount"] = item["amount"]
    if item["amount"] < 0:
        item["discountable"] = False


def _editable(ctx: Context, item: Json, refusal: str) -> Json | None:
    """Returns the draft of an item, None if it is pending. Raises StripeError if its invoice is no draft."""
    key = item["invoice"]
    if key is None:
        return None
    invoice = ctx.find("invoice", key)
    if invoice is None or invoice["status"] != "draft":
        raise errors.invalid(refusal)
    return invoice


def replace_line(ctx: Context, invoice: Json, item: Json) -> None:
    """Replaces the line of a changed item, keeps its id, and recomputes the draft. Does not save the invoice."""
    records = lines.records_of(ctx, invoice)
    for index, record in enumerate(records):
        if lines.item_of(record) == item["id"]:
            new = lines.item_line(ctx, item, invoice)
            new["line"]["id"] = record["line"]["id"]
            records[index] = new
    draft.recalculate(ctx, invoice)


def _emit_updated(ctx: Context, invoice: Json) -> None:
    changed = ctx.save(invoice)
    if changed:
        ctx.emit("invoice.updated", invoice, changed)
