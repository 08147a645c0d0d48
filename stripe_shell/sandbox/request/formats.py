"""Parameters by the format of their values: the case of currencies and countries, ranges of numbers and times, texts.

The table's formats and kinds decide, and the parameter's name where the description says nothing; so a rule holds at
every depth of every operation. The texts of errors are Stripe's where an issue shows them: `Invalid timestamp: can be
no more than five years in the future.` (stripe-node#696), `Invalid email address: …` (stripe-dotnet#1897), `Not a valid
URL` (next13-ai-saas#41), `This value must be greater than or equal to 1.` (recordings). The bounds of numbers that no
page documents are assumed: twelve digits, as for `unit_amount`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stripe_shell.patterns import pattern
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import checked_currency
from stripe_shell.spec.currencies import is_currency
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.validate import fits

#: The largest integer: twelve digits.
LARGEST: Final = 999_999_999_999
#: The latest time of any write, 2100-01-01: later ones are milliseconds. What is due must be within five years of now.
LATEST: Final = 4_102_444_800

#: The least value of counts, by the name of the parameter (documented as positive integers).
_POSITIVE: Final = frozenset(
    (
        "divide_by",
        "duration_in_months",
        "expires_after_days",
        "interval_count",
        "iterations",
        "max_redemptions",
        "payments_per_period",
    )
)
#: Ends of the names of counts and amounts that are at least 0.
_NOT_NEGATIVE: Final = ("days_until_due", "fixed_amount[amount]")
#: Names of parameters that take a percentage, from 0 to 100.
_PERCENT: Final = frozenset(("application_fee_percent", "amount_percent", "percent_ownership"))
_EMAILS: Final = frozenset(
    ("contact_email", "customer_email", "email", "instructions_email", "receipt_email", "support_email")
)
#: Lists of URLs.
_URL_LISTS: Final = frozenset(("images",))
_EMAIL = pattern(r"[^\s@]+@[^\s@]+")
_URL = pattern(r"https?://[^\s/?#]+\S*")
#: An app's own scheme, which the `return_url` of an intent may have (docs.stripe.com/payments/3d-secure).
_APP_URL = pattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+")
#: A company's page, which an account may name without a scheme.
_BARE_URL = pattern(r"(https?://)?[^\s/?#:]+\S*")
_INTENTS: Final = ("payment_intent", "setup_intent")


def normalize(params: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """Returns typed parameters in the form that is stored. Raises StripeError for a value outside its range."""
    return {name: _value(value, operation.params, name, name, operation) for name, value in params.items()}


def _value(value: Any, parent: Shape, name: str, where: str, operation: Operation) -> Any:
    """Returns the member `name` of an object of the shape `parent`."""
    field = parent.fields.get(name)
    if field is None or value is None or value == "":
        return value
    return _shaped(value, field.shape, name, where, operation)


def _shaped(value: Any, shape: Shape, name: str, where: str, operation: Operation) -> Any:
    if shape.kind == "union":
        variant = next((variant for variant in shape.variants if fits(value, variant)), None)
        return value if variant is None else _shaped(value, variant, name, where, operation)
    if isinstance(value, Mapping):
        if shape.kind == "map":
            items = shape.items or shape
            return {key: _shaped(inner, items, "", f"{where}[{key}]", operation) for key, inner in value.items()}
        return {key: _value(inner, shape, key, f"{where}[{key}]", operation) for key, inner in value.items()}
    if isinstance(value, list):
        items = shape.items or shape
        return [
            _shaped(inner, items, name.removesuffix("s"), f"{where}[{at}]", operation) for at, inner in enumerate(value)
        ]
    if value is None or value == "":
        return value
    return _scalar(value, shape, name, where, operation)


def _scalar(value: Any, shape: Shape, name: str, where: str, operation: Operation) -> Any:
    if is_currency(name, shape) and isinstance(value, str):
        return checked_currency(value, where)
    if name == "country" and isinstance(value, str) and len(value) == 2:
        return value.upper()
    if operation.method == "POST":
        check = _CHECKS.get(shape.kind)
        if check is not None:
            check(value, name, where, operation)
    return value


def check_texts(params: Mapping[str, Any], operation: Operation, above: str = "") -> None:
    """Raises StripeError for an email address or URL of a write that is none, at any depth.

    Called once the object in the path is known, whose absence Stripe reports first.
    """
    for key, value in params.items():
        name = str(key)  # a number in what older parameters were turned into
        where = f"{above}[{name}]" if above else name
        if isinstance(value, Mapping) and name != "metadata":
            check_texts(value, operation, where)
        elif isinstance(value, list):
            rows = {str(at): row for at, row in enumerate(value) if isinstance(row, Mapping)}
            check_texts(rows, operation, where)
            for at, text in enumerate(value if name in _URL_LISTS else ()):
                _check_text(text, "url", f"{where}[{at}]", operation)
        elif isinstance(value, str) and value:
            _check_text(value, name, where, operation)


def _check_text(value: str, name: str, where: str, operation: Operation) -> None:
    if name in _EMAILS and not _EMAIL.fullmatch(value):
        raise errors.mistake(f"Invalid email address: {value}", "email_invalid", where)
    if (name == "url" or name.endswith("_url")) and not _url_form(name, where, operation).fullmatch(value):
        raise errors.mistake("Not a valid URL", "url_invalid", where)


def _url_form(name: str, where: str, operation: Operation) -> Any:
    if name == "return_url" and operation.entity in _INTENTS:
        return _APP_URL
    return _BARE_URL if "business_profile" in where else _URL


def _check_integer(value: Any, name: str, where: str, operation: Operation) -> None:
    if name in _POSITIVE and value < 1:
        raise errors.below_minimum(where, 1)
    if value < 0 and where.endswith(_NOT_NEGATIVE):
        raise errors.mistake("Invalid non-negative integer", "parameter_invalid_integer", where)
    if value > LARGEST:
        raise errors.mistake(f"This value must be less than or equal to {LARGEST}.", "parameter_invalid_integer", where)
    if value < -LARGEST:
        raise errors.below_minimum(where, -LARGEST)
    if name in _PERCENT:
        _check_percent(value, name, where, operation)


def _check_percent(value: Any, name: str, where: str, operation: Operation) -> None:
    if name in _PERCENT and not 0 <= value <= 100:
        bound = "greater than or equal to 0" if value < 0 else "less than or equal to 100"
        raise errors.bad_value(where, f"This value must be {bound} (it currently is '{value}').")
    if abs(value) > LARGEST:
        raise errors.bad_value(where, f"This value must be less than or equal to {LARGEST}.")


def _check_decimal(value: Any, name: str, where: str, operation: Operation) -> None:
    if abs(float(value)) > LARGEST:
        raise errors.bad_value(where, f"Invalid decimal: {value}; must be at most {LARGEST}")


def _check_time(value: Any, name: str, where: str, operation: Operation) -> None:
    if value > LATEST:
        raise errors.bad_value(where, "Invalid timestamp: can be no more than five years in the future.")
    if value < 0:
        raise errors.invalid_integer(where, value)


_CHECKS: Final[Mapping[str, Callable[[Any, str, str, Operation], None]]] = {
    "integer": _check_integer,
    "number": _check_percent,
    "decimal": _check_decimal,
    "time": _check_time,
}
