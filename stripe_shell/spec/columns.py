"""The columns of a list as a flat file: names, paths and types, read off the description of its objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from stripe_shell.records import record

from .model import Shape
from .shapes import ParamPath, response_field

if TYPE_CHECKING:
    from .table import Table

#: `time` is a number of epoch seconds; `json` is anything that one cell holds as JSON text.
ColumnType = Literal["string", "integer", "number", "boolean", "time", "json"]

#: An object with more members than this is one column, or a charge would have hundreds.
MOST_MEMBERS = 16

_TYPES: dict[str, ColumnType] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "string": "string",
    "decimal": "string",
    "time": "time",
}


@record
class Column:
    """A column: its name, which is the path of the member with dots between its parts, and its type."""

    name: str
    type: ColumnType


def columns_of(table: Table, row: Shape) -> tuple[Column, ...]:
    """Returns a column for each member of the objects of a list, in the order of the description.

    The members of an object inside have columns of their own, `address.city`, unless they are many; lists, maps and
    whatever may be one of several objects are one column of JSON.
    """
    shape = _resolved(table, row)
    return tuple(_flat(table, shape, "")) if shape is not None else ()


def columns_at(table: Table, row: Shape | None, fields: Sequence[str]) -> tuple[Column, ...]:
    """Returns the columns of chosen members; a path that the description does not have is a column of JSON."""
    return tuple(Column(name, _type_at(table, row, name)) for name in fields)


def _flat(table: Table, shape: Shape, prefix: str) -> Iterator[Column]:
    for name, member in shape.fields.items():
        inner = None if member.shape.expandable else _resolved(table, member.shape)
        columns = list(_flat(table, inner, f"{prefix}{name}.")) if inner is not None and not prefix else []
        if 0 < len(columns) <= MOST_MEMBERS:
            yield from columns
        else:
            yield Column(f"{prefix}{name}", _type_of(member.shape))


def _resolved(table: Table, shape: Shape) -> Shape | None:
    """Returns the shape of one kind of object, references followed; None for anything else."""
    while shape.kind == "reference" and shape.schema is not None:
        shape = table.schema(shape.schema)
    return shape if shape.kind == "object" and shape.fields and not shape.is_list else None


def _type_at(table: Table, row: Shape | None, name: str) -> ColumnType:
    path: ParamPath = tuple(name.replace("[", ".").replace("]", "").split("."))
    shape = response_field(table, row, path) if row is not None else None
    return "json" if shape is None else _type_of(shape)


def _type_of(shape: Shape) -> ColumnType:
    return "string" if shape.expandable else _TYPES.get(shape.kind, "json")
