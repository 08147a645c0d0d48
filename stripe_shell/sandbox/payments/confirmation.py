"""Payments: confirms, declines, authenticates and cancels PaymentIntents.

    intent = confirmation.open_intent(
        ctx, amount=2000, currency="usd", customer="cus_…", payment_method="pm_…", off_session=True
    )
    attempt = confirmation.confirm_existing(ctx, intent, None, off_session=True)
    attempt.status            # succeeded | requires_action | requires_payment_method | processing | requires_capture
    attempt.payment_intent    # the intent as stored
    attempt.charge            # the new charge, or None
    attempt.error             # the StripeError for the caller to raise if its own call has to fail, or None

`open_intent` creates an intent, `confirm_existing` confirms one; neither raises on a decline. An intent created with
`invoice` belongs to that invoice. When it changes afterwards, by a client's `confirm`, an authentication or a settled
bank debit, `payment_changed` of the invoice's resource is called: see `PaymentOwner`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.carried_over import invoice_to_payment_intent
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import MethodPrivate, PaymentIntentPrivate
from stripe_shell.sandbox.objects.resource import Resource

from . import cash_balances, charges, intent_rules, payment_methods, transfers
from .after_charge import charge_paid
from .declines import DECLINES, Decline, card_error, last_error, refusal
from .legacy_sources import AttachedSource
from .test_banks import FAILURES
from .test_cards import CardFacts
from .vouchers import voucher_action

AttemptStatus = Literal[
    "succeeded", "requires_action", "requires_payment_method", "requires_confirmation", "processing", "requires_capture"
]

#: Statuses in which an intent can be updated and confirmed.
EARLY: Final = ("requires_payment_method", "requires_confirmation", "requires_action")

_CARD_OPTIONS: Final = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}

#: The decline of a failed authentication.
NOT_AUTHENTICATED: Final = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)


@record
class PaymentAttempt:
    """The result of a confirmation."""

    status: AttemptStatus
    payment_intent: Json
    charge: Json | None = None
    error: StripeError | None = None


@record
class ConfirmOptions:
    """The options of a confirmation. `authenticated` says that the customer has completed 3D Secure."""

    off_session: bool = False
    return_url: str | None = None
    refuses_action: bool = False
    authenticated: bool = False


class PaymentOwner(Resource):
    """A resource whose objects have payments: invoices, Checkout Sessions."""

    def payment_changed(self, ctx: Context, obj: Json, attempt: PaymentAttempt) -> None:
        """Updates the object after its payment was confirmed, authenticated or settled by another call."""


def open_intent(
    ctx: Context,
    *,
    amount: int,
    currency: str,
    customer: str | None,
    payment_method: str | None,
    off_session: bool,
    description: str | None = None,
    metadata: Mapping[str, str] | None = None,
    invoice: str | None = None,
) -> Json:
    """Creates, stores and returns a PaymentIntent, unconfirmed, and emits its event.

    `off_session` False sets up the method of an invoice's intent for later off-session payments.
    """
    method = ctx.get("payment_method", payment_method, param="payment_method") if payment_method else None
    intent = ctx.new(
        "payment_intent",
        amount=amount,
        currency=currency,
        customer=customer,
        payment_method=method["id"] if method else None,
        description=description,
        metadata=dict(metadata or {}),
        status="requires_confirmation" if method else "requires_payment_method",
        setup_future_usage="off_session" if invoice and customer and not off_session else None,
        payment_method_types=["card", *([method["type"]] if method and method["type"] != "card" else [])],
        **invoice_to_payment_intent(invoice),
    )
    complete(ctx, intent)
    if invoice:
        ctx.private(intent, PaymentIntentPrivate)["invoice"] = invoice
    ctx.insert(intent)
    ctx.emit("payment_intent.created", intent)
    return intent


def complete(ctx: Context, obj: Json) -> None:
    """Mutates `obj`: sets the client secret and the payment method options of a new intent."""
    obj["client_secret"] = f"{obj['id']}_secret_{ctx.ids.text(25)}"
    options = obj["payment_method_options"] or {}
    if "card" in obj["payment_method_types"]:
        options["card"] = _CARD_OPTIONS | {name: value for name, value in (options.get("card") or {}).items() if value}
    if "link" in obj["payment_method_types"]:
        options["link"] = {"persistent_token": None} | (options.get("link") or {})
    obj["payment_method_options"] = options
    if ctx.account != ctx.platform:
        obj["application"] = transfers.application_of(ctx)


def confirm_existing(
    ctx: Context, payment_intent: Json, payment_method: str | None, off_session: bool
) -> PaymentAttempt:
    """Confirms an intent with the given method or its own; without one it is left unchanged.

    A decline is returned as an `PaymentAttempt` with an `error`.
    """
    named = payment_method or payment_intent.get("payment_method")
    if not named:
        return PaymentAttempt("requires_payment_method", payment_intent)
    method = ctx.get("payment_method", named, param="payment_method")
    return attempt_payment(ctx, payment_intent, method, ConfirmOptions(off_session=off_session))


def default_method(ctx: Context, customer: Json, subscription: Json | None = None) -> str | None:
    """Returns the id of the payment method that an invoice charges, or None.

    In Stripe's order: the subscription's default payment method and source, then the customer's.
    """
    settings = customer.get("invoice_settings") or {}
    named = (
        *((subscription.get("default_payment_method"), subscription.get("default_source")) if subscription else ()),
        settings.get("default_payment_method"),
        customer.get("default_source"),
    )
    for found in named:
        key = found.get("id") if isinstance(found, dict) else found
        if key and ctx.find("payment_method", key) is not None:
            return str(key)
    return None


def attach(ctx: Context, payment_method_or_literal: str, customer: Json) -> Json:
    """Attaches a payment method to a customer: an id, `pm_card_visa`, or `tok_visa`, which creates a card.

    Returns the method. Raises StripeError for a declined card, another customer's method or a used one.
    """
    if payment_method_or_literal.startswith("tok_"):
        card = ctx.handler(AttachedSource, "card").make(ctx, payment_method_or_literal, customer=customer["id"])
        return ctx.get("payment_method", card["id"])
    method = ctx.get("payment_method", payment_method_or_literal, param="payment_method")
    return attach_method(ctx, method, customer["id"])


def attach_method(ctx: Context, method: Json, customer: str) -> Json:
    """Attaches a payment method to a customer and emits its event; no change if it is attached already. Saves it.

    Raises StripeError for a declined card, another customer's method or a used one.
    """
    if method["customer"] == customer:
        return method
    if method["customer"]:
        raise errors.invalid("The payment method you provided has already been attached to a customer.")
    intent_rules.check_unused(ctx, method, attaches=True)
    card = payment_methods.card_of(ctx, method)
    if card is not None and not card.can_be_attached:
        raise refusal(card.decline, extra={"payment_method": payment_methods.copy_object(ctx, method)})
    method["customer"] = customer
    payment_methods.run_checks(ctx, method)
    ctx.save(method)
    ctx.emit("payment_method.attached", method)
    return method


# --- one attempt ---------------------------------------------------------------------------------------------


def attempt_payment(ctx: Context, intent: Json, method: Json, confirm_options: ConfirmOptions) -> PaymentAttempt:
    """Attempts to pay an intent with a method. Saves the intent, the charge and the events, also on a decline."""
    intent["payment_method"] = method["id"]
    if method["type"] == "card":
        return _pay_by_card(ctx, intent, method, confirm_options)
    if method["type"] in payment_methods.DEBITS:
        if intent_rules.wants_microdeposits(intent, method) and not confirm_options.authenticated:
            return _require_action(ctx, intent, intent_rules.microdeposit_action(ctx))
        return _debit(ctx, intent, method)
    if method["type"] == "customer_balance":
        return _pay_from_cash_balance(ctx, intent, method)
    if confirm_options.authenticated or method["type"] in ("link", "custom"):
        return charge_intent(ctx, intent, method)
    return ask_for_action(ctx, intent, method, confirm_options)


def authenticate(ctx: Context, intent: Json, *, passed: bool = True) -> PaymentAttempt:
    """Completes the `next_action` of an intent in `requires_action`: the customer authenticated, or failed to.

    With manual confirmation the intent then waits to be confirmed again (docs.stripe.com/payments/payment-intents).
    """
    method = ctx.get("payment_method", intent["payment_method"])
    if passed and intent["confirmation_method"] == "manual":
        ctx.private(intent, PaymentIntentPrivate)["authenticated"] = method["id"]
        intent |= {"next_action": None, "status": "requires_confirmation"}
        ctx.save(intent)
        return PaymentAttempt("requires_confirmation", intent)
    if passed:
        attempt = attempt_payment(ctx, intent, method, ConfirmOptions(authenticated=True))
    else:
        attempt = decline_intent(ctx, intent, method, NOT_AUTHENTICATED, None)
    notify_payee(ctx, attempt)
    return attempt


def notify_payee(ctx: Context, attempt: PaymentAttempt) -> None:
    """Passes the result to the invoice or the Checkout Session of the intent."""
    key = ctx.private(attempt.payment_intent, PaymentIntentPrivate).get("invoice")
    invoice = ctx.find("invoice", key) if key else None
    if invoice is not None:
        ctx.handler(PaymentOwner, "invoice").payment_changed(ctx, invoice, attempt)
    key = ctx.private(attempt.payment_intent, PaymentIntentPrivate).get("checkout_session")
    session = ctx.find("checkout.session", key) if key else None
    if session is not None:
        ctx.handler(PaymentOwner, "checkout.session").payment_changed(ctx, session, attempt)


def _pay_by_card(ctx: Context, intent: Json, method: Json, confirm_options: ConfirmOptions) -> PaymentAttempt:
    card = payment_methods.card_of(ctx, method)
    if (
        card is not None
        and not confirm_options.authenticated
        and _needs_authentication(ctx, intent, method, card, confirm_options)
    ):
        if not (confirm_options.off_session or confirm_options.refuses_action):
            return ask_for_action(ctx, intent, method, confirm_options)
        decline = DECLINES["authentication_required"]
        # The bank refuses a payment off session, so it has a charge; one that may not ask for action is never sent.
        charge = charges.fail_charge(ctx, intent, method, decline, card) if confirm_options.off_session else None
        return decline_intent(ctx, intent, method, decline, charge)
    if card is not None and card.decline:
        decline = DECLINES[card.decline]
        authenticated = confirm_options.authenticated
        charge = charges.fail_charge(ctx, intent, method, decline, card, authenticated=authenticated)
        return decline_intent(ctx, intent, method, decline, charge)
    return charge_intent(ctx, intent, method, authenticated=confirm_options.authenticated)


def _pay_from_cash_balance(ctx: Context, intent: Json, method: Json) -> PaymentAttempt:
    """Pays an intent from the cash balance, else shows bank transfer instructions. Saves the intent."""
    intent["status"] = "requires_action"
    ctx.private(intent, PaymentIntentPrivate)["funded"] = 0
    if cash_balances.take(ctx, intent, None):
        return PaymentAttempt("succeeded", intent, charge_intent(ctx, intent, method).charge)
    intent |= {"last_payment_error": None, "next_action": cash_balances.instructions(ctx, intent)}
    ctx.save(intent)
    ctx.emit("payment_intent.requires_action", intent)
    return PaymentAttempt("requires_action", intent)


def _needs_authentication(
    ctx: Context, intent: Json, method: Json, card: CardFacts, confirm_options: ConfirmOptions
) -> bool:
    if card.authentication == "on_setup":
        return not ctx.private(method, MethodPrivate).get("set_up")
    if card.authentication == "on_session":
        return not confirm_options.off_session
    if card.authentication == "always":
        return True
    return card.supports_three_d_secure and asks_for_three_d_secure(intent) and not confirm_options.off_session


def asks_for_three_d_secure(intent: Mapping[str, Any]) -> bool:
    """Whether the card's options of a payment or setup intent request 3D Secure by themselves."""
    options = (intent.get("payment_method_options") or {}).get("card") or {}
    return options.get("request_three_d_secure") in ("any", "challenge")


def charge_intent(ctx: Context, intent: Json, method: Json, *, authenticated: bool = False) -> PaymentAttempt:
    """Records a successful payment: captures it, or authorizes it for a later capture. Saves the intent."""
    hold = is_hold(intent, method)
    _attach_for_later(ctx, intent, method)
    charge = charges.make_charge(ctx, intent, method, captured=not hold, authenticated=authenticated)
    _consume_method(ctx, method)
    ctx.emit("charge.succeeded", charge)
    intent |= {"last_payment_error": None, "latest_charge": charge["id"], "next_action": None}
    if hold:
        intent |= {"amount_capturable": intent["amount"], "status": "requires_capture"}
        ctx.save(intent)
        jobs.schedule(ctx, charges.HOLD, intent, "run_out")
        ctx.emit("payment_intent.amount_capturable_updated", intent)
        return PaymentAttempt("requires_capture", intent, charge)
    complete_payment(ctx, intent, charge)
    return PaymentAttempt("succeeded", intent, charge)


def complete_payment(ctx: Context, intent: Json, charge: Json) -> None:
    """Marks an intent as succeeded once its charge is paid; creates disputes and transfers. Saves the intent."""
    charge_paid(ctx, charge)
    intent |= {"amount_capturable": 0, "amount_received": charge["amount_captured"], "status": "succeeded"}
    intent["processing"] = None
    ctx.save(intent)
    ctx.emit("payment_intent.succeeded", intent)


def is_hold(intent: Mapping[str, Any], method: Mapping[str, Any]) -> bool:
    """Whether a payment is authorized now and captured manually later."""
    options = (intent.get("payment_method_options") or {}).get(method["type"]) or {}
    return "manual" in (intent.get("capture_method"), options.get("capture_method"))


def ask_for_action(ctx: Context, intent: Json, method: Json, confirm_options: ConfirmOptions) -> PaymentAttempt:
    """Sets an intent's `next_action` and status `requires_action`. Saves the intent."""
    action = voucher_action(ctx, method["type"]) or next_action(ctx, intent, confirm_options.return_url)
    return _require_action(ctx, intent, action)


def _require_action(ctx: Context, intent: Json, action: Json) -> PaymentAttempt:
    intent |= {"last_payment_error": None, "next_action": action, "status": "requires_action"}
    ctx.save(intent)
    ctx.emit("payment_intent.requires_action", intent)
    return PaymentAttempt("requires_action", intent)


def next_action(ctx: Context, intent: Mapping[str, Any], return_url: str | None) -> Json:
    """Returns the `next_action` of a payment: a redirect if there is a `return_url`, else one for Stripe.js."""
    url = f"https://hooks.stripe.com/3d_secure_2/hosted?intent={intent['id']}&secret={intent['client_secret']}"
    if return_url:
        return {"redirect_to_url": {"return_url": return_url, "url": url}, "type": "redirect_to_url"}
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"source": ctx.new_id("source"), "stripe_js": url, "type": "three_d_secure_redirect"},
    }


def decline_intent(ctx: Context, intent: Json, method: Json, decline: Decline, charge: Json | None) -> PaymentAttempt:
    """Records a declined payment: the intent requires another payment method. Saves the intent."""
    error = decline_error(ctx, method, decline, charge)
    intent |= {"last_payment_error": last_error(error, method), "next_action": None, "payment_method": None}
    intent |= {"processing": None, "status": "requires_payment_method"}
    if charge is not None:
        intent["latest_charge"] = charge["id"]
    ctx.save(intent)
    ctx.emit("payment_intent.payment_failed", intent)
    error.extra["payment_intent"] = payment_methods.copy_object(ctx, intent)
    return PaymentAttempt("requires_payment_method", intent, charge, error)


def decline_error(ctx: Context, method: Json, decline: Decline, charge: Json | None) -> StripeError:
    """Returns the error (402) for a decline."""
    members = {"charge": charge["id"] if charge else None, "payment_method": payment_methods.copy_object(ctx, method)}
    return card_error(decline, extra=members)


def cancel_intent(ctx: Context, intent: Json, reason: str | None, *, expired: bool = False) -> None:
    """Cancels an intent and releases its authorization, also for voided invoices and expired sessions. Saves it."""
    charge = ctx.find("charge", intent["latest_charge"]) if intent["latest_charge"] else None
    if intent["status"] == "processing" and charge is not None:
        charges.reject_charge(ctx, charge, Decline("payment_intent_canceled", None, "The payment was canceled."))
    intent |= {"amount_capturable": 0, "canceled_at": ctx.now(), "cancellation_reason": reason}
    intent |= {"next_action": None, "status": "canceled"}
    ctx.save(intent)
    if expired and charge is not None:
        ctx.emit("charge.expired", charge)
    ctx.emit("payment_intent.canceled", intent)


def _debit(ctx: Context, intent: Json, method: Json) -> PaymentAttempt:
    """Starts a bank debit: the charge is pending until a job settles it."""
    bank = payment_methods.bank_of(ctx, method)
    if bank is not None and bank.blocked:
        decline = Decline("payment_method_provider_decline", "blocked", FAILURES["blocked"])
        return decline_intent(ctx, intent, method, decline, charges.fail_charge(ctx, intent, method, decline, None))
    _attach_for_later(ctx, intent, method)
    charge = charges.make_charge(ctx, intent, method)
    _consume_method(ctx, method)
    intent |= {"last_payment_error": None, "latest_charge": charge["id"], "next_action": None, "status": "processing"}
    ctx.save(intent)
    ctx.emit("payment_intent.processing", intent)
    ctx.emit("charge.pending", charge)
    if bank is None or bank.delay is not None:
        jobs.schedule(ctx, bank.delay or 0 if bank else 0, intent, "settle")
    return PaymentAttempt("processing", intent, charge)


def _attach_for_later(ctx: Context, intent: Json, method: Json) -> None:
    """Attaches a method with `setup_future_usage` to the intent's customer after its first success."""
    options = (intent.get("payment_method_options") or {}).get(method["type"]) or {}
    wanted = options.get("setup_future_usage") or intent.get("setup_future_usage")
    if wanted and wanted != "none" and intent["customer"] and not method["customer"]:
        attach_method(ctx, method, intent["customer"])
    if wanted == "off_session":
        ctx.private(method, MethodPrivate)["set_up"] = True


def _consume_method(ctx: Context, method: Json) -> None:
    """Marks a method without a customer as used: Stripe allows it one payment. Saves the method."""
    if not method["customer"]:
        ctx.private(method, MethodPrivate)["spent"] = True
    ctx.save(method)
