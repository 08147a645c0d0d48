"""Request parameters: decoded from query, form, JSON or multipart, and validated with Stripe's error messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.validate import Problem, shape_at, typed, validate
from stripe_shell.wire import Request, decode_form

from .formats import normalize
from .limits import check_form, check_json, check_multipart, check_size

Json = dict[str, Any]

#: How like a known name must be to be named for an unknown one; `payment_method_configuration` and `payment_behavior`
#: (0.59), which Stripe brings together, are above it.
_ALIKE = 0.55
_LONGEST_NAME = 60


def decode(request: Request) -> Json:
    """Returns the parameter tree of a request; the body overrides the query. Raises StripeError."""
    check_form(request.query)
    try:
        params = decode_form(request.query) if request.query else {}
        if request.body:
            params |= _decode_body(request)
        _refuse_surrogates(request, params)
    except UnicodeError:
        raise StripeError("Invalid request: the parameters are not valid UTF-8.", validation=True) from None
    return params


def header(request: Request, name: str) -> str | None:
    """Returns a header's value; `name` is in lower case. None when the header is missing."""
    return next((value for key, value in request.headers.items() if key.lower() == name), None)


def _decode_body(request: Request) -> Json:
    kind = (header(request, "content-type") or "").lower()
    if kind.startswith("multipart/"):
        from .multipart import decode_multipart

        given = header(request, "content-type") or ""  # the boundary is case-sensitive
        check_multipart(given, request.body)
        return decode_multipart(given, request.body)
    check_size(request.body)
    if request.path.startswith("/v2/") and ("json" in kind or not kind):
        return _decode_json(request.body)
    if kind and "form-urlencoded" not in kind:
        raise StripeError(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any "
            "questions, we can help at https://support.stripe.com/.",
            validation=True,
        )
    check_form(request.body)
    return decode_form(request.body.decode("utf-8"))


def _decode_json(body: bytes) -> Json:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise StripeError("Invalid request: the body is not valid JSON.", validation=True) from None
    if not isinstance(value, dict):
        raise StripeError("Invalid request: the body must be a JSON object.", validation=True)
    check_json(value)
    return value


def _refuse_surrogates(request: Request, params: Json) -> None:
    """Raises UnicodeError for lone surrogates, which SQLite cannot store; only these byte sequences encode one.

    `decode_multipart` refuses those of its fields.
    """
    is_multipart = (header(request, "content-type") or "").startswith("multipart/")
    body = b"" if is_multipart else request.body.lower()
    if "%ed" in request.query.lower() or b"%ed" in body or b"\\ud" in body:
        json.dumps(params, ensure_ascii=False, default=str).encode("utf-8")


def check_parameters(params: Json, operation: Operation) -> Json:
    """Returns the parameters in their types. Raises StripeError for the first problem in Stripe's order."""
    shape = operation.params
    if shape.kind == "any":
        return params
    problems = validate(params, shape)
    if problems and _fix_booleans(params, problems):
        problems = validate(params, shape)
    if problems:
        raise error_for(problems, params, shape)
    result = typed(params, shape)
    return normalize(result, operation) if isinstance(result, dict) else {}


def error_for(
    problems: Sequence[Problem], params: Mapping[str, Any] | None = None, shape: Shape | None = None
) -> StripeError:
    """Returns Stripe's error for these problems: all unknown parameters in one, else the first problem."""
    unknown = [problem for problem in problems if problem.kind == "unknown"]
    if unknown:
        names = [bracketed(problem.path) for problem in unknown]
        return errors.unknown_parameters(names, _meant(unknown[0], shape) if shape is not None else None)
    return _error_for_problem(problems[0])


def _meant(problem: Problem, shape: Shape) -> str | None:
    """Returns the known name that is most like an unknown one, or None. How Stripe measures likeness is not known."""
    from difflib import SequenceMatcher

    *above, name = problem.path
    if len(name) > _LONGEST_NAME:
        return None
    place = shape_at(shape, tuple(above)) if above else shape
    alike = {known: SequenceMatcher(None, name, known).ratio() for known in (place.fields if place else ())}
    nearest = max(alike, key=lambda known: alike[known], default=None)
    return nearest if nearest is not None and alike[nearest] >= _ALIKE else None


def bracketed(path: Sequence[str]) -> str:
    """Formats a path as Stripe does: `items[0][price]`."""
    return path[0] + "".join(f"[{segment}]" for segment in path[1:])


def take_expand(params: Json, operation: Operation) -> list[str]:
    """Mutates `params`: removes `expand` and returns its paths. Raises StripeError unless it is a list of strings."""
    if operation.version == "v2" or "expand" not in params:
        return []
    value = params.pop("expand")
    paths = list(value.values()) if isinstance(value, Mapping) else value
    if value in ("", []):
        return []
    if not isinstance(paths, list):
        raise errors.not_an_array("expand")
    if not all(isinstance(path, str) for path in paths):
        raise errors.bad_value("expand", "Invalid string")
    return paths


def _fix_booleans(params: Json, problems: Sequence[Problem]) -> bool:
    """Mutates `params`: lowers `True` and `False`, which the official Python library sends in queries."""
    wrong = [problem for problem in problems if problem.kind == "not_boolean" and problem.value in ("True", "False")]
    for problem in wrong:
        node: Any = params
        for segment in problem.path[:-1]:
            node = node[int(segment)] if isinstance(node, list) else node[segment]
        node[problem.path[-1]] = problem.value.lower()
    return bool(wrong)


def _error_for_problem(problem: Problem) -> StripeError:
    """Returns Stripe's error for a problem.

    The texts of metadata are recorded (flowfuse#1948 for the number of keys, hound#817 for the type).
    """
    name = bracketed(problem.path)
    value = problem.value
    match problem.kind:
        case "missing":
            return errors.missing_parameter(name)
        case "empty":
            return errors.empty_parameter(name)
        case "not_integer" | "not_time":
            return errors.invalid_integer(name, _quoted(value))
        case "not_object":
            return errors.not_an_object(name)
        case "not_array":
            return errors.not_an_array(name)
        case "enum":
            return errors.bad_enum(name, problem.allowed)
        case "too_long" if "metadata" in problem.path:
            return errors.bad_value(
                "metadata",
                f"Metadata values can have up to {problem.limit} characters, but you passed in a value that is "
                f"{len(str(value))} characters. Invalid value: {value}",
            )
        case "too_long":
            return errors.too_long(name, str(value), problem.limit or 0)
        case "out_of_range":
            return _out_of_range(name, problem)
        case "too_many":
            return errors.bad_value(
                "metadata",
                f"Metadata can have up to {problem.limit} keys, but you've set {value}. Email us at "
                "support+metadata@stripe.com for more information.",
            )
        case "bad_key":
            return _bad_metadata_key(name, problem)
        case "not_string" if "metadata" in problem.path:
            return errors.bad_value("metadata", f"Invalid value type: {_quoted(value)} must be a string")
        case _:
            word = problem.kind.removeprefix("not_")
            return errors.bad_value(name, f"Invalid {word}: {_quoted(value)}")


def _out_of_range(name: str, problem: Problem) -> StripeError:
    if isinstance(problem.value, int) and problem.limit is not None and problem.value < problem.limit:
        return errors.below_minimum(name, problem.limit)
    return errors.bad_value(name, f"This value must be less than or equal to {problem.limit}.")


def _bad_metadata_key(name: str, problem: Problem) -> StripeError:
    key = str(problem.value)
    if "[" in key or "]" in key:
        return errors.bad_value(name, f"Metadata keys may not contain square brackets: {key}")
    if not key:
        return errors.bad_value("metadata", "Metadata keys must have at least 1 character.")
    return errors.bad_value(
        "metadata",
        f"Metadata keys can have up to {problem.limit} characters, but you passed in a key that is {len(key)} "
        f"characters. Invalid key: {key}",
    )


def _quoted(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
