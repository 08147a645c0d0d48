"""Looks up the shape at a path of a request or a response, and returns short labels for shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .model import Shape

if TYPE_CHECKING:
    from .table import Table

ParamPath = tuple[str, ...]

ANYTHING = Shape("any")
_SHOWN_VALUES = 6


def shape_at(shape: Shape, path: ParamPath) -> Shape | None:
    """Returns the shape at `path` below a request shape, None if there is none.

    Segments are field names, map keys and array indices (`0`, `[]` or `*`). In a union, the first variant with that
    path is used. The shape of the empty path is `shape` itself.
    """
    while path and shape.kind == "object":  # fast path for plain fields, by far the most common step
        if path[0] not in shape.fields:
            return None
        shape, path = shape.fields[path[0]].shape, path[1:]
    if not path:
        return shape
    inner = (shape_at(member, path[1:]) for member in members(shape, path[0]))
    return next((found for found in inner if found is not None), None)


def members(shape: Shape, segment: str) -> Iterator[Shape]:
    """Yields the shapes that the segment can lead to: one, or several if variants of a union have it."""
    if shape.kind == "union":
        for variant in shape.variants:
            yield from members(variant, segment)
    elif shape.kind == "object":
        if segment in shape.fields:
            yield shape.fields[segment].shape
    elif shape.kind in ("map", "any"):
        yield shape.items or ANYTHING
    elif shape.kind == "array" and shape.items and _is_index(segment):
        yield shape.items


def response_field(table: Table, shape: Shape, path: ParamPath) -> Shape | None:
    """Returns the shape at `path` of a response, None if no response of this shape has that path.

    Follows references to other schemas, and ids that `expand` replaces by objects. A value that may be one of several
    objects has the fields of all of them; a free-form value has every path.
    """
    if not path:
        return shape
    for inner in _response_members(table, shape, path[0]):
        found = response_field(table, inner, path[1:])
        if found is not None:
            return found
    return None


def response_names(table: Table, shape: Shape) -> tuple[str, ...]:
    """Returns the names of the fields of a response shape, sorted, for completion and "did you mean"."""
    names: set[str] = set()
    for solid in _concrete_shapes(table, shape):
        names.update(solid.fields)
    return tuple(sorted(names))


def _response_members(table: Table, shape: Shape, segment: str) -> Iterator[Shape]:
    for solid in _concrete_shapes(table, shape):
        yield from members(solid, segment)


def _concrete_shapes(table: Table, shape: Shape) -> Iterator[Shape]:
    """Yields the shapes that a reference or a union stands for."""
    if shape.kind == "reference" and shape.schema is not None:
        yield from _concrete_shapes(table, table.schema(shape.schema))
    elif shape.kind == "union":
        for variant in shape.variants:
            yield from _concrete_shapes(table, variant)
    else:
        yield shape


def _is_index(segment: str) -> bool:
    return segment in ("*", "[]", "") or (segment.removeprefix("-").isdecimal() and segment.isascii())


def dotted(path: ParamPath) -> str:
    """Returns a path as written in the language: `items[0].price`, `metadata."order.id"`."""
    text = ""
    for segment in path:
        if segment.isdecimal() or segment in ("[]", "*"):
            text += "[]" if segment == "[]" else f"[{segment}]"
        else:
            plain = segment.replace("_", "a").isalnum()
            text += ("." if text else "") + (segment if plain else f'"{segment}"')
    return text


def type_label(shape: Shape, shown: int = _SHOWN_VALUES) -> str:
    """Returns a short description of a type: `string ≤ 512`, `enum: day | month`, `array of object`, `map of string`.

    Of a long list of allowed values, the first `shown` are listed.
    """
    if shape.expandable:
        return "id of " + " or ".join(_schemas(shape))
    if shape.enum:
        return _enum_label(shape.enum, shown)
    if shape.kind == "reference":
        return shape.schema or "any"
    if shape.is_list:
        return f"list of {type_label(shape.row or ANYTHING, shown)}"
    if shape.kind in ("array", "map"):
        return f"{shape.kind} of {type_label(shape.items or ANYTHING, shown)}"
    if shape.kind == "union":
        labels = (type_label(variant, shown).removeprefix("enum: ") for variant in shape.variants)
        return " or ".join(dict.fromkeys(labels))
    limit = f" ≤ {shape.max_length}" if shape.max_length is not None else ""
    return (shape.form if shape.form and shape.kind == "string" else shape.kind) + limit


def _schemas(shape: Shape) -> list[str]:
    targets = shape.variants or (shape,)
    return [target.schema or "object" for target in targets]


def _enum_label(values: tuple[str, ...], shown: int) -> str:
    more = f" | … ({len(values)})" if len(values) > shown else ""
    return "enum: " + " | ".join(values[:shown]) + more
