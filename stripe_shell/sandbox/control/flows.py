"""Hosted flows without a browser: what customers and account holders do on Stripe's pages, as private routes.

Each route runs the same code as the page's own requests, in one transaction and without a request id in its events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox.billing.invoices.prices import ChosenPrice
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PaymentLinkPrivate
from stripe_shell.sandbox.payments.accounts.onboarding import VERIFICATIONS
from stripe_shell.sandbox.payments.intent_rules import Intent
from stripe_shell.sandbox.payments.transfers import on_account
from stripe_shell.sandbox.resources.account import Account
from stripe_shell.sandbox.resources.account_link import AccountLink
from stripe_shell.sandbox.resources.bank_account import BankAccount
from stripe_shell.sandbox.resources.checkout_session import CheckoutSession
from stripe_shell.sandbox.resources.invoice import Invoice
from stripe_shell.sandbox.resources.payment_intent import PaymentIntent
from stripe_shell.sandbox.resources.setup_intent import SetupIntent

from .portal import use_portal

_METHOD: Final = "pm_card_visa"
#: The members of a payment link that its sessions have too.
_OF_LINK: Final = (
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "custom_fields",
    "custom_text",
    "invoice_creation",
    "metadata",
    "payment_intent_data",
    "payment_method_collection",
    "payment_method_types",
    "phone_number_collection",
    "shipping_address_collection",
    "submit_type",
    "subscription_data",
    "tax_id_collection",
)


@record
class HostedFlows:
    """The routes of hosted flows. `context` opens a context in a transaction of its own, as `Sandbox.context`."""

    context: Callable[[str | None], AbstractContextManager[Context]]

    def answer(self, route: str, body: Mapping[str, Any], account: str | None, connected: str | None) -> Json | None:
        """Runs a request to `/_sandbox/ROUTE` and returns the object that it changed; None for other routes.

        `connected` is the connected account of `Stripe-Account`. Raises StripeError as the page would be answered, and
        ValueError for a body that says too little.
        """
        flow = _FLOWS.get(route)
        if flow is None:
            return None
        refused: StripeError | None = None
        found: Json = {}
        with self.context(account) as ctx:
            try:
                found = flow(on_account(ctx, connected) if connected else ctx, body)
            except StripeError as error:
                if not error.keeps_rows:
                    raise
                refused = error  # a declined payment, which is stored
        if refused is not None:
            raise refused
        return found


def authenticate(ctx: Context, body: Mapping[str, Any]) -> Json:
    """Completes the `next_action` of an intent, or fails it with `passed` false."""
    key = _text(body, "intent")
    kind = "setup_intent" if key.startswith("seti_") else "payment_intent"
    intent = ctx.find(kind, key)
    if intent is None or intent["status"] != "requires_action":
        raise ValueError(f"{key} does not wait for the customer")
    ctx.handler(Intent, kind).authenticate(ctx, intent, passed=body.get("passed", True) is True)
    return _shown(ctx, kind, key)


def pay_invoice(ctx: Context, body: Mapping[str, Any]) -> Json:
    """Pays an open invoice on its hosted page."""
    invoice = ctx.get("invoice", _text(body, "invoice"), param="invoice")
    if invoice["status"] != "open":
        raise ValueError(f"the page of an invoice can pay it while it is open; {invoice['id']} is {invoice['status']}")
    params = {"off_session": False, "payment_method": body.get("payment_method") or _METHOD}
    ctx.handler(Invoice).pay(ctx, invoice, params)
    return _shown(ctx, "invoice", invoice["id"])


def complete_checkout(ctx: Context, body: Mapping[str, Any]) -> Json:
    """Pays, subscribes or saves a method on the page of a Checkout Session."""
    session = ctx.get("checkout.session", _text(body, "session"), param="session")
    ctx.handler(CheckoutSession).confirm_page(ctx, session, {"payment_method": _method_used(ctx, body)})
    return _shown(ctx, "checkout.session", session["id"])


def abandon_checkout(ctx: Context, body: Mapping[str, Any]) -> Json:
    """Lets a Checkout Session expire, as when its customer leaves the page and does not come back."""
    session = ctx.get("checkout.session", _text(body, "session"), param="session")
    ctx.handler(CheckoutSession).expire(ctx, session, {})
    return _shown(ctx, "checkout.session", session["id"])


def use_payment_link(ctx: Context, body: Mapping[str, Any]) -> Json:
    """Opens a payment link and completes its Checkout Session; with `complete` false, leaves it open."""
    link = ctx.get("payment_link", _text(body, "payment_link"), param="payment_link")
    if not link["active"]:
        raise ValueError(f"{link['id']} is not active any more")
    rows = ctx.private(link, PaymentLinkPrivate)["rows"]
    recurring = any(row["price"]["type"] == "recurring" for row in rows)
    lines = [{"price": ChosenPrice(row["price"]["id"]), "quantity": row["quantity"]} for row in rows]
    params = {name: link[name] for name in _OF_LINK if link.get(name)}
    params |= {"line_items": lines, "mode": "subscription" if recurring else "payment", "success_url": link["url"]}
    if not recurring:
        params["customer_creation"] = link["customer_creation"]
    session = ctx.handler(CheckoutSession).create(ctx, params)
    assert isinstance(session, dict)  # noqa: S101 - of the handler's type
    session["payment_link"] = link["id"]
    ctx.save(session)
    if body.get("complete", True) is True:
        return complete_checkout(ctx, {**body, "session": session["id"]})
    return _shown(ctx, "checkout.session", session["id"])


def onboard(ctx: Context, body: Mapping[str, Any]) -> Json:
    """Gives everything that is due on a connected account, as its holder does in onboarding.

    The account is named by its id or by the URL of an account link, which is used up.
    """
    outcome = body.get("verification") or "verified"
    if outcome not in VERIFICATIONS:
        raise ValueError(f"verification is one of {', '.join(VERIFICATIONS)}")
    url = body.get("account_link")
    key = _account_of(url) if isinstance(url, str) else _text(body, "account")
    account = ctx.get("account", key, param="account")
    if url and not ctx.handler(AccountLink).use(ctx, account, url):
        raise ValueError("the account link has expired or was used before; make a new one")
    if account["id"] == ctx.platform:
        raise ValueError("the account of the key needs no onboarding; name a connected account")
    ctx.handler(Account).onboard(ctx, account, outcome)
    return _shown(ctx, "account", account["id"])


def _account_of(url: str) -> str:
    """Returns the id of the account in the URL of an account link."""
    return next((part for part in url.split("/") if part.startswith("acct_")), "")


def verify_microdeposits(ctx: Context, body: Mapping[str, Any]) -> Json:
    """Types the amounts of two microdeposits, or the code in their descriptor, for an intent or a bank account."""
    params = {name: body[name] for name in ("amounts", "descriptor_code") if body.get(name)} or {"amounts": [32, 45]}
    key = body.get("intent") or _text(body, "bank_account")
    if str(key).startswith("seti_"):
        ctx.handler(SetupIntent).verify_microdeposits(ctx, ctx.get("setup_intent", key), params)
        return _shown(ctx, "setup_intent", key)
    if body.get("intent"):
        ctx.handler(PaymentIntent).verify_microdeposits(ctx, ctx.get("payment_intent", key), params)
        return _shown(ctx, "payment_intent", key)
    ctx.handler(BankAccount).verify(ctx, ctx.get("bank_account", key), params)
    return _shown(ctx, "bank_account", key)


def _portal(ctx: Context, body: Mapping[str, Any]) -> Json:
    session = ctx.get("billing_portal.session", _text(body, "session"), param="session")
    kind, key = use_portal(ctx, session, body)
    return _shown(ctx, kind, key)


_FLOWS: Final[Mapping[str, Callable[[Context, Mapping[str, Any]], Json]]] = {
    "abandon_checkout": abandon_checkout,
    "authenticate": authenticate,
    "complete_checkout": complete_checkout,
    "onboard": onboard,
    "pay_invoice": pay_invoice,
    "use_payment_link": use_payment_link,
    "use_portal": _portal,
    "verify_microdeposits": verify_microdeposits,
}


def _method_used(ctx: Context, body: Mapping[str, Any]) -> str:
    """Returns the id of the payment method that the customer uses, with the email address and name that they type."""
    method = ctx.get("payment_method", body.get("payment_method") or _METHOD, param="payment_method")
    typed = {name: body[name] for name in ("email", "name") if body.get(name)}
    if typed:
        method["billing_details"] |= typed
        ctx.save(method)
    return str(method["id"])


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f'the body must name `{name}`, as in {{"{name}": "…"}}')
    return value


def _shown(ctx: Context, kind: str, key: str) -> Json:
    return ctx.presented([kind], key) or {}
