"""Stripe's errors: one exception class, and a function for each generic message."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

_HELP = "Please see https://stripe.com/docs or we can help at https://support.stripe.com/."


class StripeError(Exception):
    """An error response: the status code and the members of its `error` object.

    `kind` is the error's `type`; `extra` holds further members (`payment_intent`, `decline_code`, `charge`).
    `keeps_rows` commits what the request has stored so far, as a declined payment keeps its failed charge. `validation`
    marks errors raised before execution begins, which are not saved for the idempotency key.
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
        """Returns the response body as a dict; members without a value are left out."""
        error: dict[str, Any] = {"code": self.code}
        if self.code and self.kind in ("invalid_request_error", "card_error"):
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        error |= {"message": self.message, "param": self.param, "request_log_url": request_log_url, "type": self.kind}
        error |= self.extra
        return {"error": {name: value for name, value in sorted(error.items()) if value is not None}}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> StripeError:
    """Returns the error for a request that breaks one of Stripe's rules (`invalid_request_error`)."""
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
    """Returns the error for a refused payment (402); `keeps_rows=False` rolls back what the request has stored."""
    members = {"decline_code": decline_code, **(extra or {})}
    return StripeError(
        message, status=402, kind="card_error", code=code, param=param, keeps_rows=keeps_rows, extra=members
    )


def missing(noun: str, key: str, *, param: str = "id", status: int = 400) -> StripeError:
    """Returns the error `No such customer: 'cus_x'`; `status` is 404 for an id in the path, 400 in a parameter."""
    return StripeError(f"No such {noun}: '{key}'", status=status, code="resource_missing", param=param, validation=True)


def unknown_parameters(names: Sequence[str], meant: str | None = None) -> StripeError:
    """Returns the error for parameters that the operation does not have; `names` are bracketed names.

    `meant` is a known name like the first: `Did you mean payment_behavior?` (recorded in craft-freeform#2133).
    """
    words = "Received unknown parameter" + ("s" if len(names) > 1 else "")
    hint = f". Did you mean {meant}?" if meant and len(names) == 1 else ""
    return mistake(f"{words}: {', '.join(names)}{hint}", "parameter_unknown", names[0])


def missing_parameter(name: str) -> StripeError:
    """Returns the error for a required parameter that is missing."""
    return mistake(f"Missing required param: {name}.", "parameter_missing", name)


def empty_parameter(name: str) -> StripeError:
    """Returns the error for an empty string in a parameter that cannot be unset."""
    return mistake(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value.",
        "parameter_invalid_empty",
        name,
    )


def invalid_integer(name: str, value: object) -> StripeError:
    """Returns the error for a value that is not an integer."""
    return mistake(f"Invalid integer: {value}", "parameter_invalid_integer", name)


def below_minimum(name: str, minimum: int) -> StripeError:
    """Returns the error for an integer below the minimum."""
    return mistake(f"This value must be greater than or equal to {minimum}.", "parameter_invalid_integer", name)


def bad_enum(name: str, allowed: Sequence[str]) -> StripeError:
    """Returns the error for a value outside the enum."""
    return mistake(f"Invalid {name}: must be {one_of(allowed)}", None, name)


def not_an_object(name: str) -> StripeError:
    """Returns the error for a string where an object is expected."""
    return mistake("Invalid object", None, name)


def not_an_array(name: str) -> StripeError:
    """Returns the error for a string where an array is expected."""
    return mistake("Invalid array", None, name.partition("[")[0])


def too_long(name: str, value: str, maximum: int) -> StripeError:
    """Returns the error for a string above the maximum length."""
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    return mistake(
        f"Invalid string: {shown}; must be at most {maximum} characters", "parameter_invalid_string_too_long", name
    )


def bad_value(name: str, message: str) -> StripeError:
    """Returns the error for a value of the wrong type, with Stripe's message for that type."""
    return mistake(message, None, name)


def exclusive(*names: str) -> StripeError:
    """Returns the error for mutually exclusive parameters; `param` is the first of them."""
    return mistake(f"You may only specify one of these parameters: {', '.join(names)}.", None, names[0])


def in_the_past(name: str, value: int) -> StripeError:
    """Returns the error for a timestamp that must be in the future."""
    return invalid(
        f"The parameter `{name}` expects a unix timestamp representing a date and time in the future. "
        f"You specified the value `{value}` which is in the past.",
        param=name,
    )


def unrecognized_url(method: str, path: str) -> StripeError:
    """Returns the error (404) for a method and path that match no operation."""
    return StripeError(f"Unrecognized request URL ({method}: {path}). {_HELP}", status=404, validation=True)


def bad_version(value: str) -> StripeError:
    """Returns the error for a malformed API version."""
    return StripeError(f"Invalid Stripe API version: {value}", validation=True)


def no_access(account: str, key: str = "sk_test_****") -> StripeError:
    """Returns the error (403) for an account that is not connected to the key's account."""
    return StripeError(
        f"The provided key '{key}' does not have access to account '{account}' (or that account does not exist). "
        "Application access may have been revoked.",
        status=403,
        code="account_invalid",
        validation=True,
    )


def key_reused(key: str) -> StripeError:
    """Returns the error for an idempotency key that is reused with a different request."""
    return StripeError(
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request.",
        kind="idempotency_error",
        validation=True,
    )


def key_in_use(key: str) -> StripeError:
    """Returns the error (409) for an idempotency key whose first request is still running."""
    return StripeError(
        f"There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later.",
        status=409,
        kind="idempotency_error",
        code="idempotency_key_in_use",
        validation=True,
    )


def cannot_expand(path: str, hint: str = "") -> StripeError:
    """Returns the error for an `expand` path that cannot be expanded."""
    return StripeError(f"This property cannot be expanded ({path}).{hint}", validation=True)


def too_many_requests() -> StripeError:
    """Returns the error (429) for a key above its rate limit."""
    return StripeError(
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        status=429,
        code="rate_limit",
        validation=True,
    )


def internal_error(cause: Exception) -> StripeError:
    """Returns the error (500) for an unexpected exception; the transaction was rolled back.

    The message names what is wrong with the file, such as a full disk, and nothing else of the cause.
    """
    what = "An unknown error occurred in the sandbox"
    if isinstance(cause, sqlite3.Error):
        what = f"The file of the sandbox cannot be read or written ({cause})"
    return StripeError(f"{what}. Nothing was changed.", status=500, kind="api_error")


def one_of(values: Sequence[str]) -> str:
    """Formats values as Stripe does: `one of a, b, or c`."""
    if len(values) == 1:
        return values[0]
    if len(values) == 2:
        return f"one of {values[0]} or {values[1]}"
    return f"one of {', '.join(values[:-1])}, or {values[-1]}"


def mistake(message: str, code: str | None, param: str) -> StripeError:
    return StripeError(message, code=code, param=param, validation=True)
