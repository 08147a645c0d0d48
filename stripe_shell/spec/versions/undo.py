"""Takes changes of versions back from a shape: what was removed is there again, and marks are what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stripe_shell.records import replace
from stripe_shell.spec.model import Field, Shape
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.notation import read_field, read_shape

Json = dict[str, Any]
Edit = Callable[[Field | None], Field | None]


def undo(table: Table, shape: Shape, change: Mapping[str, Any], *, request: bool) -> Shape:
    """Returns an object's or a request's shape as it was before a change.

    `change` has `added`, `removed` and `changed` by dotted path, as `changes.read_steps` returns them. What was added
    stays, as Stripe adds without regard to versions, and is no longer required. `table` resolves references.
    """
    for path in change.get("added", ()):
        shape = _edit(table, shape, _segments(path), _optional)
    for path, text in change.get("removed", {}).items():
        shape = _edit(table, shape, _segments(path), _restored(table, path, text))
    for path, marks in change.get("changed", {}).items():
        shape = _edit(table, shape, _segments(path), _remarked(table, marks, request=request))
    return shape


def _segments(path: str) -> list[str]:
    """Splits `a.b[].c{}` into `a`, `b`, `[]`, `c`, `{}`."""
    found = []
    for word in path.split("."):
        name = word.rstrip("[]{}")
        rest = word[len(name) :]
        found += [name] if name else []
        found += [rest[index : index + 2] for index in range(0, len(rest), 2)]
    return found


def _optional(field: Field | None) -> Field | None:
    return replace(field, required=False) if field is not None else None


def _restored(table: Table, path: str, text: str) -> Edit:
    name = _segments(path)[-1]
    return lambda field: field or read_field(table, name, text)


def _remarked(table: Table, marks: Json, *, request: bool) -> Edit:
    """Returns the edit that sets the old values of marks; values that an enum lost are there again."""

    def edit(field: Field | None) -> Field | None:
        if field is None:
            return None
        shape = field.shape
        if "type" in marks and "enum" not in marks["type"][0]:
            kept = {name: getattr(shape, name) for name in ("clearable", "expandable", "nullable")}
            shape = replace(read_shape(table, marks["type"][0]), **kept)
        if "expandable" in marks:
            shape = replace(shape, expandable=marks["expandable"][0])
        if "enum_removed" in marks:
            shape = _with_values(shape, tuple(marks["enum_removed"]))
        if marks.get("clearable", (False,))[0]:
            shape = replace(shape, clearable=True)
        if marks.get("nullable", (False,))[0]:
            shape = replace(shape, nullable=True)
        required = field.required and not marks.get("nullable", (False,))[0]
        required = marks["required"][0] if request and "required" in marks else required
        return replace(field, shape=shape, required=required)

    return edit


def _with_values(shape: Shape, values: tuple[str, ...]) -> Shape:
    """Returns the shape with more values in its enum, or in that of its items, as paths leave out a last `[]`."""
    if shape.enum:
        return replace(shape, enum=(*shape.enum, *(value for value in values if value not in shape.enum)))
    if shape.kind == "array" and shape.items is not None:
        return replace(shape, items=_with_values(shape.items, values))
    return shape


def _edit(table: Table, shape: Shape, segments: list[str], edit: Edit) -> Shape:
    """Returns the shape with the field at a path edited; the shape itself where the path leads nowhere."""
    shape = _inlined(table, shape)
    if shape.kind == "union":
        return replace(shape, variants=tuple(_edit(table, variant, segments, edit) for variant in shape.variants))
    head, rest = segments[0], segments[1:]
    if head in ("[]", "{}"):
        if shape.items is None:
            return shape
        items = _edit(table, shape.items, rest, edit) if rest else _edited(Field("", shape.items), edit).shape
        return replace(shape, items=items)
    if shape.kind not in ("any", "object"):
        return shape
    found = shape.fields.get(head)
    if rest:
        field = replace(found, shape=_edit(table, found.shape, rest, edit)) if found is not None else None
    else:
        field = edit(found)
    return shape if field is None else replace(shape, kind="object", fields={**shape.fields, head: field})


def _edited(field: Field, edit: Edit) -> Field:
    return edit(field) or field


def _inlined(table: Table, shape: Shape) -> Shape:
    """Returns what a reference to a part of an object stands for; a reference to an object of its own stays."""
    if shape.kind != "reference" or shape.expandable or shape.schema is None:
        return shape
    inner = table.schema(shape.schema)
    kind = inner.fields.get("object")
    if inner.kind != "object" or (kind is not None and kind.shape.enum):
        return shape
    return replace(inner, nullable=shape.nullable)
