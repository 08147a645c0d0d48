"""Walking along shapes: what lies at a path of a request or of a response, and a short name for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .model import Shape

if TYPE_CHECKING:
    from .table import Table

Path = tuple[str, ...]

ANYTHING = Shape("any")
_SHOWN_VALUES = 6


def shape_at(shape: Shape, path: Path) -> Shape | None:
    """The shape at `path` below a request's shape, None where there is none.

    Segments are field names, map keys and array indices (`0`, `[]` or `*`). In a union, a variant that has the path
    is meant. The shape of the empty path is `shape` itself.
    """
    while path and shape.kind == "object":  # the commonest steps by far have one way to go
        if path[0] not in shape.fields:
            return None
        shape, path = shape.fields[path[0]].shape, path[1:]
    if not path:
        return shape
    inner = (shape_at(member, path[1:]) for member in members(shape, path[0]))
    return next((found for found in inner if found is not None), None)


def members(shape: Shape, segment: str) -> Iterator[Shape]:
    """What one step along `segment` may reach: one shape, several where variants of a union have it, or none."""
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


def response_field(table: Table, shape: Shape, path: Path) -> Shape | None:
    """The shape at `path` of a response, None when no response of this shape can have it.

    Follows references to other schemas as far as the path needs them, and ids that `expand` turns into objects. A
    value that may be one of several objects has what any of them has; free-form values have everything.
    """
    if not path:
        return shape
    for inner in _response_members(table, shape, path[0]):
        found = response_field(table, inner, path[1:])
        if found is not None:
            return found
    return None


def response_names(table: Table, shape: Shape) -> tuple[str, ...]:
    """The names that one step below a response shape can have, sorted: for completion and "did you mean"."""
    names: set[str] = set()
    for solid in _solid(table, shape):
        names.update(solid.fields)
    return tuple(sorted(names))


def _response_members(table: Table, shape: Shape, segment: str) -> Iterator[Shape]:
    for solid in _solid(table, shape):
        yield from members(solid, segment)


def _solid(table: Table, shape: Shape) -> Iterator[Shape]:
    """The shapes that a reference or a union stands for."""
    if shape.kind == "reference" and shape.schema is not None:
        yield from _solid(table, table.schema(shape.schema))
    elif shape.kind == "union":
        for variant in shape.variants:
            yield from _solid(table, variant)
    else:
        yield shape


def _is_index(segment: str) -> bool:
    return segment in ("*", "[]", "") or (segment.removeprefix("-").isdecimal() and segment.isascii())


def dotted(path: Path) -> str:
    """A path as the language writes it: `items[0].price`, `metadata."order.id"`."""
    text = ""
    for segment in path:
        if segment.isdecimal() or segment in ("[]", "*"):
            text += "[]" if segment == "[]" else f"[{segment}]"
        else:
            plain = segment.replace("_", "a").isalnum()
            text += ("." if text else "") + (segment if plain else f'"{segment}"')
    return text


def type_label(shape: Shape, shown: int = _SHOWN_VALUES) -> str:
    """What may stand there, in a few words: `string ≤ 512`, `enum: day | month`, `array of object`, `map of string`.

    Of a long list of allowed values the first `shown` are named.
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
