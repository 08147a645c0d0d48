"""Checkout Sessions: the totals of their line items, and their completion when the customer pays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import DEFAULT_MINIMUM, check_charge, format_amount, minimum
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import CheckoutSessionPrivate, PaymentIntentPrivate
from stripe_shell.sandbox.payments import confirmation
from stripe_shell.sandbox.payments.confirmation import ConfirmOptions, PaymentAttempt
from stripe_shell.sandbox.payments.intent_rules import Intent

from . import customer_currency, quotes, scheduler
from .calc.periods import Period
from .invoices import discounts, draft, finalize_and_pay, prices
from .subscriptions import after_payment, create, first_invoice

#: Members of `payment_intent_data` that are copied to the PaymentIntent.
_HANDED_ON: Final = (
    "application_fee_amount",
    "capture_method",
    "description",
    "metadata",
    "on_behalf_of",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)
#: Members of `invoice_creation[invoice_data]` that are copied to the invoice.
_INVOICED: Final = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "metadata")
#: Members of `subscription_data` that are copied to the subscription.
_SUBSCRIBED: Final = (
    "application_fee_percent",
    "billing_cycle_anchor",
    "billing_mode",
    "default_tax_rates",
    "description",
    "metadata",
    "on_behalf_of",
    "proration_behavior",
    "transfer_data",
    "trial_end",
    "trial_period_days",
    "trial_settings",
)


# --- line items ------------------------------------------------------------------------------------------------------


def check_lines(mode: str, rows: Sequence[Json]) -> None:
    """Raises StripeError for prices that the mode does not allow, and for prices in several currencies."""
    recurring = [row for row in rows if row["price"]["type"] == "recurring"]
    if mode == "subscription" and not recurring:
        raise errors.invalid(
            "You must provide at least one recurring price in `subscription` mode when using prices.",
            param="line_items",
        )
    if mode == "payment" and recurring:
        raise errors.invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.",
            param="mode",
        )
    currencies = {row["price"]["currency"] for row in rows}
    if len(currencies) > 1:
        raise errors.invalid(
            f"All prices of a Checkout Session must have the same currency; these have {', '.join(sorted(currencies))}."
        )


def check_payable(title: str, total: int, currency: str) -> None:
    """Raises StripeError for the total of a Checkout Session or a payment link that cannot be charged.

    The text of the minimum is that of a recorded answer about a Checkout Session; a total of 0 needs no payment.
    """
    least = minimum(currency)
    if 0 < total < least:
        shown = "50 cents" if least == DEFAULT_MINIMUM else format_amount(least, currency)
        raise errors.invalid(
            f"The {title}'s total amount must convert to at least {shown}. "
            f"{format_amount(total, currency)} is below that.",
            code="amount_too_small",
        )
    if total:
        check_charge(total, currency, None)


def check_total(ctx: Context, session: Json) -> None:
    """Raises StripeError for a total that cannot be charged, and for another currency than the customer's."""
    total, currency = session["amount_total"], session["currency"]
    if session["mode"] == "subscription":
        if session["customer"]:
            customer_currency.check(ctx, session["customer"], currency)
        return
    check_payable("Checkout Session", total, currency)


def set_totals(ctx: Context, session: Json, requested_discounts: Any) -> None:
    """Sets the totals and line items of a session. Mutates `session`; does not save it.

    `requested_discounts` is the `discounts` parameter.
    """
    hidden = ctx.private(session, CheckoutSessionPrivate)
    rows = hidden.get("rows", [])
    currency = rows[0]["price"]["currency"] if rows else session["currency"]
    with ctx.dry_run() as trial:  # a coupon counts as redeemed when the customer pays, not before
        names = (
            discounts.apply_discounts(trial, requested_discounts, (), customer=session["customer"])
            if requested_discounts
            else []
        )
        summed = quotes.line_totals(trial, rows, currency, discounts_of=names)
        discounts.check_currency(trial, names, currency)
        discounts.check_minimum(trial, names, summed.subtotal, currency)
        discounts.check_applies(trial, names, [row["price"]["product"] for row in rows], currency)
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    hidden["line_items"] = quotes.line_items(ctx, rows, summed, url)
    shipping = (session["shipping_cost"] or {}).get("amount_total", 0)
    session |= {
        "amount_subtotal": summed.subtotal,
        "amount_total": summed.total + shipping,
        "currency": currency,
        "total_details": {**quotes.details(summed), "amount_shipping": shipping},
    }


def set_shipping_options(ctx: Context, session: Json, options: Any) -> None:
    """Sets the shipping options, and the shipping cost from the first one. Mutates `session`."""
    taken = []
    for index, option in enumerate(options or ()):
        rate = _shipping_rate(ctx, option, f"shipping_options[{index}]")
        taken.append({"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]})
    session["shipping_options"] = taken
    if taken:
        amount = taken[0]["shipping_amount"]
        session["shipping_cost"] = {
            "amount_subtotal": amount,
            "amount_tax": 0,
            "amount_total": amount,
            "shipping_rate": taken[0]["shipping_rate"],
        }


def _shipping_rate(ctx: Context, option: Mapping[str, Any], where: str) -> Json:
    if option.get("shipping_rate"):
        return ctx.get("shipping_rate", option["shipping_rate"], param=f"{where}[shipping_rate]")
    data = option.get("shipping_rate_data")
    if not data:
        raise errors.missing_parameter(f"{where}[shipping_rate]")
    rate = ctx.resource("shipping_rate").create(ctx, dict(data))
    return rate if isinstance(rate, dict) else {}


# --- payment ---------------------------------------------------------------------------------------------------------


def pay(ctx: Context, session: Json, method: Json) -> None:
    """Completes a session with a payment method, by its `mode`. Raises StripeError if the payment fails."""
    if session["mode"] == "setup":
        _complete_setup(ctx, session, method)
    elif session["mode"] == "subscription":
        _subscribe(ctx, session, method)
    else:
        _charge_intent(ctx, session, method)


def settle(ctx: Context, session: Json, attempt: PaymentAttempt) -> None:
    """Updates a session after an attempt: at once, or when a bank debit succeeds or fails later. Saves it."""
    if attempt.status in ("succeeded", "requires_capture"):
        _paid(ctx, session)
    elif attempt.status == "processing" and session["status"] == "open":
        _complete(ctx, session, "unpaid")
    elif attempt.error is not None and session["status"] == "complete" and session["payment_status"] == "unpaid":
        ctx.emit("checkout.session.async_payment_failed", session)
    else:
        ctx.save(session)


def _paid(ctx: Context, session: Json) -> None:
    if session["status"] == "open":
        _complete_sale(ctx, session)
        _complete(ctx, session, "paid")
    elif session["payment_status"] == "unpaid":
        _complete_sale(ctx, session)
        session["payment_status"] = "paid"
        ctx.save(session)
        ctx.emit("checkout.session.async_payment_succeeded", session)


def _complete_sale(ctx: Context, session: Json) -> None:
    """Redeems the session's coupons and, with `invoice_creation`, creates a paid invoice. Mutates `session`.

    Source: https://docs.stripe.com/payments/checkout/post-payment-invoices
    """
    given = ctx.private(session, CheckoutSessionPrivate).get("discounts")
    used: list[str] = []
    if given:
        used = discounts.apply_discounts(ctx, given, (), customer=session["customer"], checkout_session=session["id"])
    wanted = session["invoice_creation"] or {}
    if wanted.get("enabled"):
        session["invoice"] = _create_invoice(ctx, session, wanted.get("invoice_data") or {}, used)["id"]


def _create_invoice(ctx: Context, session: Json, data: Mapping[str, Any], used: Sequence[str]) -> Json:
    """Creates the invoice of a completed payment: finalized, and paid by the session's PaymentIntent."""
    customer = ctx.get("customer", session["customer"])
    shipping = session["shipping_cost"]
    invoice = draft.new_draft(
        ctx,
        customer,
        currency=session["currency"],
        reason="manual",
        period=Period(ctx.now(), ctx.now()),
        collection_method="charge_automatically",
        discounts=list(used),
        amount_shipping=shipping["amount_total"] if shipping else 0,
        shipping_cost={**shipping, "taxes": []} if shipping else None,
    )
    ctx.resource("invoice").echo(invoice, {name: data[name] for name in _INVOICED if data.get(name) is not None})
    quotes.bill_rows(ctx, invoice, customer, ctx.private(session, CheckoutSessionPrivate)["rows"])
    intent = ctx.get("payment_intent", session["payment_intent"]) if session["payment_intent"] else None
    finalize_and_pay.finalize_invoice(ctx, invoice, paid_by=intent)
    return invoice


def _complete(ctx: Context, session: Json, payment_status: str) -> None:
    session |= {"status": "complete", "payment_status": payment_status, "url": None}
    ctx.save(session)
    ctx.emit("checkout.session.completed", session)


def _charge_intent(ctx: Context, session: Json, method: Json) -> None:
    data = ctx.private(session, CheckoutSessionPrivate).get("payment_intent_data") or {}
    _create_customer(ctx, session, method, always=_needs_customer(session))
    if not session["amount_total"]:
        _complete_sale(ctx, session)
        _complete(ctx, session, "no_payment_required")
        return
    intent = ctx.find("payment_intent", session["payment_intent"]) if session["payment_intent"] else None
    if intent is None:
        intent = open_intent(ctx, session, data, method=method["id"])
    attempt = confirmation.attempt_payment(ctx, intent, method, ConfirmOptions(return_url=session["success_url"]))
    if attempt.error is not None:
        raise attempt.error
    settle(ctx, session, attempt)


def open_intent(ctx: Context, session: Json, data: Mapping[str, Any], *, method: str | None = None) -> Json:
    """Creates the PaymentIntent of a session, and saves the session. `data` is its `payment_intent_data`."""
    with ctx.hold_events() as held:
        intent = confirmation.open_intent(
            ctx,
            amount=session["amount_total"],
            currency=session["currency"],
            customer=session["customer"],
            payment_method=method,
            off_session=False,
        )
    held.clear()
    intents = ctx.resource("payment_intent")
    intents.echo(intent, {name: data[name] for name in _HANDED_ON if data.get(name) is not None})
    ctx.private(intent, PaymentIntentPrivate)["checkout_session"] = session["id"]
    ctx.save(intent)
    ctx.emit("payment_intent.created", intent)
    session["payment_intent"] = intent["id"]
    ctx.save(session)
    return intent


def _subscribe(ctx: Context, session: Json, method: Json) -> None:
    hidden = ctx.private(session, CheckoutSessionPrivate)
    data = hidden.get("subscription_data") or {}
    customer = _create_customer(ctx, session, method, always=True)
    if customer is not None and method["customer"] != customer["id"]:
        confirmation.attach_method(ctx, method, customer["id"])
    rows = hidden.get("rows", [])
    params: Json = {name: data[name] for name in _SUBSCRIBED if data.get(name) is not None}
    params |= {
        "customer": session["customer"],
        "default_payment_method": method["id"],
        "items": [_requested_item(row) for row in rows if row["price"]["type"] == "recurring"],
        "payment_behavior": "error_if_incomplete" if method["type"] == "card" else "allow_incomplete",
    }
    once = [_requested_item(row) for row in rows if row["price"]["type"] != "recurring"]
    if once:
        params["add_invoice_items"] = once
    if hidden.get("discounts"):
        params["discounts"] = json.loads(json.dumps(hidden["discounts"]))
    invoice = _subscribe_and_pay(ctx, session, method, params)
    free = invoice["total"] == 0
    _complete(ctx, session, "no_payment_required" if free else "paid" if invoice["status"] == "paid" else "unpaid")


def _subscribe_and_pay(ctx: Context, session: Json, method: Json, params: Json) -> Json:
    """Creates the session's subscription, and returns its first invoice. Raises StripeError if the payment fails.

    With `subscribes_at_attempt` the subscription stays, incomplete, when the payment fails, and the next attempt pays
    the same invoice.
    """
    early = ctx.private(session, CheckoutSessionPrivate).get("subscribes_at_attempt")
    if not session["subscription"]:
        behavior = {"payment_behavior": "default_incomplete"} if early else {}
        subscription = create.create_subscription(ctx, params | behavior)
        scheduler.schedule_next(ctx, ctx.get("customer", subscription["customer"]), subscription)
        session |= {"invoice": subscription["latest_invoice"], "subscription": subscription["id"]}
    invoice = ctx.get("invoice", session["invoice"])
    if not early or invoice["status"] != "open":
        return invoice
    ctx.save(session)
    attempt = finalize_and_pay.pay_invoice(ctx, invoice, method=method["id"], off_session=False)
    if invoice["status"] == "paid":
        after_payment.invoice_paid(ctx, invoice)
    elif attempt is not None and attempt.error is not None:
        raise attempt.error
    elif attempt is not None and attempt.status == "requires_action":
        raise first_invoice.needs_action_error()
    return invoice


def _requested_item(row: Json) -> Json:
    entry: Json = {"price": prices.ChosenPrice(row["price"]["id"]), "quantity": row["quantity"]}
    if (row["price"].get("recurring") or {}).get("usage_type") == "metered":
        del entry["quantity"]
    if row["rates"]:
        entry["tax_rates"] = [rate["id"] for rate in row["rates"]]
    return entry


def _complete_setup(ctx: Context, session: Json, method: Json) -> None:
    intent = ctx.get("setup_intent", session["setup_intent"])
    customer = _create_customer(ctx, session, method, always=_needs_customer(session))
    if customer is not None and not intent["customer"]:
        intent["customer"] = customer["id"]
    sent = {"payment_method": method["id"], "return_url": session["success_url"]}
    ctx.handler(Intent, "setup_intent").confirm(ctx, intent, sent)
    if intent["status"] == "succeeded":
        _complete(ctx, session, "no_payment_required")


def _needs_customer(session: Json) -> bool:
    """Whether completing a session makes a customer: when it is to, and for an invoice, which has one."""
    return bool(session["customer_creation"] == "always" or (session["invoice_creation"] or {}).get("enabled"))


def _create_customer(ctx: Context, session: Json, method: Json, *, always: bool) -> Json | None:
    """Returns the session's customer, created with `always` if there is none, and sets `customer_details`.

    Mutates `session`.
    """
    customer = ctx.find("customer", session["customer"]) if session["customer"] else None
    billed = method["billing_details"]
    known = customer or {}
    details = {
        "address": billed["address"] if any(billed["address"].values()) else known.get("address") or billed["address"],
        "email": session["customer_email"] or known.get("email") or billed["email"],
        "name": billed["name"] or known.get("name"),
        "phone": billed["phone"] or known.get("phone"),
        "tax_exempt": known.get("tax_exempt", "none"),
    }
    ctx.resource("checkout.session").echo(session, {"customer_details": details})
    if customer is None and always:
        created = ctx.resource("customer").create(
            ctx, {name: details[name] for name in ("email", "name", "phone") if details[name]}
        )
        customer = created if isinstance(created, dict) else None
        session["customer"] = customer["id"] if customer else None
    return customer
