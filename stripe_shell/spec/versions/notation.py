"""Reads the types of the version data (`expandable ref:charge|null`, `array<enum(a|b)>?`) into Shapes."""

from __future__ import annotations

from typing import Any, cast

from stripe_shell.spec.model import Field, Shape, ShapeKind
from stripe_shell.spec.table import Table

_ANY = Shape("any")
_SIMPLE = ("string", "integer", "number", "boolean", "decimal")


def read_field(table: Table, name: str, text: str) -> Field:
    """Returns the field for a type; `?` says that it may be absent. `table` knows the schemas of objects.

    Sources that tell null and absent apart write `string?|null`; the others write `string|null` for both.
    """
    shape = read_shape(table, text)
    return Field(name, shape, required=not shape.nullable and "?" not in _without_inner(text))


def read_shape(table: Table, text: str) -> Shape:
    """Returns the shape of a type without its `?`; one whose details are not told accepts anything."""
    text, marks = _marks(text)
    if text.startswith("expandable ref:"):
        return _reference(table, text.removeprefix("expandable ref:"), expandable=True, **marks)
    if text.startswith("ref:"):
        return _reference(table, text.removeprefix("ref:"), **marks)
    if text.startswith("list:"):
        return _list_of(table, text.removeprefix("list:"), **marks)
    if text.startswith("array<"):
        return Shape("array", items=read_shape(table, text[6:-1]), **marks)
    if text.startswith("map<"):
        return Shape("map", items=read_shape(table, text[4:-1]), **marks)
    if text.startswith("enum(") and not text.endswith(")"):
        literals, _, other = text.partition(")|")
        return Shape("union", variants=(read_shape(table, f"{literals})"), read_shape(table, other)), **marks)
    if text.startswith("enum("):
        values = text[5:-1].split("|")
        return Shape("string", enum=() if any(value.startswith("…") for value in values) else tuple(values), **marks)
    if text in _SIMPLE:
        return Shape(cast(ShapeKind, text), **marks)
    return Shape("any", **marks)


def _marks(text: str) -> tuple[str, dict[str, Any]]:
    """Returns the type without its endings `?`, `|null` and `|''`, and what the last two say."""
    marks: dict[str, Any] = {}
    while True:
        text = text.removesuffix("?")
        if text.endswith("|null"):
            text, marks["nullable"] = text.removesuffix("|null"), True
        elif text.endswith("|''"):
            text, marks["clearable"] = text.removesuffix("|''"), True
        else:
            return text, marks


def _without_inner(text: str) -> str:
    """Returns a type without what stands between its brackets."""
    head, bracket, _ = text.partition("<")
    return head + text.rpartition(">")[2] if bracket else text


def _reference(table: Table, objects: str, **marks: Any) -> Shape:
    """Returns the shape for the object of a name, or of one of several (`bank_account|card`)."""
    schemas = [schema for name in objects.split("|") if (schema := table.schema_of_object(name)) is not None]
    if not schemas:
        return Shape("any", **{name: value for name, value in marks.items() if name != "expandable"})
    if len(schemas) == 1:
        return Shape("reference", schema=schemas[0], **marks)
    return Shape("union", variants=tuple(Shape("reference", schema=schema) for schema in schemas), **marks)


def _list_of(table: Table, objects: str, **marks: Any) -> Shape:
    shapes = {
        "data": Shape("array", items=_reference(table, objects)),
        "has_more": Shape("boolean"),
        "object": Shape("string", enum=("list",)),
        "url": Shape("string"),
    }
    fields = {name: Field(name, shape, required=True) for name, shape in shapes.items()}
    return Shape("object", fields=fields, form="list", **marks)
