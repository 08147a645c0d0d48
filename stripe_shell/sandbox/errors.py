"""Stripe's mistakes in Stripe's words: one exception, and a constructor for each generic one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What stands behind `No such` and in `param`, for objects whose words are not simply their name and `id`.
MISSING: Mapping[str, tuple[str, str]] = {
    "balance_transaction": ("balance transaction", "id"),
    "coupon": ("coupon", "coupon"),
    "invoice": ("invoice", "invoice"),
    "payment_intent": ("payment_intent", "intent"),
    "payment_method": ("PaymentMethod", "payment_method"),
    "payout": ("payout", "payout"),
    "price": ("price", "price"),
    "promotion_code": ("promotion code", "promotion_code"),
    "setup_intent": ("setupintent", "intent"),
    "tax_rate": ("tax rate", "tax_rate"),
    "billing.meter": ("billing meter", "id"),
    "checkout.session": ("checkout.session", "session"),
    "test_helpers.test_clock": ("test clock", "test_clock"),
}

_HELP = "Please see https://stripe.com/docs or we can help at https://support.stripe.com/."


class StripeError(Exception):
    """A refusal: `status`, and the members of the `error` object that Stripe answers.

    `extra` holds further members (`payment_intent`, `decline_code`, `charge`). With `keeps_rows` what the request
    wrote before stays, as a declined payment keeps its charge. `validation` marks those that come before
    anything runs: no idempotency key remembers them.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keeps_rows: bool = False,
        validation: bool = False,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.keeps_rows = keeps_rows
        self.validation = validation
        self.extra = dict(extra or {})

    def body(self, request_log_url: str | None = None) -> dict[str, Any]:
        """The answer's body; members without a value are left out."""
        error: dict[str, Any] = {"code": self.code}
        if self.code and self.kind in ("invalid_request_error", "card_error"):
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        error |= {"message": self.message, "param": self.param, "request_log_url": request_log_url, "type": self.kind}
        error |= self.extra
        return {"error": {name: value for name, value in sorted(error.items()) if value is not None}}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> StripeError:
    """A rule of Stripe's that the request breaks."""
    return StripeError(message, status=status, code=code, param=param)


def card_error(
    message: str,
    code: str,
    *,
    decline_code: str | None = None,
    param: str | None = None,
    keeps_rows: bool = True,
    extra: Mapping[str, Any] | None = None,
) -> StripeError:
    """A refused payment (402); what led to it stays unless `keeps_rows` is False."""
    members = {"decline_code": decline_code, **(extra or {})}
    return StripeError(
        message, status=402, kind="card_error", code=code, param=param, keeps_rows=keeps_rows, extra=members
    )


def missing(
    kind: str, key: str, *, param: str | None = None, status: int = 400, word: str | None = None
) -> StripeError:
    """`No such customer: 'cus_x'`: 404 when the id is in the path, 400 when it is in a parameter."""
    default_word, default_param = MISSING.get(kind, (kind.rpartition(".")[2], "id"))
    return StripeError(
        f"No such {word or default_word}: '{key}'",
        status=status,
        code="resource_missing",
        param=param or default_param,
        validation=True,
    )


def unknown_parameters(names: Sequence[str]) -> StripeError:
    """Parameters that the call does not have, by their bracketed names."""
    words = "Received unknown parameter" + ("s" if len(names) > 1 else "")
    return _mistake(f"{words}: {', '.join(names)}", "parameter_unknown", names[0])


def missing_parameter(name: str) -> StripeError:
    """A parameter that must be there is not."""
    return _mistake(f"Missing required param: {name}.", "parameter_missing", name)


def empty_parameter(name: str) -> StripeError:
    """A parameter that must say something is empty."""
    return _mistake(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value.",
        "parameter_invalid_empty",
        name,
    )


def invalid_integer(name: str, value: object) -> StripeError:
    """What should be a whole number is none."""
    return _mistake(f"Invalid integer: {value}", "parameter_invalid_integer", name)


def below_minimum(name: str, minimum: int) -> StripeError:
    """A whole number is too small."""
    return _mistake(f"This value must be greater than or equal to {minimum}.", "parameter_invalid_integer", name)


def bad_enum(name: str, allowed: Sequence[str]) -> StripeError:
    """A value is not among the allowed ones."""
    return _mistake(f"Invalid {name}: must be {one_of(allowed)}", None, name)


def not_an_object(name: str) -> StripeError:
    """A parameter with members is given as a text."""
    return _mistake("Invalid object", None, name)


def not_an_array(name: str) -> StripeError:
    """A parameter with elements is given as a text."""
    return _mistake("Invalid array", None, name.partition("[")[0])


def too_long(name: str, value: str, maximum: int) -> StripeError:
    """A text has more characters than the parameter takes."""
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    return _mistake(
        f"Invalid string: {shown}; must be at most {maximum} characters", "parameter_invalid_string_too_long", name
    )


def bad_value(name: str, message: str) -> StripeError:
    """A value of the wrong type, in Stripe's words for that type."""
    return _mistake(message, None, name)


def exclusive(*names: str) -> StripeError:
    """Parameters of which only one may be there; `param` is the first."""
    return _mistake(f"You may only specify one of these parameters: {', '.join(names)}.", None, names[0])


def in_the_past(name: str, value: int) -> StripeError:
    """A time that must lie ahead does not."""
    return invalid(
        f"The parameter `{name}` expects a unix timestamp representing a date and time in the future. "
        f"You specified the value `{value}` which is in the past.",
        param=name,
    )


def unrecognized_url(method: str, path: str) -> StripeError:
    """No call has this method and path."""
    return StripeError(f"Unrecognized request URL ({method}: {path}). {_HELP}", status=404, validation=True)


def bad_version(value: str) -> StripeError:
    """A version of the API that is none."""
    return StripeError(f"Invalid Stripe API version: {value}", validation=True)


def no_access(account: str, key: str = "sk_test_****") -> StripeError:
    """An account that is not connected to this one."""
    return StripeError(
        f"The provided key '{key}' does not have access to account '{account}' (or that account does not exist). "
        "Application access may have been revoked.",
        status=403,
        code="account_invalid",
        validation=True,
    )


def key_reused(key: str) -> StripeError:
    """An idempotency key comes again with another request."""
    return StripeError(
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
        validation=True,
    )


def key_in_use(key: str) -> StripeError:
    """The first request with this idempotency key still runs."""
    return StripeError(
        f"There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later.",
        status=409,
        kind="idempotency_error",
        code="idempotency_key_in_use",
        validation=True,
    )


def cannot_expand(path: str, hint: str = "") -> StripeError:
    """A path in `expand` that leads nowhere."""
    return StripeError(f"This property cannot be expanded ({path}).{hint}", validation=True)


def too_many_requests() -> StripeError:
    """A key is over its limit."""
    return StripeError(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
        validation=True,
    )


def internal_error() -> StripeError:
    """A mistake of the sandbox itself; nothing was written."""
    return StripeError("An unknown error occurred in the sandbox. Nothing was changed.", status=500, kind="api_error")


def one_of(values: Sequence[str]) -> str:
    """`one of a, b, or c`, as Stripe writes it."""
    if len(values) == 1:
        return values[0]
    if len(values) == 2:
        return f"one of {values[0]} or {values[1]}"
    return f"one of {', '.join(values[:-1])}, or {values[-1]}"


def _mistake(message: str, code: str | None, param: str) -> StripeError:
    return StripeError(message, code=code, param=param, validation=True)
