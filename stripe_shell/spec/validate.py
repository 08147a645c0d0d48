"""Validates parameters against a shape, and converts valid ones to Python types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from stripe_shell.records import replace
from stripe_shell.wire import Elements

from .model import Operation, Shape
from .nearby import with_places
from .problems import ParamPath, ParamTree, Problem, ProblemKind
from .scalars import SCALARS, scalar_text, typed_scalar
from .shapes import ANYTHING, response_field, shape_at, type_label

__all__ = [
    "Problem",
    "ProblemKind",
    "fits",
    "member_problems",
    "required_names",
    "response_field",
    "shape_at",
    "type_label",
    "typed",
    "validate",
]

_INT64 = 2**63 - 1
_WRONG_SCALARS = ("not_string", "not_integer", "not_number", "not_decimal", "not_boolean", "not_time")
_METADATA_KEYS = 50
_METADATA_KEY_LENGTH = 40


def validate(params: Mapping[str, ParamTree], shape: Shape, required: Iterable[str] | None = None) -> list[Problem]:
    """Returns all problems of `params` for the object shape `shape`, in the order of the tree.

    Leaves may be Python values or form text: `"10"` is an integer, `"true"` a boolean. `required` are dotted paths
    (`email`, `items.0.price`) that replace the shape's own required fields at the top level; required fields of nested
    objects are always checked.

    The empty string and None unset a parameter. Stripe accepts that for every optional string and for parameters marked
    clearable; anywhere else it is the problem `empty`. An empty list or dict is valid.
    """
    needed = shape.required if required is None else tuple(required)
    top = frozenset(needed)
    problems = list(_fields(params, shape, (), top))
    missing = (tuple(name.split(".")) for name in needed)
    problems += [_missing(path, shape) for path in missing if not _present(params, path)]
    return [with_places(problem, shape) if problem.kind == "unknown" else problem for problem in problems]


def member_problems(params: Mapping[str, ParamTree], shape: Shape, required: frozenset[str]) -> Iterator[Problem]:
    """Yields the problems of some parameters of an object shape, as `validate` does; missing ones are none.

    `required` are the names that must not be empty.
    """
    yield from _fields(params, shape, (), required)


def required_names(operation: Operation, document: bool = True) -> tuple[str, ...]:
    """Returns the dotted paths of required parameters: Stripe's, and with `document` also the document's."""
    own = operation.required_by_document if document else ()
    return tuple(dict.fromkeys((*own, *operation.params.required)))


def fits(value: ParamTree, shape: Shape) -> bool:
    """Whether `value` is valid for `shape`."""
    return next(_check_value(value, shape, (), False), None) is None


def _present(tree: ParamTree, path: ParamPath) -> bool:
    for segment in path:
        if isinstance(tree, list) and segment.isdecimal() and int(segment) < len(tree):
            tree = tree[int(segment)]
        elif isinstance(tree, Mapping) and segment in tree:
            tree = tree[segment]
        else:
            return False
    return True


def _missing(path: ParamPath, shape: Shape) -> Problem:
    there = shape_at(shape, path)
    return Problem(path, "missing", expected=type_label(there) if there else "")


# --- one value against one shape -----------------------------------------------------------------------------


def _check_value(value: ParamTree, shape: Shape, path: ParamPath, required: bool) -> Iterator[Problem]:
    """Yields the problems of one value; `required` means that it must not be empty."""
    kind = shape.kind
    if value is None or value == "":
        if not _may_be_empty(shape, required):
            yield Problem(path, "empty", value, type_label(shape), shape.enum)
    elif kind == "union":
        yield from _union(value, shape, path, required)
    elif kind == "object":
        yield from _check_object(value, shape, path)
    elif kind == "map":
        yield from _map(value, shape, path)
    elif kind == "array":
        yield from _array(value, shape, path)
    elif kind not in ("any", "reference", "file"):
        yield from _scalar(value, shape, path)


def _may_be_empty(shape: Shape, required: bool) -> bool:
    if shape.clearable or shape.kind in ("any", "reference"):
        return True
    if shape.kind == "union":
        return any(_may_be_empty(variant, required) for variant in shape.variants)
    return shape.kind == "string" and not shape.enum and not required


def _check_object(value: ParamTree, shape: Shape, path: ParamPath) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, "not_object", value, type_label(shape))
        return
    required = frozenset(shape.required)
    yield from _fields(value, shape, path, required)
    for name in shape.fields:
        if name in required and name not in value:
            yield Problem((*path, name), "missing", expected=type_label(shape.fields[name].shape))


def _fields(
    value: Mapping[str, ParamTree], shape: Shape, path: ParamPath, required: frozenset[str]
) -> Iterator[Problem]:
    """Yields the problems of an object's members, including unknown ones."""
    for name, inner in value.items():
        field = shape.fields.get(name)
        if field is None:
            yield Problem((*path, name), "unknown", inner, known=shape.fields)
        elif not _is_plain_text(inner, field.shape):
            yield from _check_value(inner, field.shape, (*path, name), name in required)


def _is_plain_text(value: ParamTree, shape: Shape) -> bool:
    """Fast path for the most common case: whether it is a non-empty string for a plain text shape."""
    if type(value) is not str or not value or shape.kind != "string" or shape.enum:
        return False
    return shape.max_length is None or len(value) <= shape.max_length


def _map(value: ParamTree, shape: Shape, path: ParamPath) -> Iterator[Problem]:
    pairs = _pairs(value)
    if pairs is None:
        yield Problem(path, "not_object", value, type_label(shape))
        return
    if path and path[-1] == "metadata":
        yield from _metadata_keys(pairs, path)
    if shape.items is not None:
        for key, inner in pairs:
            yield from _check_value(inner, shape.items, (*path, key), False)


def _pairs(value: ParamTree) -> list[tuple[str, ParamTree]] | None:
    """Returns the entries of a map; form encoding turns numeric keys into a list, but not `k[]`."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list) and not isinstance(value, Elements):
        return [(str(index), inner) for index, inner in enumerate(value)]
    return None


def _metadata_keys(pairs: Sequence[tuple[str, ParamTree]], path: ParamPath) -> Iterator[Problem]:
    if len(pairs) > _METADATA_KEYS:
        yield Problem(path, "too_many", len(pairs), limit=_METADATA_KEYS)
    for key, _ in pairs:
        if len(key) > _METADATA_KEY_LENGTH or "[" in key or "]" in key or not key:
            yield Problem((*path, key), "bad_key", key, limit=_METADATA_KEY_LENGTH)


def _array(value: ParamTree, shape: Shape, path: ParamPath) -> Iterator[Problem]:
    elements = array_elements(value)
    if elements is None:
        yield Problem(path, "not_array", value, type_label(shape))
    elif shape.items is not None:
        for key, inner in elements:
            yield from _check_value(inner, shape.items, (*path, key), True)


def array_elements(value: ParamTree) -> list[tuple[str, ParamTree]] | None:
    """Returns the elements of an array with their indices, also of a dict of numbered entries; None for others."""
    if isinstance(value, list):
        return [(str(index), inner) for index, inner in enumerate(value)]
    if isinstance(value, Mapping) and all(key.isdecimal() and key.isascii() for key in value):
        return sorted(value.items(), key=lambda pair: int(pair[0]))
    return None


def _scalar(value: ParamTree, shape: Shape, path: ParamPath) -> Iterator[Problem]:
    if shape.kind == "string":
        yield from _string(value, shape, path)
        return
    check, problem = SCALARS[shape.kind]
    if not check(value):
        yield Problem(path, problem, value, type_label(shape))
    elif shape.kind in ("integer", "time"):
        yield from _range(int(value), shape, path)


def _string(value: ParamTree, shape: Shape, path: ParamPath) -> Iterator[Problem]:
    if isinstance(value, Mapping | list | bytes):
        yield Problem(path, "not_string", value, type_label(shape))
        return
    text = scalar_text(value)
    if shape.enum and text not in shape.enum:
        yield Problem(path, "enum", value, type_label(shape), shape.enum, known=shape.enum)
    elif shape.max_length is not None and len(text) > shape.max_length:
        yield Problem(path, "too_long", value, type_label(shape), limit=shape.max_length)


def _range(number: int, shape: Shape, path: ParamPath) -> Iterator[Problem]:
    low = -_INT64 - 1 if shape.minimum is None else shape.minimum
    high = _INT64 if shape.maximum is None else shape.maximum
    if not low <= number <= high:
        limit = low if number < low else high
        yield Problem(path, "out_of_range", number, type_label(shape), limit=limit)


# --- unions --------------------------------------------------------------------------------------------------


def _union(value: ParamTree, shape: Shape, path: ParamPath, required: bool) -> Iterator[Problem]:
    """Yields nothing if a variant accepts the value, else the problems of the closest variant."""
    best: list[Problem] | None = None
    for variant in shape.variants:
        problems = list(_check_value(value, variant, path, required))
        if not problems:
            return
        if best is None or _distance(problems, path) < _distance(best, path):
            best = problems
    allowed = tuple(chain.from_iterable(variant.enum for variant in shape.variants))
    for problem in best or ():
        here = problem.path == path
        yield replace(problem, expected=type_label(shape), allowed=allowed) if here else problem


def _distance(problems: list[Problem], path: ParamPath) -> tuple[bool, bool, int]:
    """Returns a sort key for how badly a variant fits: worst a scalar for an object or array, then a wrong scalar."""
    here = {problem.kind for problem in problems if problem.path == path}
    return not here.isdisjoint(("not_object", "not_array")), not here.isdisjoint(_WRONG_SCALARS), len(problems)


# --- types ---------------------------------------------------------------------------------------------------


def typed(params: ParamTree, shape: Shape) -> ParamTree:
    """Returns a copy of the tree with every leaf converted to int, float or bool; text, enums and decimals stay text.

    A dict of numbered entries becomes a list if the shape is an array, a list becomes a dict if it is a map. Empty,
    unknown and invalid values are kept.
    """
    if params is None or params == "" or shape.kind in ("any", "reference", "file"):
        return params
    if type(params) is str and shape.kind == "string":
        return params
    if shape.kind == "union":
        variant = next((variant for variant in shape.variants if fits(params, variant)), None)
        return typed(params, variant) if variant else params
    if shape.kind in ("object", "map", "array"):
        return _branch(params, shape)
    return typed_scalar(params, shape.kind) if fits(params, shape) else params


def _branch(value: ParamTree, shape: Shape) -> ParamTree:
    items = shape.items or ANYTHING
    if shape.kind == "array":
        elements = array_elements(value)
        return value if elements is None else [typed(inner, items) for _, inner in elements]
    if shape.kind == "map" and isinstance(value, list):
        value = {str(index): inner for index, inner in enumerate(value)}
    if not isinstance(value, Mapping):
        return value
    if shape.kind == "map":
        return {key: typed(inner, items) for key, inner in value.items()}
    fields = shape.fields
    return {name: typed(inner, fields[name].shape) if name in fields else inner for name, inner in value.items()}
