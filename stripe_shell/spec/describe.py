"""What a call takes, as rows: for `stripe-shell spec`, the completer and generated documentation."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.records import record

from .model import Field, Operation, Shape
from .names import documented_name
from .shapes import type_label


@record
class Row:
    """One parameter: its path as the language writes it (`items[].price`), what may stand there, and whether it must.

    `required` is Stripe's word, `documented` says that the source document requires it too; a nested parameter is
    required once what it is in is given. `place` is where it travels.
    """

    path: str
    type: str
    required: bool
    place: str
    depth: int = 0
    clearable: bool = False
    deprecated: bool = False
    documented: bool = False


def describe(operation: Operation, depth: int = 8) -> list[Row]:
    """Every parameter of a call: the path's first, then required ones, then the others, nested ones below their parent.

    `depth` 0 leaves nested ones out.
    """
    paths = [Row(documented_name(operation, name), "id", True, "path") for name in operation.path_params]
    place = "body" if operation.method == "POST" else "query"
    documented = frozenset(name.replace(".0.", "[].") for name in operation.required_by_document)
    return paths + list(_rows(operation.params, "", place, range(depth + 1), documented))


def _rows(shape: Shape, prefix: str, place: str, levels: range, documented: frozenset[str]) -> Iterator[Row]:
    """The rows of an object's members and of what is in them; `levels` are this level and those that may follow."""
    fields = sorted(shape.fields.values(), key=lambda field: (not _wanted(field, prefix, documented), field.name))
    for field in fields:
        path = prefix + field.name
        yield Row(
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


def _wanted(field: Field, prefix: str, documented: frozenset[str]) -> bool:
    return field.required or prefix + field.name in documented


def _objects(shape: Shape, mark: str = "") -> Iterator[tuple[Shape, str]]:
    """The objects whose fields can be written below a parameter, and what stands between."""
    if shape.kind == "object":
        yield shape, mark
    elif shape.kind == "array" and shape.items is not None:
        yield from _objects(shape.items, f"{mark}[]")
    elif shape.kind == "map" and shape.items is not None:
        yield from _objects(shape.items, f"{mark}.<key>")
    for variant in shape.variants:
        yield from _objects(variant, mark)
