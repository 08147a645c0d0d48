"""PaymentIntents: create, confirm, capture, cancel. Payments are attempted in payments/confirmation.py."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import check_step
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.private_fields import PaymentIntentPrivate
from stripe_shell.sandbox.payments import bank_transfers, charges, confirmation, intent_rules, refunds, transfers
from stripe_shell.sandbox.payments.confirmation import ConfirmOptions, PaymentAttempt
from stripe_shell.sandbox.payments.declines import Decline
from stripe_shell.sandbox.payments.intent_rules import PAYMENT
from stripe_shell.sandbox.payments.payment_methods import bank_of
from stripe_shell.sandbox.payments.test_banks import FAILURES
from stripe_shell.spec.model import Operation
from stripe_shell.spec.versions.known import is_older

_CANCELABLE: Final = (*confirmation.EARLY, "requires_capture", "processing")
_CONFIRM_ONLY: Final = ("error_on_requires_action", "mandate", "mandate_data", "off_session", "return_url")
#: Parameters that can be updated in the statuses of `confirmation.EARLY` only.
_EARLY_ONLY: Final = ("amount", "currency", "customer", "payment_method", "payment_method_data", "payment_method_types")


class PaymentIntent(intent_rules.Intent):
    """`/v1/payment_intents`."""

    object = "payment_intent"
    id_digit = "3"
    id_param = "intent"
    defaults: ClassVar = {
        "amount_details": {"tip": {}},
        "capture_method": "automatic_async",
        "confirmation_method": "automatic",
        "currency": "usd",
        "payment_method_types": [],
    }
    absent = ("hooks", "payment_details", "presentment_details")
    unechoed = ("automatic_payment_methods", "radar_options")

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Takes parameters that the OpenAPI description lacks: `card` data, `jp_bank_account` for bank transfers.

        Mutates `params`; `jp_bank_account` becomes `jp_bank_transfer`. Returns the card data.
        """
        options = params.get("payment_method_options")
        balance = options.get("customer_balance") if isinstance(options, dict) else None
        transfer = balance.get("bank_transfer") if isinstance(balance, dict) else None
        if isinstance(transfer, dict) and transfer.get("type") == "jp_bank_account":
            transfer["type"] = "jp_bank_transfer"
        older = super().take_legacy(operation, params) | intent_rules.take_card_data(params)
        return older | intent_rules.types_of_allowed(params)

    # --- create and update -----------------------------------------------------------------------------------

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for parameters that exclude each other, or that need `confirm`."""
        if "confirmation_method" in params and "automatic_payment_methods" in params:
            raise errors.exclusive("automatic_payment_methods", "confirmation_method")
        intent_rules.refuse_confirm_only(params, _CONFIRM_ONLY, "PaymentIntent")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets payment method types and payment method. Raises StripeError for an invalid amount."""
        intent_rules.check_amount(params["amount"], obj["currency"])
        if params.get("confirmation_method") == "manual" and "payment_method_types" not in params:
            obj |= {"automatic_payment_methods": None, "payment_method_types": ["card"]}
        else:
            intent_rules.choose_types(obj, params)
        _check_transfer(ctx, obj, params)
        confirmation.complete(ctx, obj)
        self._take_method(ctx, obj, params)

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Confirms the intent when `confirm` is true."""
        if params.get("confirm"):
            self._confirm(ctx, obj, params)

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for parameters that can no longer be changed in the intent's status."""
        if params.get("transfer_data") and not obj["transfer_data"]:
            raise errors.missing_parameter("transfer_data[destination]")
        late = next((name for name in _EARLY_ONLY if name in params), None)
        if late is not None and obj["status"] not in confirmation.EARLY:
            raise intent_rules.intent_error(
                ctx,
                PAYMENT,
                obj,
                f"This PaymentIntent's {late} could not be updated because it has a status of {obj['status']}. You may "
                f"only update the {late} of a PaymentIntent with one of the following statuses: "
                f"{', '.join(confirmation.EARLY)}.",
                param=late,
            )
        if params.get("customer") and obj["customer"] not in (None, params["customer"]):
            raise intent_rules.intent_error(
                ctx,
                PAYMENT,
                obj,
                "You cannot modify `customer` on a PaymentIntent once it already has been set. To fulfill a payment "
                "with a different Customer, cancel this PaymentIntent and create a new one.",
                code=None,
                param="customer",
            )

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the payment method. Raises StripeError for an invalid amount."""
        if "amount" in params or "currency" in params:
            intent_rules.check_amount(obj["amount"], obj["currency"])
        if params.get("payment_method_types"):
            obj["automatic_payment_methods"] = None
        self._take_method(ctx, obj, params)

    # --- confirm -----------------------------------------------------------------------------------------------

    @action
    def confirm(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Confirms the intent and attempts the payment. Raises StripeError when it is declined."""
        if obj["status"] not in confirmation.EARLY:
            raise intent_rules.intent_error(ctx, PAYMENT, obj, _not_confirmable(obj))
        if ctx.private(obj, PaymentIntentPrivate).get("checkout_session"):
            message = "You cannot confirm this PaymentIntent directly because it belongs to a Checkout Session."
            raise intent_rules.intent_error(ctx, PAYMENT, obj, message)
        intent_rules.check_client_secret(PAYMENT, obj, params)
        params.pop("client_secret", None)
        self.check_references(ctx, params)
        self._confirm(ctx, obj, params)
        return obj

    def _confirm(self, ctx: Context, obj: Json, params: Json) -> None:
        method = self._method_for(ctx, obj, params)
        self.echo(obj, {name: value for name, value in params.items() if name not in ("metadata", "payment_method")})
        intent_rules.check_method(ctx, PAYMENT, obj, method, params)
        off_session = params.get("off_session")
        if off_session and obj["setup_future_usage"]:
            # The text is Stripe's (reports of 2019 and 2022).
            message = (
                "You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the "
                "PaymentIntent because you cannot set up future usages when processing payments off-session."
            )
            raise intent_rules.intent_error(ctx, PAYMENT, obj, message, code=None, param="off_session")
        terms = ConfirmOptions(
            off_session=off_session not in (None, False, ""),
            return_url=params.get("return_url"),
            refuses_action=bool(params.get("error_on_requires_action")),
            authenticated=ctx.private(obj, PaymentIntentPrivate).pop("authenticated", None) == method["id"],
        )
        attempt = confirmation.attempt_payment(ctx, obj, method, terms)
        confirmation.notify_payee(ctx, attempt)
        if attempt.error is not None:
            raise attempt.error

    def _method_for(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Returns the method sent, else the intent's, else the customer's default. Raises StripeError for none."""
        sent = intent_rules.method_sent(ctx, obj, params)
        if sent is not None:
            return sent
        key = obj["payment_method"]
        if not key and obj["customer"]:
            customer = ctx.find("customer", obj["customer"])
            key = customer["invoice_settings"]["default_payment_method"] if customer else None
        payment_method = ctx.find("payment_method", key) if key else None
        if payment_method is None:
            raise intent_rules.missing_method(ctx, PAYMENT, obj)
        return payment_method

    def _take_method(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the payment method that is sent, and the status that follows from it."""
        if params.get("confirm"):
            obj["payment_method"] = None
            return
        method = intent_rules.method_to_confirm(ctx, PAYMENT, obj, params)
        if method is not None:
            intent_rules.check_type(ctx, PAYMENT, obj, method)
            obj |= {"payment_method": method["id"], "status": "requires_confirmation", "next_action": None}
        elif params.get("payment_method") == "":
            obj |= {"payment_method": None, "status": "requires_payment_method"}

    # --- capture, cancel and other actions ---------------------------------------------------------------------

    @action
    def capture(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Captures the held amount or a part of it. The rest is released unless `final_capture` is false."""
        amount: int = params["amount_to_capture"] if "amount_to_capture" in params else obj["amount_capturable"]
        _check_capture(ctx, obj, params, amount)
        self.echo(obj, {name: value for name, value in params.items() if name != "amount_details"})
        charge = ctx.get("charge", obj["latest_charge"])
        charge["metadata"] |= params.get("metadata") or {}
        fee = obj["application_fee_amount"]  # collected up to what is captured (api/payment_intents/capture)
        charge["application_fee_amount"] = None if fee is None else min(fee, amount)
        rest = obj["amount_capturable"] - amount
        final = params.get("final_capture", True) or not rest
        charges.capture_charge(ctx, charge, amount)
        if final:
            confirmation.complete_payment(ctx, obj, charge)
            confirmation.notify_payee(ctx, PaymentAttempt("succeeded", obj, charge))
            return obj
        obj |= {"amount_capturable": rest, "amount_received": charge["amount_captured"]}
        ctx.save(obj)
        ctx.emit("payment_intent.amount_capturable_updated", obj)
        return obj

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels the intent and releases a hold. Raises StripeError if an invoice or Checkout Session owns it."""
        hidden = ctx.private(obj, PaymentIntentPrivate)
        if hidden.get("invoice") or hidden.get("checkout_session"):
            owner = (
                "an invoice. Void the invoice" if hidden.get("invoice") else "a Checkout Session. Expire the session"
            )
            message = f"You cannot cancel this PaymentIntent directly because it belongs to {owner} instead."
            raise intent_rules.intent_error(ctx, PAYMENT, obj, message)
        if obj["status"] not in _CANCELABLE:
            message = (
                f"You cannot cancel this PaymentIntent because it has a status of {obj['status']}. Only a "
                "PaymentIntent with one of the following statuses may be canceled: requires_payment_method, "
                "requires_capture, requires_reauthorization, requires_confirmation, requires_action, expired, "
                "processing."
            )
            raise intent_rules.intent_error(ctx, PAYMENT, obj, message)
        confirmation.cancel_intent(ctx, obj, params.get("cancellation_reason"))
        return obj

    @action
    def increment_authorization(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Increases the held amount to `amount`. Saves the intent and its charge."""
        if obj["status"] != "requires_capture":
            message = (
                f"This PaymentIntent's authorization could not be incremented because it has a status of "
                f"{obj['status']}. Only a PaymentIntent with a status of requires_capture can be incremented."
            )
            raise intent_rules.intent_error(ctx, PAYMENT, obj, message)
        if params["amount"] <= obj["amount"]:
            message = "The new amount must be greater than the amount that is authorized already."
            raise errors.invalid(message, param="amount")
        intent_rules.check_amount(params["amount"], obj["currency"])
        self.echo(obj, params)
        obj["amount_capturable"] = obj["amount"]
        charge = ctx.get("charge", obj["latest_charge"])
        charge["amount"] = obj["amount"]
        charge["payment_method_details"]["card"]["amount_authorized"] = obj["amount"]
        ctx.save(charge)
        ctx.emit("payment_intent.amount_capturable_updated", obj, ctx.save(obj))
        return obj

    @action
    def verify_microdeposits(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Verifies a bank account by the amounts of two microdeposits or a descriptor code, then debits it."""
        intent_rules.check_microdeposits(ctx, PAYMENT, obj, params)
        confirmation.authenticate(ctx, obj)
        return obj

    @action
    def apply_customer_balance(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Pays the intent from the customer's cash balance, in full or in part."""
        if obj["status"] != "requires_action" or not obj["customer"]:
            message = (
                "You can only apply the cash balance to a PaymentIntent that waits for a bank transfer; this one has a "
                f"status of {obj['status']}."
            )
            raise intent_rules.intent_error(ctx, PAYMENT, obj, message)
        bank_transfers.apply(ctx, obj, params.get("amount"))
        return obj

    def authenticate(self, ctx: Context, obj: Json, *, passed: bool = True) -> Json:
        """Ends the authentication of an intent in `requires_action`. Returns the intent, without raising on failure."""
        return confirmation.authenticate(ctx, obj, passed=passed).payment_intent

    # --- scheduled jobs -----------------------------------------------------------------------------------------

    @job
    def run_out(self, ctx: Context, obj: Json) -> None:
        """Cancels an intent whose hold was not captured in time. Runs as a job.

        With an account of a version before 2025-03-31.basil the hold is refunded: what Stripe does by itself follows
        the account's default version. See versions/changes/basil_released_refunds.py.
        """
        if obj["status"] == "requires_capture":
            confirmation.cancel_intent(ctx, obj, "expired", expired=True)
            if is_older(ctx.default_version, "2025-03-31.basil"):
                refunds.refund_released(ctx, ctx.get("charge", obj["latest_charge"]))

    @job
    def settle(self, ctx: Context, obj: Json) -> None:
        """Settles a bank debit: the charge succeeds or fails, as its test account defines. Runs as a job."""
        if obj["status"] != "processing":
            return
        method = ctx.get("payment_method", obj["payment_method"])
        charge = ctx.get("charge", obj["latest_charge"])
        bank = bank_of(ctx, method)
        if bank is None or not bank.failure:
            charges.settle_charge(ctx, charge)
            confirmation.complete_payment(ctx, obj, charge)
            attempt = PaymentAttempt("succeeded", obj, charge)
        else:
            decline = Decline("payment_method_debit_failed", bank.failure, FAILURES[bank.failure])
            charges.reject_charge(ctx, charge, decline)
            attempt = confirmation.decline_intent(ctx, obj, method, decline, charge)
        confirmation.notify_payee(ctx, attempt)


def _not_confirmable(obj: Json) -> str:
    return (
        f"This PaymentIntent could not be confirmed because it has a status of {obj['status']}. Only a PaymentIntent "
        f"with one of the following statuses may be confirmed: {', '.join(confirmation.EARLY)}."
    )


def _check_capture(ctx: Context, obj: Json, params: Json, amount: Any) -> None:
    if obj["status"] == "succeeded" and obj["capture_method"] == "manual":
        message = (
            "This PaymentIntent could not be captured because it has already been captured. Any remaining amount was "
            "automatically released."
        )
        raise intent_rules.intent_error(ctx, PAYMENT, obj, message)
    if obj["status"] != "requires_capture":
        message = (
            f"This PaymentIntent could not be captured because it has a status of {obj['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
        raise intent_rules.intent_error(ctx, PAYMENT, obj, message)
    if amount < 0:
        raise errors.bad_value("amount_to_capture", "Invalid non-negative integer")
    if amount == 0:
        raise errors.below_minimum("amount", 1)
    if amount > obj["amount_capturable"]:
        message = "The requested capture amount is greater than the amount you can capture for this charge."
        raise intent_rules.intent_error(ctx, PAYMENT, obj, message, code="amount_too_large")
    check_step(amount, obj["currency"], "amount_to_capture")


def _check_transfer(ctx: Context, obj: Json, params: Json) -> None:
    destination = (params.get("transfer_data") or {}).get("destination")
    if destination:
        transfers.check_destination(ctx, destination, "transfer_data[destination]")
    fee = params.get("application_fee_amount")
    if fee is None:
        return
    if fee > obj["amount"]:
        raise StripeError("Your application fee cannot be greater than the amount.", param="application_fee_amount")
    if ctx.account == ctx.platform and not (params.get("transfer_data") or params.get("on_behalf_of")):
        raise StripeError(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an "
            "OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
            param="application_fee_amount",
        )
