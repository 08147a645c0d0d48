"""Rules that payment and setup intents share: which payment method is given, who owns it, whether it can be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import check_charge
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Answer, Context, Json
from stripe_shell.sandbox.objects.private_fields import ConfirmationTokenPrivate, MethodPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.request.parameters import header
from stripe_shell.spec.model import Shape
from stripe_shell.spec.validate import typed

from . import payment_methods
from .ledger import available_on
from .mandates import make_mandate
from .method_currencies import CURRENCIES_OF
from .test_banks import TIMED_OUT, TOO_MANY_TRIES, VERIFYING

#: The key of the card of `payment_method_data` in `params` while the other parameters are validated.
_CARD_DATA: Final = "payment_method_data[card]"

#: Payment method types that never redirect the customer.
_STAYS: Final = frozenset({"card", "link", *payment_methods.DEBITS, "customer_balance"})

#: Parameters that choose the methods beside `allowed_payment_method_types`.
_CHOICES: Final = (
    "automatic_payment_methods",
    "excluded_payment_method_types",
    "payment_method_configuration",
    "payment_method_types",
)
_TEXTS: Final = Shape("array", items=Shape("string"))


@record
class IntentWording:
    """The words of the error messages of one kind of intent."""

    kind: str
    title: str

    @property
    def unexpected_state(self) -> str:
        """The error code for an action that the intent's status does not allow."""
        return f"{self.kind}_unexpected_state"


class Intent(Resource):
    """Payment and setup intents, which other resources confirm and authenticate."""

    def retrieve(self, ctx: Context, obj: Json, params: Json) -> Answer:
        """Returns the intent. Raises StripeError for a `client_secret` that is another intent's."""
        check_client_secret(PAYMENT if self.kind == PAYMENT.kind else SETUP, obj, params)
        return super().retrieve(ctx, obj, params)

    def confirm(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Confirms the intent. Raises StripeError when it is declined."""
        return obj

    def authenticate(self, ctx: Context, obj: Json, *, passed: bool = True) -> Json:
        """Ends `requires_action`: the customer passed authentication or failed it. Does not raise when it fails."""
        return obj


PAYMENT: Final = IntentWording("payment_intent", "PaymentIntent")
SETUP: Final = IntentWording("setup_intent", "SetupIntent")


def intent_error(
    ctx: Context, words: IntentWording, intent: Json, message: str, *, code: str | None = "", param: str | None = None
) -> StripeError:
    """Returns an error that contains the intent; the code defaults to `…_unexpected_state`, None omits it."""
    extra = {} if ctx.operation.action == "create" else {words.kind: payment_methods.copy_object(ctx, intent)}
    found = words.unexpected_state if code == "" else code
    return StripeError(message, code=found, param=param, extra=extra)


def method_sent(ctx: Context, intent: Json, params: Mapping[str, Any]) -> Json | None:
    """Returns the method that the parameters give: an id, `payment_method_data` or a confirmation token; None for none.

    Stores a method created from `payment_method_data`.
    """
    if params.get("confirmation_token"):
        return use_token(ctx, params["confirmation_token"], intent)
    if params.get("payment_method_data"):
        method = payment_methods.from_params(ctx, method_data(params), "payment_method_data")
        ctx.insert(method)
        return method
    if params.get("payment_method"):
        return ctx.get("payment_method", params["payment_method"], param="payment_method")
    return None


def use_token(ctx: Context, key: str, intent: Json) -> Json:
    """Marks a token as used by `intent` and returns its payment method.

    Raises StripeError when the token was used before or has expired.
    """
    token = ctx.get("confirmation_token", key, param="confirmation_token")
    if token["payment_intent"] or token["setup_intent"]:
        raise errors.invalid("You cannot use a ConfirmationToken more than once.", param="confirmation_token")
    if token["expires_at"] <= ctx.now():
        raise errors.invalid("This ConfirmationToken has expired.", param="confirmation_token")
    token[intent["object"]] = intent["id"]
    ctx.save(token)
    return ctx.get("payment_method", ctx.private(token, ConfirmationTokenPrivate)["payment_method"])


def method_to_confirm(ctx: Context, words: IntentWording, intent: Json, params: Mapping[str, Any]) -> Json | None:
    """Returns the method that the parameters set on an intent, or None; a confirmation token is not used yet.

    Raises StripeError for another customer's method.
    """
    method = method_sent(ctx, intent, params) if "confirmation_token" not in params else None
    if method is not None:
        _check_owner(ctx, words, intent, method)
    return method


def check_client_secret(words: IntentWording, intent: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Raises StripeError for a `client_secret` that is not the intent's; none needs to be given with a secret key."""
    if params.get("client_secret") not in (None, intent["client_secret"]):
        raise errors.invalid(
            f"The client_secret provided does not match any associated {words.title} on this account.",
            param="client_secret",
        )


def take_card_data(params: Json) -> Json:
    """Mutates `params`: removes and returns the `card` of `payment_method_data`, which the description lacks.

    Replaces the type `card` by another one, so that the other parameters can be validated.
    """
    data = params.get("payment_method_data")
    if not isinstance(data, dict) or data.get("type") != "card":
        return {}
    card = data.pop("card", {})
    data["type"] = "link"
    return {_CARD_DATA: card}


def types_of_allowed(params: Mapping[str, Any]) -> Json:
    """Returns `allowed_payment_method_types` as `payment_method_types`, without those of other currencies.

    Raises StripeError for other parameters that choose methods, and where no method is left.
    Source: https://docs.stripe.com/changelog/dahlia/2026-07-29/allowed-payment-method-types-parameter
    """
    given = params.get("allowed_payment_method_types")
    if not given:
        return {}
    other = next((name for name in _CHOICES if params.get(name)), None)
    if other is not None:
        raise errors.exclusive("allowed_payment_method_types", other)
    types, currency = typed(given, _TEXTS), str(params.get("currency") or "").lower()
    fitting = [kind for kind in types if not currency or currency in CURRENCIES_OF.get(kind, (currency,))]
    if not fitting:
        raise errors.invalid(
            "No valid payment method types for this Payment Intent. Please ensure that you have activated payment "
            "methods compatible with your chosen currency in your dashboard "
            "(https://dashboard.stripe.com/settings/payment_methods) or specify payment_method_types explicitly.",
        )
    return {"payment_method_types": fitting}


def method_data(params: Mapping[str, Any]) -> Json:
    """Returns `payment_method_data` with its `card` restored."""
    data = dict(params["payment_method_data"])
    return data | {"type": "card", "card": params[_CARD_DATA]} if _CARD_DATA in params else data


def check_method(ctx: Context, words: IntentWording, intent: Json, method: Json, params: Mapping[str, Any]) -> None:
    """Raises StripeError for a method that cannot confirm the intent."""
    _check_owner(ctx, words, intent, method)
    check_unused(ctx, method)
    check_type(ctx, words, intent, method)
    _check_return_url(ctx, words, intent, params)
    _check_mandate(ctx, words, intent, method, params)


def _check_owner(ctx: Context, words: IntentWording, intent: Json, method: Json) -> None:
    """Raises StripeError for a method of a customer that is not the intent's."""
    owner, customer = method["customer"], intent["customer"]
    if not owner or owner == customer:
        return
    if customer:
        message = (
            f"The PaymentMethod {method['id']} does not belong to the Customer you supplied {customer}. "
            "Please use this PaymentMethod with the Customer that it belongs to instead."
        )
        raise intent_error(ctx, words, intent, message, code=None, param="payment_method")
    message = (
        f"The payment method supplied ({method['id']}) belongs to the Customer {owner}. "
        f"Please include the Customer in the `customer` parameter on the {words.title}."
    )
    if words is PAYMENT:
        raise intent_error(ctx, words, intent, message, code="parameter_missing", param="source")
    raise intent_error(ctx, words, intent, message, code=None, param="payment_method")


def check_unused(ctx: Context, method: Json, *, attaches: bool = False) -> None:
    """Raises StripeError for a method without a customer that was used or detached before.

    One that was set up without a customer can be attached (`attaches`), and not be confirmed again (both recorded).
    """
    private = ctx.private(method, MethodPrivate)
    if not method["customer"] and (private.get("spent") or (private.get("set_up") and not attaches)):
        raise errors.invalid(
            "The provided PaymentMethod was previously used without being attached to a Customer or was detached from "
            "a Customer, and may not be used again.",
            param="payment_method",
        )


def check_type(ctx: Context, words: IntentWording, intent: Json, method: Json) -> None:
    """Raises StripeError for a method type that the intent does not accept."""
    types = intent["payment_method_types"]
    if intent["automatic_payment_methods"] or method["type"] in types:
        return
    message = (
        f"The PaymentMethod provided ({method['type']}) is not allowed for this {words.title}. "
        f"Please attach a PaymentMethod of one of the following types: {', '.join(types)}."
    )
    raise intent_error(ctx, words, intent, message, code=None)


def missing_method(ctx: Context, words: IntentWording, intent: Json) -> StripeError:
    """Returns the error for a confirmation without a payment method."""
    customer = intent["customer"]
    tail = (
        f"To confirm the {words.title} with {customer}, specify a payment method attached to this customer along with "
        "the customer ID."
        if customer
        else f"You can either update the {words.title} with a payment method and then confirm it again, or confirm it "
        "again directly with a payment method or ConfirmationToken."
    )
    message = f"You cannot confirm this {words.title} because it's missing a payment method. {tail}"
    return intent_error(ctx, words, intent, message)


def _check_return_url(ctx: Context, words: IntentWording, intent: Json, params: Mapping[str, Any]) -> None:
    """Raises StripeError for automatic payment methods that may redirect without a `return_url`.

    Applies only to requests with a `Stripe-Version` header: accounts with old default versions, and the Stripe CLI's
    fixtures, confirm without a `return_url`; nor to payments off session, where nobody can be redirected (a suite that
    runs against Stripe pays so).
    """
    automatic = intent["automatic_payment_methods"]
    if not automatic or automatic.get("allow_redirects") == "never" or params.get("return_url"):
        return
    if params.get("off_session") or params.get("use_stripe_sdk") or not _shows_version(ctx):
        return
    message = (
        f"This {words.title} is configured to accept payment methods enabled in your Dashboard. Because some of these "
        "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't "
        "want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
        "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
    )
    raise intent_error(ctx, words, intent, message, code=None, param="return_url")


def _check_mandate(ctx: Context, words: IntentWording, intent: Json, method: Json, params: Mapping[str, Any]) -> None:
    """Sets the method's mandate from `mandate` or `mandate_data`. Raises StripeError for a bank debit without one."""
    if method["type"] not in ("us_bank_account", "sepa_debit", "bacs_debit", "acss_debit", "au_becs_debit"):
        return
    if params.get("mandate"):
        ctx.private(method, MethodPrivate)["mandate"] = ctx.get("mandate", params["mandate"], param="mandate")["id"]
    elif params.get("mandate_data"):
        mandate = make_mandate(ctx, method, params["mandate_data"])
        ctx.private(method, MethodPrivate)["mandate"] = mandate["id"]
    elif not ctx.private(method, MethodPrivate).get("mandate"):
        message = (
            f"This {words.title} requires a mandate, but no existing mandate was found. Collect mandate acceptance "
            "from the customer and try again, providing acceptance data in the mandate_data parameter."
        )
        raise intent_error(ctx, words, intent, message, code=None)


def check_amount(amount: int, currency: str) -> None:
    """Raises StripeError for an amount below the currency's minimum or above the maximum."""
    if amount < 0:
        raise errors.below_minimum("amount", 1)
    if amount == 0:
        raise errors.invalid(
            "This value must be greater than or equal to 1. The amount must be greater than or equal to the minimum "
            "charge amount allowed for your account and the currency set. If you want to save a Payment Method for "
            "future use without an immediate payment, use a Setup Intent instead: "
            "https://docs.stripe.com/payments/setup-intents",
            param="amount",
            code="parameter_invalid_integer",
        )
    check_charge(amount, currency)


def refuse_confirm_only(params: Mapping[str, Any], names: tuple[str, ...], title: str) -> None:
    """Raises StripeError for parameters that require `confirm`; an option that is off is none."""
    found = next((name for name in names if params.get(name) not in (None, False, "")), None)
    if found is not None and not params.get("confirm"):
        raise errors.invalid(
            f"The parameter `{found}` cannot be passed when creating a {title} unless `confirm` is set to true.",
            param=found,
        )


def choose_types(intent: Json, params: Mapping[str, Any]) -> None:
    """Mutates `intent`: sets its payment method types as given, or to those that the Dashboard enables by default."""
    if "payment_method_types" in params and "automatic_payment_methods" in params:
        raise errors.exclusive("automatic_payment_methods", "payment_method_types")
    automatic = params.get("automatic_payment_methods")
    if params.get("payment_method_types"):
        intent["automatic_payment_methods"] = None
    elif automatic is not None and not automatic.get("enabled"):
        intent |= {"automatic_payment_methods": None, "payment_method_types": ["card"]}
    else:
        redirects = (automatic or {}).get("allow_redirects", "always")
        intent["automatic_payment_methods"] = {"allow_redirects": redirects, "enabled": True}
        intent["payment_method_types"] = ["card", "link"]


def stays_on_page(method: Mapping[str, Any]) -> bool:
    """Whether the method never redirects the customer."""
    return method["type"] in _STAYS


def wants_microdeposits(intent: Json, method: Json) -> bool:
    """Whether the intent verifies a bank account by microdeposits."""
    options = (intent.get("payment_method_options") or {}).get(method["type"]) or {}
    return method["type"] == "us_bank_account" and options.get("verification_method") == "microdeposits"


def microdeposit_action(ctx: Context) -> Json:
    """Returns the `next_action` of an intent that waits for microdeposits."""
    return {
        "type": "verify_with_microdeposits",
        "verify_with_microdeposits": {
            "arrival_date": available_on(ctx.now()),
            "hosted_verification_url": f"https://payments.stripe.com/microdeposit/{ctx.ids.text(24)}",
            "microdeposit_type": "amounts",
        },
    }


def check_microdeposits(ctx: Context, words: IntentWording, intent: Json, params: Mapping[str, Any]) -> None:
    """Raises StripeError for wrong amounts or a wrong code, or for an intent that does not wait for microdeposits."""
    check_client_secret(words, intent, params)
    waits = (intent.get("next_action") or {}).get("type") == "verify_with_microdeposits"
    if intent["status"] != "requires_action" or not waits:
        message = (
            f"You cannot verify microdeposits on this {words.title} because it has a status of {intent['status']}. "
            f'Only a {words.title} with one of the following statuses may be verified: ["requires_action"].'
        )
        raise intent_error(ctx, words, intent, message, code="intent_invalid_state")
    amounts = params.get("amounts")
    said = ",".join(map(str, sorted(amounts))) if amounts else str(params.get("descriptor_code") or "").upper()
    if said in VERIFYING:
        return
    code = "payment_method_microdeposit_verification_amounts_mismatch"
    message = "The amounts provided do not match the amounts that were sent to the bank account."
    if said in TOO_MANY_TRIES:
        code = "payment_method_microdeposit_verification_attempts_exceeded"
        message = "You have exceeded the number of allowed verification attempts."
    elif said in TIMED_OUT:
        code = "payment_method_microdeposit_verification_timeout"
        message = "The bank account was not verified within ten days of the microdeposits."
    elif not amounts:
        code = "payment_method_microdeposit_verification_descriptor_code_mismatch"
        message = "The code provided does not match the one that was sent to the bank account."
    raise errors.invalid(message, code=code)


def _shows_version(ctx: Context) -> bool:
    return header(ctx.request, "stripe-version") is not None
