"""New subscriptions: the object, its items, its first invoice, and whether it begins at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox import errors, payments
from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.errors import StripeError

from . import discounts, drafting, items, lines, prices, rules, settling, terms
from .lines import Record
from .periods import Period, add_interval
from .proration import debit

#: What a subscription is when nothing else is said, beyond what its schema gives.
DEFAULTS: Mapping[str, Any] = {
    "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
    "cancellation_details": {"comment": None, "feedback": None, "reason": None},
    "default_tax_rates": [],
    "invoice_settings": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": {"type": "self"},
    },
    "payment_settings": {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    },
    "plan": None,
    "quantity": None,
    "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
}

#: Parameters that become members in another way than under their own name.
SPECIAL = (
    "add_invoice_items",
    "backdate_start_date",
    "billing_cycle_anchor",
    "billing_cycle_anchor_config",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details",
    "customer",
    "currency",
    "default_tax_rates",
    "discounts",
    "items",
    "off_session",
    "pause_collection",
    "pending_invoice_item_interval",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_from_plan",
    "trial_period_days",
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a subscription is begun. `drafts` leaves the first invoice a draft for an hour, as schedules do."""

    payment_behavior: str = "allow_incomplete"
    off_session: bool = False
    drafts: bool = False


def start(ctx: Context, params: Json, echo: Callable[[Json, Json], None], *, drafts: bool = False) -> Json:
    """Begin a subscription. `echo` puts plain parameters onto the object. Raises StripeError."""
    customer = _customer(ctx, params)
    _check(params)
    terms.check_location(customer, params.get("automatic_tax"))
    wanted = terms.wanted_items(ctx, params.get("items") or ())
    manner = Manner(params.get("payment_behavior") or "allow_incomplete", bool(params.get("off_session")), drafts)
    subscription = _object(ctx, params, customer, wanted, echo)
    made = _items(ctx, subscription, params, wanted)
    _set_end(subscription, params, made)
    with ctx.holding() as held:
        _first_invoice(ctx, subscription, made, params, manner)
    items.save(ctx, subscription, made)
    if subscription["status"] == "incomplete":
        ctx.emit("customer.subscription.created", subscription)
        ctx.release(held)
    else:
        ctx.release(held)
        ctx.emit("customer.subscription.created", subscription)
    tell_trial_ends_soon(ctx, subscription)
    return subscription


def tell_trial_ends_soon(ctx: Context, subscription: Json) -> None:
    """A trial that ends within three days is told of, once for each end."""
    end = subscription["trial_end"]
    if subscription["status"] != "trialing" or end is None or end - ctx.now() > rules.TRIAL_ENDS_SOON:
        return
    hidden = ctx.hidden(subscription)
    if hidden.get("told_trial_end") == end:
        return
    hidden["told_trial_end"] = end
    ctx.save(subscription)
    ctx.emit("customer.subscription.trial_will_end", subscription)


# --- the object ----------------------------------------------------------------------------------------------


def _customer(ctx: Context, params: Json) -> Json:
    if not params.get("customer"):
        raise errors.missing_parameter("customer")
    return ctx.get("customer", params["customer"], param="customer", status=404)


def _check(params: Json) -> None:
    if params.get("payment_behavior") == "pending_if_incomplete":
        raise errors.invalid(
            "Setting `payment_behavior` to `pending_if_incomplete` has no effect when creating a subscription.",
            param="payment_behavior",
        )
    method = params.get("collection_method") or "charge_automatically"
    terms.check_collection(params, method, params.get("days_until_due"))
    terms.check_trial(params)
    if params.get("cancel_at") and params.get("cancel_at_period_end"):
        raise errors.exclusive("cancel_at", "cancel_at_period_end")


def _object(
    ctx: Context,
    params: Json,
    customer: Json,
    wanted: Sequence[terms.Wanted],
    echo: Callable[[Json, Json], None],
) -> Json:
    """The subscription without items; it is not stored yet."""
    mode = params.get("billing_mode") or {"type": "flexible"}
    terms.check_intervals([entry.price for entry in wanted], mode["type"])
    currency = terms.currency_of(ctx, wanted, params.get("currency"))
    when = terms.times(ctx, params, wanted)
    method_owner(ctx, customer, params)
    subscription = ctx.fresh("subscription", customer=customer["id"], currency=currency)
    echo(subscription, {name: value for name, value in params.items() if name not in SPECIAL})
    subscription |= {
        "billing_cycle_anchor": when.anchor,
        "billing_cycle_anchor_config": _anchor_config(params),
        "billing_mode": billing_mode(mode, ctx.now()),
        "default_tax_rates": lines.rates_json(ctx, params.get("default_tax_rates") or (), "default_tax_rates"),
        "start_date": when.start,
        "status": "trialing" if when.trial_end else "active",
        "test_clock": customer.get("test_clock"),
        "trial_end": when.trial_end,
        "trial_start": ctx.now() if when.trial_end else None,
    }
    if params.get("pending_invoice_item_interval"):
        interval = {"interval_count": 1, **params["pending_invoice_item_interval"]}
        subscription["pending_invoice_item_interval"] = interval
        soon = add_interval(ctx.now(), interval["interval"], interval["interval_count"])
        subscription["next_pending_invoice_item_invoice"] = soon
    subscription["discounts"] = discounts.applied(
        ctx,
        params.get("discounts"),
        (),
        start=when.start,
        customer=customer["id"],
        subscription=subscription["id"],
    )
    items.embed(subscription, ())
    ctx.insert(subscription)
    return subscription


def method_owner(ctx: Context, customer: Json, params: Json) -> None:
    """The payment method that is named must be the customer's. Raises StripeError."""
    name = params.get("default_payment_method")
    if not name:
        return
    method = ctx.get("payment_method", name, param="default_payment_method")
    if method.get("customer") != customer["id"]:
        raise errors.invalid(
            f"The customer does not have a payment method with the ID {method['id']}. The payment method must be "
            "attached to the customer.",
            param="default_payment_method",
            code="resource_missing",
        )
    params["default_payment_method"] = method["id"]


def billing_mode(mode: Mapping[str, Any], now: int) -> Json:
    """How proration and intervals are handled, as a subscription shows it."""
    if mode["type"] == "classic":
        return {"flexible": None, "type": "classic", "updated_at": now}
    flexible = mode.get("flexible") or {}
    return {
        "flexible": {"proration_discounts": flexible.get("proration_discounts") or "included"},
        "type": "flexible",
        "updated_at": now,
    }


def _anchor_config(params: Json) -> Json | None:
    config = params.get("billing_cycle_anchor_config")
    if not config:
        return None
    return {name: config.get(name) for name in ("day_of_month", "hour", "minute", "month", "second")}


def _set_end(subscription: Json, params: Json, made: Sequence[Json]) -> None:
    """`cancel_at_period_end` and `cancel_at` of a new subscription."""
    now = subscription["created"]
    if params.get("cancel_at_period_end"):
        subscription |= {"cancel_at": items.last_end(made), "cancel_at_period_end": True, "canceled_at": now}
    elif params.get("cancel_at"):
        subscription |= {"cancel_at": cancel_time(params["cancel_at"], made, now), "canceled_at": now}
    else:
        return
    subscription["cancellation_details"]["reason"] = "cancellation_requested"


def cancel_time(given: Any, made: Sequence[Mapping[str, Any]], now: int) -> int:
    """The time that `cancel_at` means: a timestamp or one of its two words. Raises StripeError for the past."""
    if given == "min_period_end":
        return items.first_end(made)
    if given == "max_period_end":
        return items.last_end(made)
    if given <= now:
        raise errors.in_the_past("cancel_at", given)
    return int(given)


# --- items ---------------------------------------------------------------------------------------------------


def _items(ctx: Context, subscription: Json, params: Json, wanted: Sequence[terms.Wanted]) -> list[Json]:
    made = []
    for index, entry in enumerate(wanted):
        item = items.new_item(ctx, subscription, entry.price, entry.given, first_period(ctx, subscription, entry.price))
        item["discounts"] = discounts.applied(
            ctx,
            entry.given.get("discounts"),
            (),
            where=f"items[{index}][discounts]",
            start=subscription["start_date"],
            customer=subscription["customer"],
            subscription=subscription["id"],
            subscription_item=item["id"],
        )
        end = params.get("cancel_at")
        if isinstance(end, int) and subscription["created"] < end < item["current_period_end"]:
            item["current_period_end"] = end
        ctx.insert(item)
        made.append(item)
    return made


def first_period(ctx: Context, subscription: Json, price: Json) -> Period:
    """The first period of an item: the trial, the time until the anchor, or a whole period."""
    now = ctx.now()
    if subscription["trial_end"]:
        return Period(now, subscription["trial_end"])
    anchor = subscription["billing_cycle_anchor"]
    if anchor > now:
        return Period(now, anchor)
    return prices.cycle_of(subscription, price).period_at(now)


# --- the first invoice ---------------------------------------------------------------------------------------


def _first_invoice(ctx: Context, subscription: Json, made: Sequence[Json], params: Json, manner: Manner) -> None:
    """Make the first invoice and see whether it gets paid; sets `status`, `latest_invoice`, `pending_setup_intent`."""
    customer = ctx.get("customer", subscription["customer"])
    added = add_items(ctx, subscription, customer, params.get("add_invoice_items") or ())
    records = _records(ctx, subscription, made, params)
    waiting = lines.pending(ctx, customer["id"], subscription["id"], subscription["currency"])
    if not records and not added and not waiting:
        for item in made:
            ctx.hidden(item)["billed"] = {"amount": "0", "off": "", "quantity": 0, "name": ""}
        return
    now = ctx.now()
    invoice = drafting.subscription_draft(
        ctx, customer, subscription, reason="subscription_create", period=Period(now, now)
    )
    drafting.fill(ctx, invoice, records, waiting)
    discounts.check_minimum(ctx, subscription["discounts"], invoice["subtotal"], invoice["currency"])
    drafting.store(ctx, invoice, waiting)
    items.note_billed(ctx, subscription, made, lines.records_of(ctx, invoice), invoice)
    subscription["latest_invoice"] = invoice["id"]
    ctx.save(subscription)
    _settle_first(ctx, subscription, customer, invoice, manner)


def _records(ctx: Context, subscription: Json, made: Sequence[Json], params: Json) -> list[Record]:
    """The lines of the first invoice, newest item first."""
    records: list[Record] = []
    for item in reversed(made):
        records += _item_records(ctx, subscription, item, params)
    return records


def _item_records(ctx: Context, subscription: Json, item: Json, params: Json) -> list[Record]:
    price, quantity, currency = item["price"], items.quantity_of(item), subscription["currency"]
    period = items.period_of(item)
    if subscription["trial_end"]:
        text = lines.trial_text(ctx, price, max(quantity, 1))
        return [lines.subscription_line(ctx, subscription, item, period, amount=0, description=text, quantity=quantity)]
    if prices.is_metered(price):
        return []
    prorated = params.get("proration_behavior") != "none"
    back = subscription["start_date"] < ctx.now()
    spans = _spans(subscription, item, backdated=back and prorated)
    found = []
    for whole, billed in reversed(spans):
        if billed == whole:
            amount = prices.amount(ctx, price, quantity, currency)
            text = lines.full_text(ctx, price, quantity, currency)
        elif prorated:
            exact = prices.exact_amount(ctx, price, quantity, currency)
            amount = debit(exact, Fraction(billed.length, whole.length))
            text = lines.part_text(ctx, price, quantity, billed)
        else:
            continue
        found.append(
            lines.subscription_line(ctx, subscription, item, billed, amount=amount, description=text, quantity=quantity)
        )
    return found


def _spans(subscription: Json, item: Json, *, backdated: bool) -> list[tuple[Period, Period]]:
    """What the first invoice bills of an item: pairs of a natural period and the part of it that is billed."""
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


def add_items(ctx: Context, subscription: Json, customer: Json, given: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Make the pending items of `add_invoice_items`, bound to the subscription."""
    made = []
    for index, entry in enumerate(given):
        where = f"add_invoice_items[{index}]"
        price = prices.price_from(ctx, entry, where, recurring=False)
        if price is None:
            raise errors.missing_parameter(f"{where}[price]")
        quantity = 1 if entry.get("quantity") is None else entry["quantity"]
        item = lines.new_item(
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
        item["discounts"] = discounts.applied(
            ctx,
            entry.get("discounts"),
            (),
            where=f"{where}[discounts]",
            customer=customer["id"],
            invoice_item=item["id"],
        )
        ctx.hidden(item)["subscription"] = subscription["id"]
        ctx.insert(item)
        ctx.emit("invoiceitem.created", item)
        made.append(item)
    return made


# --- whether it begins -----------------------------------------------------------------------------------------


def _settle_first(ctx: Context, subscription: Json, customer: Json, invoice: Json, manner: Manner) -> None:
    charged = subscription["collection_method"] == "charge_automatically"
    method = payments.default_method(ctx, customer, subscription) if charged else None
    if subscription["status"] == "trialing" and charged and method is None:
        subscription["pending_setup_intent"] = setup_intent(ctx, subscription)["id"]
    if not charged or manner.drafts:
        return
    if not method and _due(customer, invoice) and manner.payment_behavior != "default_incomplete":
        raise no_method()
    settling.finalize(ctx, invoice, method=method)
    if invoice["status"] == "paid":
        return
    if manner.payment_behavior == "default_incomplete":
        subscription["status"] = "incomplete"
        return
    _charge_first(ctx, subscription, invoice, manner)


def _charge_first(ctx: Context, subscription: Json, invoice: Json, manner: Manner) -> None:
    attempt = settling.pay(ctx, invoice, off_session=manner.off_session)
    if invoice["status"] == "paid":
        return
    if manner.payment_behavior == "error_if_incomplete" and attempt is not None:
        if attempt.status == "requires_action":
            raise needs_action()
        if attempt.error is not None:
            raise undone(attempt.error)
    if attempt is None or attempt.status != "processing":
        subscription["status"] = "incomplete"


def _due(customer: Json, invoice: Json) -> bool:
    """Whether something will be left to pay when the balance is used."""
    return bool(invoice["total"] > max(-(customer.get("balance") or 0), 0))


def setup_intent(ctx: Context, subscription: Json) -> Json:
    """The setup intent by which a method can be given later."""
    intent = ctx.fresh(
        "setup_intent",
        customer=subscription["customer"],
        payment_method_types=["card"],
        status="requires_payment_method",
        usage="off_session",
    )
    ctx.insert(intent)
    ctx.emit("setup_intent.created", intent)
    return intent


def no_method() -> StripeError:
    """Nothing can be charged: the customer has no payment method."""
    return errors.invalid(
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
        code="resource_missing",
    )


def needs_action() -> StripeError:
    """The payment needs the customer, and the call wants no half-done subscription."""
    return errors.card_error(
        "Payment for this subscription requires additional user action, but the payment behavior is set to "
        "`error_if_incomplete`. Use `allow_incomplete` to create the subscription and let the customer act.",
        "subscription_payment_intent_requires_action",
        keeps_rows=False,
    )


def undone(error: StripeError) -> StripeError:
    """The same refusal, of which nothing stays."""
    error.keeps_rows = False
    return error
