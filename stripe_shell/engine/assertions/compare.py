"""Comparison of a response with expectations, conditions, and JSON that it must contain."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from stripe_shell.diagnostics import Span
from stripe_shell.engine.scope import format_path, step_into
from stripe_shell.engine.times import NO_CLOCK, RunClock, parse_time
from stripe_shell.lang.ast import Expectation, Operator, Path
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.secrets import NO_SECRETS, Secrets
from stripe_shell.wire import parse_json

if TYPE_CHECKING:
    from decimal import Decimal


@record
class Missing:
    """The value of a path that the response does not have. It equals no value, null included."""

    def __repr__(self) -> str:
        return "absent"


MISSING = Missing()


@record
class WrittenLiteral:
    """A literal operand as written. One that is `quoted` is never read as a number, a boolean or null."""

    text: str
    quoted: bool = False


#: The right side of a comparison: a literal, a value that a reference gave, or a tuple of such.
Right = Any


@record
class ResponseFacts:
    """The values that a path can name: the body as JSON data, and `$` names: HTTP status, milliseconds, …"""

    body: Any
    special: Mapping[str, Any]
    clock: RunClock = NO_CLOCK


@record
class Assertion:
    """An evaluated expectation: its span and result. `path`, `expected` and `actual` are display texts."""

    span: Span
    path: str
    passed: bool
    expected: str
    actual: str


def find(path: Path, facts: ResponseFacts) -> Any:
    """Returns the value at the path, or MISSING; for `[*]`, the list of the values in every element."""
    if path.steps and isinstance(path.steps[0], str) and path.steps[0].startswith("$"):
        return facts.special.get(path.steps[0], MISSING)
    return select_values(facts.body, path.steps)


def select_values(value: Any, steps: Sequence[str | int]) -> Any:
    """Returns the value at `steps` below `value`. Several `[*]` give one flat list."""
    for index, step in enumerate(steps):
        if step == "*":
            if not isinstance(value, list):
                return MISSING
            rest = steps[index + 1 :]
            found = [select_values(item, rest) for item in value]
            return _flat(found) if "*" in rest else found
        there, value = step_into(value, step)
        if not there:
            return MISSING
    return value


def _flat(lists: list[Any]) -> list[Any]:
    return [item for each in lists for item in (each if isinstance(each, list) else [each])]


def evaluate_expectation(
    expectation: Expectation, right: Right, facts: ResponseFacts, masks: Secrets = NO_SECRETS
) -> Assertion:
    """Evaluates an expectation. `right` is its operand with the references resolved.

    `masks` masks secrets in the display texts before they are truncated.
    """
    actual = find(expectation.path, facts)
    operator = expectation.operator
    if expectation.quantifier is not None:
        each = actual if isinstance(actual, list) else [actual]
        results = [compare(value, operator, right, facts.clock, expectation.count_operator) for value in each]
        passed = all(results) if expectation.quantifier == "all" else any(results)
    else:
        passed = compare(actual, operator, right, facts.clock, expectation.count_operator)
    return Assertion(
        span=expectation.span,
        path=expectation.path.text,
        passed=passed,
        expected=masks.mask(_expected_text(expectation, right)),
        actual=_actual_text(masks.mask_data(actual), operator),
    )


def compare(
    actual: Any, operator: Operator, right: Right, clock: RunClock = NO_CLOCK, count: Operator | None = None
) -> bool:
    """Whether `actual OP right`. A comparison of incompatible types (a list with `<`) is false."""
    match operator:
        case "==":
            return equals(actual, right, clock)
        case "!=":
            return actual is not MISSING and not equals(actual, right, clock)
        case "<" | "<=" | ">" | ">=":
            return _ordered(actual, operator, right, clock)
        case "~":
            return _matches_pattern(actual, right)
        case "!~":
            return isinstance(actual, str) and not _matches_pattern(actual, right)
        case "in":
            return any(equals(actual, item, clock) for item in _members(right))
        case "contains":
            return _contains(actual, right, clock)
        case "startswith":
            return isinstance(actual, str) and actual.startswith(text_of(right))
        case "endswith":
            return isinstance(actual, str) and actual.endswith(text_of(right))
        case "exists":
            return actual is not MISSING and actual is not None
        case "absent":
            return actual is MISSING or actual is None
        case "is":
            return is_of(actual, text_of(right))
        case "count":
            return isinstance(actual, list | dict) and compare(len(actual), count or "==", right, clock)


def equals(actual: Any, right: Right, clock: RunClock = NO_CLOCK) -> bool:
    """Whether the values are equal. A literal takes the type of `actual`: `02139` equals the text 02139.

    Numbers compare by value: 10 equals 10.0, but true does not equal 1. Lists compare element by element.
    """
    if isinstance(right, WrittenLiteral):
        return _equals_literal(actual, right, clock)
    if isinstance(right, tuple):
        same_length = isinstance(actual, list) and len(actual) == len(right)
        return same_length and all(equals(item, other, clock) for item, other in zip(actual, right, strict=True))
    return _same_data(actual, right)


def _same_data(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal; at any depth, true does not equal 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same_data(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same_data, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _equals_literal(actual: Any, right: WrittenLiteral, clock: RunClock) -> bool:
    if isinstance(actual, str):
        return actual == right.text
    if right.quoted:
        return False
    if isinstance(actual, bool):
        return right.text == ("true" if actual else "false")
    if actual is None:
        return right.text == "null"
    if isinstance(actual, int | float):
        return number_of(actual, clock) == number_of(right, clock)
    return isinstance(actual, list | dict) and _same_data(actual, _json_or_none(right.text))


def number_of(value: Any, clock: RunClock = NO_CLOCK) -> Decimal | None:
    """Converts a number, decimal text or relative time (`now-1h`, as epoch seconds) to Decimal; None otherwise."""
    from decimal import Decimal, InvalidOperation

    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return Decimal(str(value))
    text = text_of(value)
    try:
        number = Decimal(text.replace("_", ""))
    except InvalidOperation:
        return _time_number(text, clock)
    return number if number.is_finite() else None


def _time_number(text: str, clock: RunClock) -> Decimal | None:
    from decimal import Decimal

    moment = parse_time(text, clock)
    return Decimal(moment) if isinstance(moment, int) else None


def _ordered(actual: Any, operator: str, right: Right, clock: RunClock) -> bool:
    if isinstance(actual, Missing | list | dict) or isinstance(right, tuple | list | dict):
        return False
    left_number, right_number = number_of(actual, clock), number_of(right, clock)
    if left_number is None or right_number is None:
        return False
    return {
        "<": left_number < right_number,
        "<=": left_number <= right_number,
        ">": left_number > right_number,
        ">=": left_number >= right_number,
    }[operator]


def _matches_pattern(actual: Any, right: Right) -> bool:
    return isinstance(actual, str) and re.search(text_of(right), actual) is not None


def _members(right: Right) -> Sequence[Any]:
    return right if isinstance(right, tuple | list) else (right,)


def _contains(actual: Any, right: Right, clock: RunClock) -> bool:
    if isinstance(actual, str):
        return text_of(right) in actual
    if isinstance(actual, list):
        return any(equals(item, right, clock) for item in actual)
    return isinstance(actual, dict) and text_of(right) in actual


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "list": list,
    "null": type(None),
}


def is_of(actual: Any, word: str) -> bool:
    """Whether the value has the JSON type `word`, is an id with the prefix `word`, or is an object of that name."""
    if word in _TYPES and isinstance(actual, _TYPES[word]):
        return word == "boolean" or not isinstance(actual, bool)
    if isinstance(actual, dict):
        return actual.get("object") == word
    return isinstance(actual, str) and actual.startswith(f"{word.removesuffix('_')}_")


def text_of(value: Any) -> str:
    """Formats a scalar as text for use inside other text: true, false, null, and numbers as in JSON."""
    if isinstance(value, WrittenLiteral):
        return value.text
    if isinstance(value, tuple):
        return f"[{', '.join(map(text_of, value))}]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json_or_none(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return MISSING


def _expected_text(expectation: Expectation, right: Right) -> str:
    words = [expectation.quantifier, expectation.operator, expectation.count_operator]
    shown = "" if expectation.operand is None else format_value(right)
    return " ".join(word for word in (*words, shown) if word)


def _actual_text(actual: Any, operator: Operator) -> str:
    if operator == "count" and isinstance(actual, list | dict):
        return str(len(actual))
    return format_value(actual)


def format_value(value: Any) -> str:
    """Formats a value on one line for a message; long values are truncated with an ellipsis."""
    if isinstance(value, Missing):
        return "absent"
    if isinstance(value, WrittenLiteral):
        return json.dumps(value.text, ensure_ascii=False) if value.quoted else value.text
    if isinstance(value, tuple):
        return f"[{', '.join(format_value(item) for item in value)}]"
    plain = type(value) is str
    text = encode_basestring(value) if plain else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else f"{text[:199]}…"


# --- containment ----------------------------------------------------------------------------------------


@record
class Difference:
    """A path at which `actual` does not contain `expected`."""

    path: tuple[str | int, ...]
    expected: Any
    actual: Any

    def __str__(self) -> str:
        path = format_path(self.path) or "the response"
        return f"{path}: expected {format_value(self.expected)}, actual {format_value(self.actual)}"


_ANY_ID = pattern(r"<([a-z][a-z0-9_]*)>")


def differences(expected: Any, actual: Any, path: tuple[str | int, ...] = ()) -> list[Difference]:
    """Returns the paths at which `actual` does not contain `expected`.

    Keys of `expected` must exist and scalars must be equal; `"<cus>"` matches any id with that prefix. Elements of a
    list must match distinct elements of the actual list, in any order; the actual list may have more.
    """
    if isinstance(expected, dict):
        return _object_differences(expected, actual, path)
    if isinstance(expected, list):
        return _list_differences(expected, actual, path)
    if isinstance(expected, str) and (match := _ANY_ID.fullmatch(expected)):
        return [] if is_of(actual, match[1]) else [Difference(path, expected, actual)]
    return [] if equals(actual, expected) else [Difference(path, expected, actual)]


def _object_differences(expected: dict[str, Any], actual: Any, path: tuple[str | int, ...]) -> list[Difference]:
    if not isinstance(actual, dict):
        return [Difference(path, expected, actual)]
    found: list[Difference] = []
    for key, value in expected.items():
        if key in actual:
            found += differences(value, actual[key], (*path, key))
        else:
            found.append(Difference((*path, key), value, MISSING))
    return found


def _list_differences(expected: list[Any], actual: Any, path: tuple[str | int, ...]) -> list[Difference]:
    if not isinstance(actual, list):
        return [Difference(path, expected, actual)]
    pairs = match_rows([[not differences(row, other) for other in actual] for row in expected])
    found: list[Difference] = []
    for index, row in enumerate(expected):
        if pairs[index] is None:
            nearest = _nearest(row, [other for place, other in enumerate(actual) if place not in pairs])
            found += differences(row, nearest, (*path, index))
    return found


def _nearest(row: Any, candidates: list[Any]) -> Any:
    """Returns the candidate with the fewest differences from `row`; MISSING if there are no candidates."""
    return min(candidates, key=lambda other: len(differences(row, other)), default=MISSING)


def match_rows(fits: list[list[bool]]) -> list[int | None]:
    """Returns a maximum matching of rows to columns: for each row its column, or None. No column is used twice."""
    owner: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for column, fit in enumerate(fits[row]):
            if fit and column not in seen:
                seen.add(column)
                if column not in owner or place(owner[column], seen):
                    owner[column] = row
                    return True
        return False

    for row in range(len(fits)):
        place(row, set())
    matched = {row: column for column, row in owner.items()}
    return [matched.get(row) for row in range(len(fits))]
