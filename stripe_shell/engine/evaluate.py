"""Evaluation of values in a scope: replaces references by what they refer to, and types the result."""

from __future__ import annotations

from typing import Any

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.assertions.compare import Right, WrittenLiteral, text_of
from stripe_shell.engine.computing import check_rounding, compute
from stripe_shell.engine.scope import FoundValue, PendingValue, Scope, default_of
from stripe_shell.engine.values import Deferred, coerce, conform, is_deferred
from stripe_shell.lang.ast import Inserted, ListValue, Operand, Part, Reference, Text, Value
from stripe_shell.lang.parser import parse_template
from stripe_shell.lang.visit import rewrite
from stripe_shell.records import record, replace
from stripe_shell.spec.model import Shape
from stripe_shell.wire import parse_json

#: The longest text of a value. No request takes more, and a few lines that double it would fill the memory.
LONGEST_TEXT = 32 * 1024 * 1024
#: The most values of JSON data, counted with all that is in it.
MOST_VALUES = 1_000_000


@record
class Evaluation:
    """An evaluated value, which is valid only without problems, and the problems of its references."""

    value: Any
    problems: tuple[Diagnostic, ...] = ()


def evaluate(value: Value, shape: Shape | None, scope: Scope) -> Evaluation:
    """Evaluates the value for a parameter of this shape.

    A value that is a single reference keeps the type of its target; text is converted by the shape. A value that
    depends on a response is `Deferred`. A null is a problem, since sending it would unset the parameter.
    """
    if value.sole_insertion is not None:
        return _whole(value.sole_insertion, shape, scope)
    if value.style == "json":
        return _json(value, shape, scope)
    joined = _join(value.parts, scope)
    if joined.problems or isinstance(joined.value, Deferred):
        return joined
    quoted = value.style != "bare" or bool(value.references)
    return Evaluation(coerce(joined.value, shape, clock=scope.clock, quoted=quoted))


def evaluate_text(value: Value, scope: Scope) -> Evaluation:
    """Evaluates the value as text, for a directive: a key, an account, a file name."""
    return _join(value.parts, scope)


def evaluate_variable(value: Value, scope: Scope) -> Evaluation:
    """Evaluates the value of a `@let`: a single reference or JSON keeps its type, any other value is text."""
    if value.sole_insertion is not None or value.style == "json":
        return evaluate(value, None, scope)
    return _join(value.parts, scope)


def evaluate_text_operand(operand: Operand | None, scope: Scope) -> tuple[Right, tuple[Diagnostic, ...]]:
    """Evaluates the right side of a text comparison, where `[a-z]` is text, not a list."""
    if isinstance(operand, ListValue) or (operand is not None and operand.style == "json"):
        joined = _join(parse_template(operand.span.text, operand.span), scope)
        return (joined.value if isinstance(joined.value, Deferred) else WrittenLiteral(joined.value)), joined.problems
    return evaluate_operand(operand, scope)


def evaluate_operand(operand: Operand | None, scope: Scope) -> tuple[Right, tuple[Diagnostic, ...]]:
    """Evaluates the right side of a comparison; returns it and the problems of its references."""
    if operand is None:
        return None, ()
    if isinstance(operand, ListValue):
        pairs = [evaluate_operand(item, scope) for item in operand.items]
        return tuple(right for right, _ in pairs), tuple(problem for _, found in pairs for problem in found)
    if operand.sole_insertion is not None:
        return _whole_operand(operand.sole_insertion, scope)
    if operand.style == "json":
        evaluated = evaluate(operand, None, scope)
        return evaluated.value, evaluated.problems
    joined = _join(operand.parts, scope)
    if isinstance(joined.value, Deferred):
        return joined.value, joined.problems
    quoted = operand.style not in {"bare", "json"}
    return WrittenLiteral(joined.value, quoted=quoted), joined.problems


def _whole_operand(part: Inserted, scope: Scope) -> tuple[Right, tuple[Diagnostic, ...]]:
    found = compute(part, scope)
    if isinstance(found, Diagnostic):
        return None, (found,)
    if isinstance(found, PendingValue):
        return Deferred(f"${{{part.raw}}}"), ()
    # Text from a cell, the environment or a default is untyped, so it compares like a literal.
    outside = isinstance(found.value, str) and not (isinstance(part, Reference) and part.name in scope.captures)
    return (WrittenLiteral(found.value) if outside else found.value), ()


def _whole(part: Inserted, shape: Shape | None, scope: Scope, left: list[int] | None = None) -> Evaluation:
    """Evaluates a value that is one reference, sum or amount; `left` is how many values of data it may have."""
    unrounded = check_rounding(part, shape)
    found = unrounded or _filled(part, scope)
    if isinstance(found, Diagnostic):
        return Evaluation("", (found,))
    if isinstance(found, PendingValue):
        return Evaluation(Deferred(f"${{{part.raw}}}"))
    value = found.value
    if shape is not None and not isinstance(part, Reference):
        value = str(value)  # A number that was computed goes into fields of text as well.
    if isinstance(value, str):
        return Evaluation(coerce(value, shape, clock=scope.clock, quoted=True))
    try:
        return Evaluation(_copy(value, [MOST_VALUES] if left is None else left))
    except OverflowError:
        message = f"the data has more than {MOST_VALUES:,} values"
        return Evaluation("", (Diagnostic("E210", message, part.span, label="no request takes that much"),))


def _filled(part: Inserted, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    """Returns the value of a part, with the default of a reference in place of null; E302 if it is null."""
    found = compute(part, scope)
    if not isinstance(found, FoundValue) or found.value is not None or not isinstance(part, Reference):
        return found
    found = default_of(part, scope)
    return _null(part) if isinstance(found, FoundValue) and found.value is None else found


def _null(reference: Reference) -> Diagnostic:
    label = f"it would unset the parameter; give a default: `${{{reference.raw}:-…}}`"
    return Diagnostic("E302", f"`{reference.raw}` is null", reference.span, label=label)


def _copy(data: Any, left: list[int]) -> Any:
    """Returns a deep copy of JSON data: a block may add members to it without changing the original.

    `left` is how many values may still be copied. Raises OverflowError when they are used up.
    """
    left[0] -= 1
    if left[0] < 0:
        raise OverflowError
    if isinstance(data, dict):
        return {key: _copy(value, left) for key, value in data.items()}
    return [_copy(value, left) for value in data] if isinstance(data, list) else data


def _join(parts: tuple[Part, ...], scope: Scope) -> Evaluation:
    """Joins the parts to one text; `Deferred` if any part is."""
    texts: list[str] = []
    problems: list[Diagnostic] = []
    deferred = False
    for part in parts:
        if isinstance(part, Text):
            texts.append(part.text)
            continue
        found = _filled(part, scope)
        if isinstance(found, FoundValue):
            texts.append(text_of(found.value))
            deferred = deferred or is_deferred(found.value)
        elif isinstance(found, PendingValue):
            texts.append(f"${{{part.raw}}}")
            deferred = True
        else:
            problems.append(found)
    if sum(map(len, texts)) > LONGEST_TEXT and not problems:
        problems.append(_too_long(parts))
        texts.clear()
    text = "".join(texts)
    return Evaluation(Deferred(text) if deferred else text, tuple(problems))


def _too_long(parts: tuple[Part, ...]) -> Diagnostic:
    part = next(part for part in parts if not isinstance(part, Text))
    message = f"the text is longer than {LONGEST_TEXT:,} characters"
    return Diagnostic("E210", message, part.span, label="no request takes that much")


def _json(value: Value, shape: Shape | None, scope: Scope) -> Evaluation:
    """Evaluates JSON. References in its strings are resolved after parsing, so a value cannot break the syntax."""
    if shape is not None and shape.kind in {"string", "decimal", "file"}:
        return _join(_unescaped(value.parts), scope)  # A field of type text takes JSON-like text as text.
    source = value.spelled(lambda reference: f"${{{reference.span.text}}}")
    problems: list[Diagnostic] = []
    data = _resolve_strings(parse_json(source), value, scope, problems, [MOST_VALUES])
    if problems:
        return Evaluation("", tuple(problems))
    if shape is not None and shape.kind == "array" and not isinstance(data, list):
        data = [data]
    return Evaluation(conform(data, shape, clock=scope.clock))


def _unescaped(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Returns the parts of a JSON value as those of a text, with `$${` unescaped."""
    return rewrite(parts, Text, lambda text: replace(text, text=text.text.replace("$${", "${")))


def _resolve_strings(data: Any, value: Value, scope: Scope, problems: list[Diagnostic], left: list[int]) -> Any:
    if isinstance(data, dict):
        return {
            _resolve_name(key, value, scope, problems): _resolve_strings(item, value, scope, problems, left)
            for key, item in data.items()
        }
    if isinstance(data, list):
        return [_resolve_strings(item, value, scope, problems, left) for item in data]
    if type(data) is not str or "${" not in data:
        return data
    parts = _located(parse_template(data, value.span), value)
    if len(parts) == 1 and not isinstance(parts[0], Text):
        result = _whole(parts[0], None, scope, left)
    else:
        result = _join(parts, scope)
    problems += result.problems
    return result.value


def _located(parts: tuple[Part, ...], value: Value) -> tuple[Part, ...]:
    """Returns the parts of a string inside a JSON value, with the spans of its references in the script."""
    spans = {part.raw: part.span for part in value.inserted}
    return tuple(
        [part if isinstance(part, Text) else replace(part, span=spans.get(part.raw, part.span)) for part in parts]
    )


def _resolve_name(name: str, value: Value, scope: Scope, problems: list[Diagnostic]) -> str:
    if "${" not in name:
        return name
    result = _join(_located(parse_template(name, value.span), value), scope)
    problems += result.problems
    return str(result.value)
