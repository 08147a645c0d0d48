"""Declined payments: what Stripe says of each, in the error, in the last error of an intent, and in a charge's outcome.

Advice and network codes, `param`, and the decline codes of `expired_card`, `incorrect_cvc` and `processing_error` are
those of recordings of test mode (2023-10-16 to 2026-09-30); zulip's fixtures show `try_again_later` and `01` of a
generic decline in an error, an intent and a charge. A decline without codes is one of which no recording is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.errors import StripeError


@record
class Decline:
    """A declined payment: the error's `code`, `decline_code` (None for none), message, and further members."""

    code: str
    decline_code: str | None
    message: str
    advice_code: str | None = None
    network_decline_code: str | None = None
    network_advice_code: str | None = None
    param: str | None = None

    @property
    def codes(self) -> dict[str, Any]:
        """The members that the error and the outcome of the charge share."""
        return {
            "advice_code": self.advice_code,
            "network_advice_code": self.network_advice_code,
            "network_decline_code": self.network_decline_code,
        }

    @property
    def seller_message(self) -> str:
        """The explanation in the charge's outcome (recorded for generic, expired, stolen and authentication)."""
        if self.decline_code in (None, "generic_decline"):
            return "The bank did not return any further details with this decline."
        return f"The bank returned the decline code `{self.decline_code}`."


_DECLINED: Final = "Your card was declined."
_LATER: Final = "try_again_later"
_CONFIRM: Final = "confirm_card_data"
_NEVER: Final = "do_not_try_again"

#: Declines by their name in CARDS.
DECLINES: Final[Mapping[str, Decline]] = {
    "authentication_required": Decline(
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    "card_velocity_exceeded": Decline("card_declined", "card_velocity_exceeded", _DECLINED, _LATER, "61", "02"),
    "expired_card": Decline(
        "expired_card", "expired_card", "Your card has expired.", _CONFIRM, "54", "03", "exp_month"
    ),
    "fraudulent": Decline("card_declined", "fraudulent", _DECLINED),
    "generic_decline": Decline("card_declined", "generic_decline", _DECLINED, _LATER, "01"),
    "incorrect_cvc": Decline(
        "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", _CONFIRM, "N7", "03", "cvc"
    ),
    "incorrect_number": Decline("incorrect_number", None, "Your card number is incorrect."),
    "insufficient_funds": Decline(
        "card_declined", "insufficient_funds", "Your card has insufficient funds.", _LATER, "51", "02"
    ),
    "invalid_cvc": Decline("invalid_cvc", None, "Your card's security code is invalid."),
    "invalid_expiry_month": Decline("invalid_expiry_month", None, "Your card's expiration month is invalid."),
    "invalid_expiry_year": Decline("invalid_expiry_year", None, "Your card's expiration year is invalid."),
    "lost_card": Decline("card_declined", "lost_card", _DECLINED, _NEVER, "41", "01"),
    "processing_error": Decline(
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
        _LATER,
        "06",
    ),
    "stolen_card": Decline("card_declined", "stolen_card", _DECLINED, _NEVER, "43", "01"),
    "test_mode_live_card": Decline(
        "card_declined",
        "test_mode_live_card",
        "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test "
        "cards, visit: https://stripe.com/docs/testing.",
    ),
}


def card_error(
    decline: Decline, *, param: str | None = None, keeps_rows: bool = True, extra: Mapping[str, Any] | None = None
) -> StripeError:
    """Returns the error (402) of a decline; `param` replaces the decline's own."""
    return errors.card_error(
        decline.message,
        decline.code,
        decline_code=decline.decline_code,
        param=decline.param if param is None else param,
        keeps_rows=keeps_rows,
        extra=decline.codes | dict(extra or {}),
    )


def refusal(name: str, *, extra: Mapping[str, Any] | None = None) -> StripeError:
    """Returns the error for a card that is declined when it is saved, which rolls back; `name` is a key of DECLINES.

    A decline that concerns no field has an empty `param` there (recorded for a generic decline of an attached method
    and of a customer's source; assumed for all others with the code `card_declined`).
    """
    decline = DECLINES[name]
    param = "" if decline.param is None and decline.code == "card_declined" else None
    return card_error(decline, param=param, keeps_rows=False, extra=extra)


def last_error(error: StripeError, method: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an error as in `last_payment_error` and `last_setup_error`, which name the method's type."""
    members: dict[str, Any] = error.body()["error"] | {"payment_method_type": method["type"]}
    return dict(sorted(members.items()))
