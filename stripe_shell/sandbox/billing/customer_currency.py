"""One currency for each customer: what is billed again and again must agree in it.

Source: https://docs.stripe.com/invoicing/multi-currency-customers; the text is recorded (woocommerce-payments#7732).
"""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json

from .calc import rules
from .invoices import customer_balance


def check(ctx: Context, customer: str, currency: str, *, beside_items: bool = False) -> None:
    """Raises StripeError if something that is active bills the customer in another currency.

    `beside_items` ignores pending invoice items: those in several currencies wait beside each other (recorded).
    """
    used = currencies_of_plans(ctx, customer) if beside_items else currencies_in_use(ctx, customer)
    other = next((found for found in used if found != currency), None)
    if other is not None:
        raise errors.invalid(
            "You cannot combine currencies on a single customer. This customer has an active subscription, "
            "subscription schedule, discount, quote, invoice item or active subscription mode checkout session with "
            f"currency {other}."
        )


def follow(ctx: Context, customer: Json, currency: str) -> None:
    """Makes `currency` the customer's default if it differs; balances stay in theirs. Saves the customer.

    Called after `check`, so that nothing active has another one (support.stripe.com on default currencies).
    """
    if customer["currency"] not in (None, currency):
        customer_balance.change_currency(ctx, customer, currency)
        ctx.emit("customer.updated", customer, ctx.save(customer))


def currencies_in_use(ctx: Context, customer: str) -> Iterator[str]:
    """Yields the currencies of what bills the customer: subscriptions, schedules, quotes, sessions, items."""
    yield from currencies_of_plans(ctx, customer)
    for item in ctx.iterate("invoiceitem", customer=customer):
        if item["invoice"] is None:
            yield item["currency"]


def currencies_of_plans(ctx: Context, customer: str) -> Iterator[str]:
    """Yields the currencies of what bills the customer again and again: subscriptions, schedules, quotes, sessions."""
    for subscription in ctx.iterate("subscription", customer=customer):
        if subscription["status"] not in rules.OVER:
            yield subscription["currency"]
    for schedule in ctx.iterate("subscription_schedule", customer=customer):
        if schedule["status"] == "not_started":
            yield from (phase["currency"] for phase in schedule["phases"])
    for quote in ctx.iterate("quote", customer=customer):
        if quote["status"] == "open" and quote["currency"]:
            yield quote["currency"]
    for session in ctx.iterate("checkout.session", customer=customer):
        if session["status"] == "open" and session["mode"] == "subscription" and session["currency"]:
            yield session["currency"]
