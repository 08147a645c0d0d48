"""Lists the parameters of an operation as rows, for `stripe-shell spec`, the completer and generated documentation."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.records import record

from .model import Field, Operation, Shape
from .names import documented_name
from .shapes import type_label


@record
class ParameterRow:
    """One parameter: its path in the language (`items[].price`), its type, and whether it is required.

    `required` is Stripe's rule, `documented` that of the source document; a nested parameter is required if its parent
    is given. `place` is where it is sent.
    """

    path: str
    type: str
    required: bool
    place: str
    depth: int = 0
    clearable: bool = False
    deprecated: bool = False
    documented: bool = False


def describe(operation: Operation, depth: int = 8) -> list[ParameterRow]:
    """Returns every parameter of an operation: path parameters, required ones, then the others; nested below their
    parent.

    `depth` is the maximum nesting; 0 omits nested parameters.
    """
    paths = [ParameterRow(documented_name(operation, name), "id", True, "path") for name in operation.path_params]
    place = "body" if operation.method == "POST" else "query"
    documented = frozenset(name.replace(".0.", "[].") for name in operation.required_by_document)
    return paths + list(_rows(operation.params, "", place, range(depth + 1), documented))


def _rows(shape: Shape, prefix: str, place: str, levels: range, documented: frozenset[str]) -> Iterator[ParameterRow]:
    """Yields the rows of an object's fields and nested fields; `levels` are the nesting levels from this one on."""
    fields = sorted(shape.fields.values(), key=lambda field: (not _is_shown(field, prefix, documented), field.name))
    for field in fields:
        path = prefix + field.name
        yield ParameterRow(
            path,
            type_label(field.shape),
            field.required,
            place,
            levels.start,
            field.shape.clearable,
            field.deprecated,
            path in documented,
        )
        for inner, mark in _objects(field.shape) if levels[1:] else ():
            yield from _rows(inner, f"{path}{mark}.", place, levels[1:], documented)


def _is_shown(field: Field, prefix: str, documented: frozenset[str]) -> bool:
    return field.required or prefix + field.name in documented


def _objects(shape: Shape, mark: str = "") -> Iterator[tuple[Shape, str]]:
    """Yields the objects below a parameter, each with the path segment that leads to it (`[]`, `.<key>`)."""
    if shape.kind == "object":
        yield shape, mark
    elif shape.kind == "array" and shape.items is not None:
        yield from _objects(shape.items, f"{mark}[]")
    elif shape.kind == "map" and shape.items is not None:
        yield from _objects(shape.items, f"{mark}.<key>")
    for variant in shape.variants:
        yield from _objects(variant, mark)
