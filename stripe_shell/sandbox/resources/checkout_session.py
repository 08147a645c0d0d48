"""Checkout Sessions: a hosted page on which a customer pays, subscribes, or saves a payment method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import checkout, quotes
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.private_fields import CheckoutSessionPrivate
from stripe_shell.sandbox.payments import intent_rules, payment_methods
from stripe_shell.sandbox.payments.confirmation import EARLY, PaymentAttempt, PaymentOwner, cancel_intent
from stripe_shell.spec.model import Operation

_DAY: Final = 86_400
_HALF_AN_HOUR: Final = 1_800
_MODES: Final = {
    "invoice_creation": "payment",
    "payment_intent_data": "payment",
    "setup_intent_data": "setup",
    "subscription_data": "subscription",
}
_NO_DATA: Final = ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
_INVOICE_DATA: Final[Json] = {**dict.fromkeys(_NO_DATA), "metadata": {}}


class CheckoutSession(PaymentOwner):
    """`/v1/checkout/sessions`, and `POST /v1/payment_pages/{id}/confirm`, by which Stripe's tools pay a session."""

    object = "checkout.session"
    noun = "checkout.session"
    id_param = "session"
    indexed = ("customer", "payment_intent", "payment_link", "status", "subscription")
    absent = ("name_collection",)
    unechoed = ("discounts", "line_items", "shipping_options", "payment_intent_data", "subscription_data")
    defaults: ClassVar = {
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "discounts": [],
        "phone_number_collection": {"enabled": False},
        "status": "open",
        "ui_mode": "hosted_page",
    }

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Takes `allowed_payment_method_types` as `payment_method_types`, the member that holds both."""
        return super().take_legacy(operation, params) | intent_rules.types_of_allowed(params)

    def new_id(self, ctx: Context, prefix: str | None = None) -> str:
        """Returns an id: `cs_test_a1` and 56 characters."""
        return f"cs_test_a1{ctx.ids.text(56)}"

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for missing parameters and for those that the mode does not allow."""
        _check_pages(params)
        for left, right in (("customer", "customer_email"), ("allow_promotion_codes", "discounts")):
            if params.get(left) and params.get(right):
                raise errors.exclusive(left, right)
        mode = params.get("mode") or "payment"
        for name, wanted in _MODES.items():
            if params.get(name) and mode != wanted and not (name == "payment_intent_data" and mode == "setup"):
                raise errors.invalid(f"You can not pass `{name}` in `{mode}` mode.", param=name)
        if params.get("customer_creation") and (mode == "subscription" or params.get("customer")):
            raise errors.invalid(
                "`customer_creation` can only be used in `payment` and `setup` mode without a customer."
            )
        if mode == "setup" and params.get("line_items"):
            raise errors.invalid("You can not pass `line_items` in `setup` mode.", param="line_items")
        if mode != "setup" and not params.get("line_items"):
            raise errors.missing_parameter("line_items")
        if len(params.get("line_items") or ()) > 100:
            raise errors.invalid("A Checkout Session can have at most 100 line items.", param="line_items")
        if len(params.get("discounts") or ()) > 1:  # documented; the text is assumed
            raise errors.invalid("You can only apply one discount to a Checkout Session.", param="discounts")
        _check_end(ctx, params.get("expires_at"))

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets line items, totals, discounts, shipping, URL and payment status."""
        hidden = ctx.private(obj, CheckoutSessionPrivate)
        mode = obj["mode"] = params.get("mode") or "payment"
        hidden |= {
            "payment_intent_data": params.get("payment_intent_data") or None,
            "subscription_data": params.get("subscription_data") or None,
            "discounts": params.get("discounts") or None,
        }
        if params.get("line_items"):
            hidden["rows"] = quotes.price_lines(ctx, params["line_items"], counted=True)
            checkout.check_lines(mode, hidden["rows"])
        checkout.set_shipping_options(ctx, obj, params.get("shipping_options"))
        self._fill(ctx, obj, params)
        if mode == "setup":
            data = params.get("setup_intent_data") or {}
            obj["setup_intent"] = self._setup_intent(ctx, obj, data)["id"]
        else:
            checkout.set_totals(ctx, obj, params.get("discounts"))
            checkout.check_total(ctx, obj)
        trial = (hidden["subscription_data"] or {}).get("trial_period_days")
        obj["payment_status"] = "unpaid" if obj["amount_total"] and not trial else "no_payment_required"

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Schedules the expiry at `expires_at`. Creates the PaymentIntent that versions before 2022-08-01 ask for."""
        if params.get("opens_intent"):
            checkout.open_intent(ctx, obj, params.get("payment_intent_data") or {})
        jobs.schedule(ctx, obj["expires_at"] - ctx.now(), obj, "run_out")

    @action
    def expire(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Expires an open session. Raises StripeError for any other status."""
        if obj["status"] != "open":
            raise errors.invalid(
                f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status '
                f"of `{obj['status']}`."
            )
        self.run_out(ctx, obj)
        return obj

    @job
    def run_out(self, ctx: Context, obj: Json) -> None:
        """Expires the session if it is still open, and cancels its PaymentIntent. Runs as a job at `expires_at`.

        The reference tells to expire a session rather than to cancel its intent; the intent's reason is assumed.
        """
        if obj["status"] == "open":
            obj |= {"status": "expired", "url": None}
            ctx.save(obj)
            ctx.emit("checkout.session.expired", obj)
            intent = ctx.find("payment_intent", obj["payment_intent"] or "")
            if intent is not None and intent["status"] in EARLY:
                cancel_intent(ctx, intent, "automatic")

    # --- payment page ------------------------------------------------------------------------------------------

    @action
    def retrieve_page(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Returns the session, as the payment page requests it."""
        return obj

    @action
    def confirm_page(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Pays the session with `payment_method` or `payment_method_data`, in the customer's place."""
        if obj["status"] != "open":
            raise errors.invalid(f"This Checkout Session can no longer be paid: it is {obj['status']}.")
        expected = params.get("expected_amount")
        if None not in (expected, obj["amount_total"]) and str(expected) != str(obj["amount_total"]):
            raise errors.invalid(
                f"The amount of this Checkout Session is {obj['amount_total']}, not {expected}.",
                code="checkout_amount_mismatch",
                param="expected_amount",
            )
        checkout.pay(ctx, obj, _method(ctx, params))
        return obj

    def payment_changed(self, ctx: Context, obj: Json, attempt: PaymentAttempt) -> None:
        """Updates the session after its payment was authenticated, succeeded or failed later."""
        checkout.settle(ctx, obj, attempt)

    # --- internal ------------------------------------------------------------------------------------------------

    def _fill(self, ctx: Context, obj: Json, params: Json) -> None:
        mode, customer = obj["mode"], obj["customer"]
        obj["expires_at"] = params.get("expires_at") or ctx.now() + _DAY
        obj["payment_method_types"] = list(params.get("payment_method_types") or ["card"])
        if obj["payment_method_types"] == ["card"] and obj["payment_method_options"] is None:
            obj["payment_method_options"] = {"card": {"request_three_d_secure": "automatic"}}
        obj["payment_method_collection"] = params.get("payment_method_collection") or (
            "always" if mode == "subscription" else "if_required"
        )
        billed = bool((params.get("invoice_creation") or {}).get("enabled"))
        obj["customer_creation"] = params.get("customer_creation") or (
            None if customer else "always" if billed or mode == "subscription" else "if_required"
        )
        if mode == "payment":
            data = (params.get("invoice_creation") or {}).get("invoice_data") or {}
            obj["invoice_creation"] = {"enabled": billed, "invoice_data": {**_INVOICE_DATA, **data}}
        obj["discounts"] = [
            {"coupon": given.get("coupon"), "promotion_code": given.get("promotion_code")}
            for given in params.get("discounts") or ()
        ]
        email = params.get("customer_email") or (ctx.get("customer", customer)["email"] if customer else None)
        if email:
            self.echo(obj, {"customer_details": {"email": email, "tax_exempt": "none"}})
        if obj["ui_mode"] == "hosted_page":
            obj["url"] = f"https://checkout.stripe.com/c/pay/{obj['id']}"
        else:
            obj["client_secret"] = f"{obj['id']}_secret_{ctx.ids.text(25)}"

    def _setup_intent(self, ctx: Context, obj: Json, data: Mapping[str, Any]) -> Json:
        params = {name: data[name] for name in ("description", "metadata", "on_behalf_of") if data.get(name)}
        if obj["customer"]:
            params["customer"] = obj["customer"]
        made = ctx.resource("setup_intent").create(ctx, {**params, "payment_method_types": ["card"]})
        return made if isinstance(made, dict) else {}


def _method(ctx: Context, params: Json) -> Json:
    """Returns the payment method to pay with; stores a new one from `payment_method_data`, as Stripe's tools send."""
    if params.get("payment_method"):
        return ctx.get("payment_method", params["payment_method"], param="payment_method")
    data = params.get("payment_method_data")
    if not isinstance(data, dict):
        raise errors.missing_parameter("payment_method")
    method = payment_methods.from_params(ctx, data)
    ctx.insert(method)
    return method


def _check_pages(params: Json) -> None:
    mode = params.get("ui_mode") or "hosted_page"
    if mode == "hosted_page" and not params.get("success_url"):
        raise errors.missing_parameter("success_url")
    if mode == "embedded_page" and not params.get("return_url") and params.get("redirect_on_completion") != "never":
        raise errors.missing_parameter("return_url")


def _check_end(ctx: Context, expires_at: int | None) -> None:
    if expires_at is None:
        return
    if expires_at < ctx.now() + _HALF_AN_HOUR:
        raise errors.invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if expires_at > ctx.now() + _DAY:
        raise errors.invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
