"""Resolves shapes of the table to the kinds of object that they stand for."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import Table


def concrete_shapes(table: Table, shape: Shape) -> Iterator[Shape]:
    """Yields the shapes that a reference, a union or an array of them resolves to."""
    if shape.kind == "array" and shape.items is not None:
        yield from concrete_shapes(table, shape.items)
    elif shape.kind == "union":
        for variant in shape.variants:
            yield from concrete_shapes(table, variant)
    elif shape.kind == "reference" and shape.schema is not None:
        yield from concrete_shapes(table, table.schema(shape.schema))
    else:
        yield shape


def expandable_kinds(table: Table, shape: Shape) -> list[str]:
    """Returns the kinds of object that a shape can hold, or that an expandable member can name."""
    found = []
    for inner in concrete_shapes(table, shape):
        kind = inner.fields.get("object")
        if kind is not None and kind.shape.enum and "deleted" not in inner.fields:
            found.append(kind.shape.enum[0])
    return found
