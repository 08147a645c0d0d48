"""SetupIntents: set up payment methods for later use, authenticate them and attach them to customers."""

from __future__ import annotations

from typing import ClassVar, Final

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.private_fields import MethodPrivate
from stripe_shell.sandbox.payments import confirmation, intent_rules, payment_methods
from stripe_shell.sandbox.payments.declines import DECLINES, Decline, card_error, last_error
from stripe_shell.sandbox.payments.intent_rules import SETUP
from stripe_shell.sandbox.payments.test_cards import CardFacts
from stripe_shell.spec.model import Operation

from .setup_attempt import SetupAttempt

_CONFIRM_ONLY: Final = ("mandate_data", "return_url", "single_use")
_CANCELABLE: Final = ("requires_payment_method", "requires_confirmation", "requires_action")
#: The decline of a failed authentication.
_NOT_AUTHENTICATED: Final = Decline(
    "setup_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
_CARD_OPTIONS: Final = {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}


class SetupIntent(intent_rules.Intent):
    """`/v1/setup_intents`."""

    object = "setup_intent"
    noun = "setupintent"
    id_param = "intent"
    defaults: ClassVar = {"usage": "off_session"}
    indexed = ("customer", "payment_method")
    unechoed = ("automatic_payment_methods", "usage", "single_use")
    absent = ("managed_payments",)

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Removes from `params` the card data, which it returns, and `usage`: Stripe ignores any value of it."""
        params.pop("usage", None)
        older = super().take_legacy(operation, params) | intent_rules.take_card_data(params)
        return older | intent_rules.types_of_allowed(params)

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for parameters that need `confirm`."""
        intent_rules.refuse_confirm_only(params, _CONFIRM_ONLY, "SetupIntent")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets client secret, payment method types, options and payment method."""
        intent_rules.choose_types(obj, params)
        obj["client_secret"] = f"{obj['id']}_secret_{ctx.ids.text(25)}"
        options = obj["payment_method_options"] or {}
        if "card" in obj["payment_method_types"]:
            given = {name: value for name, value in (options.get("card") or {}).items() if value}
            options["card"] = _CARD_OPTIONS | given
        obj["payment_method_options"] = options
        self._take_method(ctx, obj, params)

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Confirms the intent when `confirm` is true."""
        if params.get("confirm"):
            self._confirm(ctx, obj, params)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the payment method."""
        if params.get("payment_method_types"):
            obj["automatic_payment_methods"] = None
        self._take_method(ctx, obj, params)

    def set_up(self, ctx: Context, customer: str, method: str | None = None) -> Json:
        """Creates an intent that no request asked for: the pending one of a trial without a payment method."""
        intent = self.new(ctx, {"customer": customer, "payment_method": method})
        self.on_create(ctx, intent, {"payment_method": method} if method else {})
        ctx.insert(intent)
        ctx.emit("setup_intent.created", intent)
        return intent

    @action
    def confirm(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Confirms the intent. Raises StripeError when the payment method is declined."""
        intent_rules.check_client_secret(SETUP, obj, params)
        self.check_references(ctx, params)
        self._confirm(ctx, obj, params)
        return obj

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels the intent, which keeps its payment method. Raises StripeError after success or cancellation."""
        if obj["status"] == "canceled":
            message = "You cannot cancel this SetupIntent because it is already canceled."
            raise intent_rules.intent_error(ctx, SETUP, obj, message)
        if obj["status"] not in _CANCELABLE:
            message = (
                f"You cannot cancel this SetupIntent because it has a status of {obj['status']}. Only a SetupIntent "
                "with one of the following statuses may be canceled: `requires_payment_method`, "
                "`requires_confirmation`, `requires_action`."
            )
            raise intent_rules.intent_error(ctx, SETUP, obj, message)
        obj |= {"cancellation_reason": params.get("cancellation_reason"), "next_action": None, "status": "canceled"}
        ctx.save(obj)
        ctx.emit("setup_intent.canceled", obj)
        return obj

    @action
    def verify_microdeposits(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Verifies a bank account by the amounts of two microdeposits or a descriptor code."""
        intent_rules.check_microdeposits(ctx, SETUP, obj, params)
        self._succeed(ctx, obj, ctx.get("payment_method", obj["payment_method"]))
        return obj

    def authenticate(self, ctx: Context, obj: Json, *, passed: bool = True) -> Json:
        """Ends the authentication of an intent in `requires_action`. Returns the intent, without raising on failure."""
        method = ctx.get("payment_method", obj["payment_method"])
        if passed:
            self._succeed(ctx, obj, method, passed=True)
        else:
            self._fail(ctx, obj, method, _NOT_AUTHENTICATED, passed=False)
        return obj

    # --- internal --------------------------------------------------------------------------------------------

    def _confirm(self, ctx: Context, obj: Json, params: Json) -> None:
        sent = intent_rules.method_sent(ctx, obj, params)
        method = sent or (ctx.find("payment_method", obj["payment_method"]) if obj["payment_method"] else None)
        if method is None:
            raise intent_rules.missing_method(ctx, SETUP, obj)
        if obj["status"] in ("succeeded", "canceled"):
            why = "it has already succeeded" if obj["status"] == "succeeded" else "it has been canceled"
            raise intent_rules.intent_error(ctx, SETUP, obj, f"You cannot confirm this SetupIntent because {why}.")
        intent_rules.check_method(ctx, SETUP, obj, method, params)
        obj["payment_method"] = method["id"]
        obj["mandate"] = ctx.private(method, MethodPrivate).get("mandate")
        self._try(ctx, obj, method, params)

    def _try(self, ctx: Context, obj: Json, method: Json, params: Json) -> None:
        card = payment_methods.card_of(ctx, method)
        if card is not None and _needs_authentication(obj, card):
            self._ask(ctx, obj, params.get("return_url"))
        elif card is not None and not card.can_be_attached:
            raise self._fail(ctx, obj, method, DECLINES[card.decline])
        elif card is None and not intent_rules.stays_on_page(method):
            self._ask(ctx, obj, params.get("return_url"))
        elif intent_rules.wants_microdeposits(obj, method):
            obj |= {"next_action": intent_rules.microdeposit_action(ctx), "status": "requires_action"}
            ctx.save(obj)
            ctx.emit("setup_intent.requires_action", obj)
        else:
            self._succeed(ctx, obj, method)

    def _ask(self, ctx: Context, obj: Json, return_url: str | None) -> None:
        obj |= {"next_action": confirmation.next_action(ctx, obj, return_url), "status": "requires_action"}
        obj["latest_attempt"] = ctx.handler(SetupAttempt).record(ctx, obj, "requires_action")["id"]
        ctx.save(obj)
        ctx.emit("setup_intent.requires_action", obj)

    def _succeed(self, ctx: Context, obj: Json, method: Json, *, passed: bool | None = None) -> None:
        ctx.private(method, MethodPrivate)["set_up"] = True
        if obj["customer"]:
            confirmation.attach_method(ctx, method, obj["customer"])
        ctx.save(method)
        obj |= {"last_setup_error": None, "next_action": None, "status": "succeeded"}
        obj["latest_attempt"] = ctx.handler(SetupAttempt).record(ctx, obj, "succeeded", passed=passed)["id"]
        ctx.save(obj)
        ctx.emit("setup_intent.succeeded", obj)

    def _fail(
        self, ctx: Context, obj: Json, method: Json, decline: Decline, *, passed: bool | None = None
    ) -> StripeError:
        """Records a decline on the intent. Saves the intent and returns the error to raise."""
        error = card_error(decline, extra={"payment_method": payment_methods.copy_object(ctx, method)})
        shown = last_error(error, method)
        attempt = ctx.handler(SetupAttempt).record(ctx, obj, "failed", shown, passed=passed)
        obj |= {"last_setup_error": shown, "latest_attempt": attempt["id"], "next_action": None}
        obj |= {"payment_method": None, "status": "requires_payment_method"}
        ctx.save(obj)
        ctx.emit("setup_intent.setup_failed", obj)
        error.extra["setup_intent"] = payment_methods.copy_object(ctx, obj)
        return error

    def _take_method(self, ctx: Context, obj: Json, params: Json) -> None:
        if params.get("confirm"):
            obj["payment_method"] = None
            return
        method = intent_rules.method_to_confirm(ctx, SETUP, obj, params)
        if method is not None:
            obj["payment_method"] = method["id"]
            if obj["status"] == "requires_payment_method":
                obj["status"] = "requires_confirmation"
        elif params.get("payment_method") == "" and obj["status"] == "requires_confirmation":
            obj |= {"payment_method": None, "status": "requires_payment_method"}


def _needs_authentication(obj: Json, card: CardFacts) -> bool:
    if card.authentication in ("always", "on_setup", "on_session"):
        return True
    return card.supports_three_d_secure and confirmation.asks_for_three_d_secure(obj)
