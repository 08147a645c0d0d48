"""The customer portal without a browser: the flows by which customers manage their subscriptions and methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.resources.customer import Customer
from stripe_shell.sandbox.resources.payment_method import PaymentMethod
from stripe_shell.sandbox.resources.subscription import Subscription

#: The feature of a portal configuration that allows a flow.
_FEATURES: Final[Mapping[str, str]] = {
    "customer_update": "customer_update",
    "payment_method_update": "payment_method_update",
    "subscription_cancel": "subscription_cancel",
    "subscription_update": "subscription_update",
    "subscription_update_confirm": "subscription_update",
}
_TYPED: Final = ("address", "email", "name", "phone", "shipping")


def use_portal(ctx: Context, session: Json, body: Mapping[str, Any]) -> tuple[str, str]:
    """Runs a flow of a portal session, and returns the kind and id of the object that it changed.

    `flow` in the body is the type of the flow, by default that of the session. Raises ValueError for a flow that the
    session's configuration does not allow, and for a body that says too little.
    """
    own = session["flow"] or {}
    flow = str(body.get("flow") or own.get("type") or "")
    if flow not in _FEATURES:
        raise ValueError(f"`flow` is one of {', '.join(_FEATURES)}")
    configuration = ctx.get("billing_portal.configuration", session["configuration"])
    if not configuration["features"][_FEATURES[flow]]["enabled"]:
        raise ValueError(f"the portal's configuration does not allow {flow}: enable features[{_FEATURES[flow]}]")
    said = {**(own.get(flow) or {}), **body}
    return _FLOWS[flow](ctx, session, said, configuration)


def _update_customer(ctx: Context, session: Json, said: Mapping[str, Any], configuration: Json) -> tuple[str, str]:
    customer = ctx.get("customer", session["customer"])
    typed = {name: said[name] for name in _TYPED if name in said}
    if not typed:
        raise ValueError(f"say what the customer types: {', '.join(_TYPED)}")
    ctx.handler(Customer).update(ctx, customer, typed)
    return "customer", customer["id"]


def _update_method(ctx: Context, session: Json, said: Mapping[str, Any], configuration: Json) -> tuple[str, str]:
    """Adds a payment method, which becomes the default of the customer's invoices."""
    customer = ctx.get("customer", session["customer"])
    method = ctx.get("payment_method", said.get("payment_method") or "pm_card_visa", param="payment_method")
    if method["customer"] != customer["id"]:
        ctx.handler(PaymentMethod).attach(ctx, method, {"customer": customer["id"]})
    ctx.handler(Customer).update(ctx, customer, {"invoice_settings": {"default_payment_method": method["id"]}})
    return "customer", customer["id"]


def _cancel(ctx: Context, session: Json, said: Mapping[str, Any], configuration: Json) -> tuple[str, str]:
    """Cancels a subscription at once or at the period's end, as the configuration says."""
    subscription = _subscription(ctx, session, said)
    details = {name: said[name] for name in ("comment", "feedback") if said.get(name)}
    params: Json = {"cancellation_details": details} if details else {}
    if configuration["features"]["subscription_cancel"]["mode"] == "immediately":
        ctx.handler(Subscription).cancel(ctx, subscription, params)
    else:
        ctx.handler(Subscription).update(ctx, subscription, {**params, "cancel_at_period_end": True})
    return "subscription", subscription["id"]


def _update_subscription(ctx: Context, session: Json, said: Mapping[str, Any], configuration: Json) -> tuple[str, str]:
    """Changes prices and quantities of a subscription's items."""
    subscription = _subscription(ctx, session, said)
    items = [dict(item) for item in said.get("items") or ()]
    if not items:
        raise ValueError('say what the subscription changes to: {"items": [{"price": "price_…", "quantity": 1}]}')
    for item, known in zip(items, subscription["items"]["data"], strict=False):
        item.setdefault("id", known["id"])
    behaviour = configuration["features"]["subscription_update"].get("proration_behavior") or "none"
    ctx.handler(Subscription).update(ctx, subscription, {"items": items, "proration_behavior": behaviour})
    return "subscription", subscription["id"]


def _subscription(ctx: Context, session: Json, said: Mapping[str, Any]) -> Json:
    key = said.get("subscription")
    if not key:
        raise ValueError('name the subscription: {"subscription": "sub_…"}')
    found = ctx.get("subscription", key, param="subscription")
    if found["customer"] != session["customer"]:
        raise ValueError(f"{key} is another customer's")
    return found


_FLOWS: Final[Mapping[str, Callable[[Context, Json, Mapping[str, Any], Json], tuple[str, str]]]] = {
    "customer_update": _update_customer,
    "payment_method_update": _update_method,
    "subscription_cancel": _cancel,
    "subscription_update": _update_subscription,
    "subscription_update_confirm": _update_subscription,
}
