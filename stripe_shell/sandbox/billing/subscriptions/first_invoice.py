"""The first invoice of a subscription: its lines, its payment, and the status that results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import Period
from stripe_shell.sandbox.billing.invoices import customer_balance, discounts, draft, finalize_and_pay, lines, prices
from stripe_shell.sandbox.billing.invoices.lines import Record
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import InvoiceItemPrivate, SubscriptionItemPrivate
from stripe_shell.sandbox.payments import confirmation

from . import after_payment, items, states


@record
class CreateOptions:
    """Options of a subscription's creation. `drafts` leaves the first invoice a draft for an hour.

    Stripe does so for schedules: https://docs.stripe.com/billing/subscriptions/subscription-schedules
    """

    payment_behavior: str = "allow_incomplete"
    off_session: bool = False
    drafts: bool = False


# --- the first invoice ---------------------------------------------------------------------------------------


def create_first_invoice(
    ctx: Context, subscription: Json, created: Sequence[Json], params: Json, options: CreateOptions
) -> None:
    """Creates the first invoice and collects its payment. Raises StripeError.

    Sets `status`, `latest_invoice` and `pending_setup_intent` of the subscription.
    """
    customer = ctx.get("customer", subscription["customer"])
    added = add_items(ctx, subscription, customer, params.get("add_invoice_items") or ())
    records = _first_lines(ctx, subscription, created, params)
    waiting = lines.pending_items(ctx, customer["id"], subscription["id"], subscription["currency"])
    if not records and not added and not waiting:
        for item in created:
            ctx.private(item, SubscriptionItemPrivate)["billed"] = {"amount": "0", "off": "", "quantity": 0, "name": ""}
        return
    now = ctx.now()
    invoice = draft.subscription_draft(
        ctx, customer, subscription, reason="subscription_create", period=Period(now, now)
    )
    draft.fill_draft(ctx, invoice, records, waiting)
    discounts.check_currency(ctx, subscription["discounts"], invoice["currency"])
    discounts.check_minimum(ctx, subscription["discounts"], invoice["subtotal"], invoice["currency"])
    draft.store_draft(ctx, invoice, waiting)
    items.note_billed(ctx, subscription, created, lines.records_of(ctx, invoice), invoice)
    subscription["latest_invoice"] = invoice["id"]
    ctx.save(subscription)
    _settle_first(ctx, subscription, customer, invoice, options)


def _first_lines(ctx: Context, subscription: Json, created: Sequence[Json], params: Json) -> list[Record]:
    """Returns the lines of the first invoice, newest item first."""
    records: list[Record] = []
    for item in reversed(created):
        records += _item_records(ctx, subscription, item, params)
    return records


def _item_records(ctx: Context, subscription: Json, item: Json, params: Json) -> list[Record]:
    price, quantity = item["price"], items.quantity_of(item)
    period = items.period_of(item)
    if subscription["trial_end"]:
        text = lines.trial_text(ctx, price, max(quantity, 1))
        return [lines.subscription_line(ctx, subscription, item, period, amount=0, description=text, quantity=quantity)]
    if prices.is_metered(price):
        return []
    prorated = params.get("proration_behavior") != "none"
    back = subscription["start_date"] < ctx.now()
    spans = _spans(subscription, item, backdated=back and prorated)
    records = []
    for whole, billed in reversed(spans):
        if billed == whole:
            records += lines.whole_period_lines(ctx, subscription, item, billed, quantity)
        elif prorated:
            records.append(lines.part_line(ctx, subscription, item, billed, whole, quantity=quantity))
    return records


def _spans(subscription: Json, item: Json, *, backdated: bool) -> list[tuple[Period, Period]]:
    """Returns what the first invoice bills of an item: pairs of a whole period and its billed part."""
    cycle = prices.cycle_of(subscription, item["price"])
    current = items.period_of(item)
    if not backdated:
        return [(cycle.period_at(current.start), current)]
    start, end = subscription["start_date"], current.end
    own = prices.cycle_of({"billing_cycle_anchor": start}, item["price"])
    spans, time = [], start
    if cycle.anchor <= current.start and (subscription["billing_mode"] or {}).get("type") == "classic":
        spans.append((own.period_at(start), Period(start, current.start)))
        return [*spans, (cycle.period_at(current.start), current)]
    while time < end:
        whole = own.period_at(time)
        spans.append((whole, Period(whole.start, min(whole.end, end))))
        time = whole.end
    return spans


def add_items(ctx: Context, subscription: Json, customer: Json, requested: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Stores the pending items of `add_invoice_items`, bound to the subscription. Raises StripeError."""
    created = []
    for index, entry in enumerate(requested):
        where = f"add_invoice_items[{index}]"
        price = prices.price_from(ctx, entry, where, recurring=False)
        if price is None:
            raise errors.missing_parameter(f"{where}[price]")
        quantity = 1 if entry.get("quantity") is None else entry["quantity"]
        item = lines.new_invoice_item(
            ctx,
            customer,
            amount=prices.amount(ctx, price, quantity, subscription["currency"]),
            currency=subscription["currency"],
            description=prices.product_name(ctx, price),
            discountable=entry.get("discountable", True),
            metadata=dict(entry.get("metadata") or {}),
            pricing=lines.pricing(price, price["unit_amount_decimal"]),
            quantity=quantity,
            quantity_decimal=str(quantity),
            tax_rates=lines.rates_json(ctx, entry.get("tax_rates") or (), f"{where}[tax_rates]"),
        )
        item["discounts"] = discounts.apply_discounts(
            ctx,
            entry.get("discounts"),
            (),
            where=f"{where}[discounts]",
            customer=customer["id"],
            invoice_item=item["id"],
        )
        ctx.private(item, InvoiceItemPrivate)["subscription"] = subscription["id"]
        ctx.insert(item)
        ctx.emit("invoiceitem.created", item)
        created.append(item)
    return created


# --- payment ---------------------------------------------------------------------------------------------------


def _settle_first(ctx: Context, subscription: Json, customer: Json, invoice: Json, options: CreateOptions) -> None:
    charged = subscription["collection_method"] == "charge_automatically"
    method = confirmation.default_method(ctx, customer, subscription) if charged else None
    if subscription["status"] == "trialing" and charged and method is None:
        subscription["pending_setup_intent"] = setup_intent(ctx, subscription)["id"]
    if not charged or options.drafts:
        return
    if not method and _has_amount_due(ctx, customer, invoice) and options.payment_behavior != "default_incomplete":
        raise no_payment_method_error()
    finalize_and_pay.finalize_invoice(ctx, invoice, method=method)
    if invoice["status"] == "paid":
        return
    if options.payment_behavior == "default_incomplete":
        states.set_status(subscription, "incomplete", new=True)
        return
    _charge_first(ctx, subscription, invoice, options)


def _charge_first(ctx: Context, subscription: Json, invoice: Json, options: CreateOptions) -> None:
    attempt = finalize_and_pay.pay_invoice(ctx, invoice, off_session=options.off_session)
    if invoice["status"] == "paid":
        after_payment.save_payment_method(ctx, subscription, invoice)
        return
    if options.payment_behavior == "error_if_incomplete" and attempt is not None:
        if attempt.status == "requires_action":
            raise needs_action_error()
        if attempt.error is not None:
            raise rolled_back(attempt.error)
    if attempt is None or attempt.status != "processing":
        states.set_status(subscription, "incomplete", new=True)


def _has_amount_due(ctx: Context, customer: Json, invoice: Json) -> bool:
    """Whether anything is due after the customer's balance is applied."""
    return bool(invoice["total"] > max(-customer_balance.balance_in(ctx, customer, invoice["currency"]), 0))


def setup_intent(ctx: Context, subscription: Json) -> Json:
    """Creates the SetupIntent with which the customer can add a payment method later."""
    intent = ctx.new(
        "setup_intent",
        customer=subscription["customer"],
        payment_method_types=["card"],
        status="requires_payment_method",
        usage="off_session",
    )
    ctx.insert(intent)
    ctx.emit("setup_intent.created", intent)
    return intent


def no_payment_method_error() -> StripeError:
    """Returns the error for a customer without a payment method."""
    return errors.invalid(
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
        code="resource_missing",
    )


def needs_action_error() -> StripeError:
    """Returns the error for a payment that requires action, under `error_if_incomplete`."""
    return errors.card_error(
        "Payment for this subscription requires additional user action, but the payment behavior is set to "
        "`error_if_incomplete`. Use `allow_incomplete` to create the subscription and let the customer act.",
        "subscription_payment_intent_requires_action",
        keeps_rows=False,
    )


def rolled_back(error: StripeError) -> StripeError:
    """Returns the same error, set to roll back what the request stored. Mutates `error`."""
    error.keeps_rows = False
    return error
