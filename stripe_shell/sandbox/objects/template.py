"""Templates of new objects: every member of the response schema with null, an empty value or a default."""

from __future__ import annotations

import json
from typing import Any, Final

from stripe_shell.spec.model import Field, Shape
from stripe_shell.spec.table import Table

from .required_values import TEXTS

#: Placeholders for the creation time: epoch seconds, and the text of API v2.
NOW: Final = -4611686018427387904
NOW_TEXT: Final = "1000-01-01T00:00:00.000Z"

#: Initial values of required enums; the first one in the enum is used.
_BEGINNINGS: Final = (
    "active",
    "draft",
    "requires_payment_method",
    "open",
    "pending",
    "requires_input",
    "created",
    "ready",
    "enabled",
    "none",
    "unspecified",
    "per_unit",
)

#: Required booleans that are true on a new object.
_TRUE: Final = ("active", "valid")

_ABSENT: Final = object()
_DEEPEST: Final = 6

_PLAIN: Final[dict[str, Any]] = {
    "integer": 0,
    "number": 0,
    "decimal": "0",
    "time": NOW,
    "any": None,
    "map": {},
    "array": [],
}


def resolve(table: Table, shape: Shape) -> Shape:
    """Returns the shape that a reference, or the first variant of a union, resolves to."""
    while shape.kind in ("reference", "union"):
        if shape.kind == "union":
            shape = shape.variants[0]
        elif shape.schema is None:
            return shape
        else:
            shape = table.schema(shape.schema)
    return shape


def template(table: Table, schema: str) -> dict[str, Any]:
    """Returns a new object of a schema. Required times are the placeholder NOW, which `stamped` replaces."""
    return _texts_filled(schema, _object_template(table, resolve(table, table.schema(schema)), 0))


def stamped(text: str, now: int) -> Any:
    """Parses the JSON text of a template, with the placeholders replaced by `now` (epoch seconds)."""
    if str(NOW) in text:
        text = text.replace(str(NOW), str(now))
    if NOW_TEXT in text:
        text = text.replace(NOW_TEXT, iso_time(now))
    return json.loads(text)


def iso_time(seconds: int) -> str:
    """Formats epoch seconds as API v2 does (RFC 3339, UTC)."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def is_expand_only(table: Table, field: Field) -> bool:
    """Whether a member is returned only when expanded: lists of other objects, and optional maps."""
    if field.required or field.name == "metadata":
        return False
    shape = field.shape
    if shape.nullable or shape.expandable:
        return False
    return resolve(table, shape).is_list or shape.kind == "map"


def _object_template(table: Table, shape: Shape, depth: int) -> dict[str, Any]:
    kinds = _type_members(shape)
    fields = {name: field for name, field in shape.fields.items() if field.required or name not in kinds}
    values = {name: _member_template(table, field, depth) for name, field in fields.items()}
    return {name: value for name, value in values.items() if value is not _ABSENT}


def _texts_filled(schema: str, value: dict[str, Any]) -> dict[str, Any]:
    """Returns the template with the texts that the schema does not say (required_values.py)."""
    for path, text in TEXTS.get(schema, {}).items():
        *parents, name = path.split(".")
        owner: Any = value
        for parent in parents:
            owner = owner.get(parent) if isinstance(owner, dict) else None
        if isinstance(owner, dict) and owner.get(name) == "":
            owner[name] = text
    return value


def _type_members(shape: Shape) -> tuple[str, ...]:
    """Returns the members that only objects of one `type` have, such as a payment method's `sepa_debit`."""
    kind = shape.fields.get("type")
    return kind.shape.enum if kind else ()


def _member_template(table: Table, field: Field, depth: int) -> Any:
    shape = field.shape
    if field.name == "metadata":
        return {}
    if shape.nullable:
        return None
    if not field.required and _may_be_left_out(table, field, depth):
        return _ABSENT
    return _value_template(table, field.name, shape, depth)


def _may_be_left_out(table: Table, field: Field, depth: int) -> bool:
    """Whether a new object omits an optional non-nullable member: all but integers, booleans and settings."""
    shape = field.shape
    if shape.kind in ("boolean", "integer"):
        return False
    if shape.expandable or shape.kind not in ("object", "reference"):
        return True
    return depth >= 2 or is_expand_only(table, field) or not _is_settings(table, shape)


def _is_settings(table: Table, shape: Shape) -> bool:
    """Whether every member of an embedded object can be empty, as those of settings can."""
    fields = resolve(table, shape).fields.values()
    return bool(fields) and all(field.shape.nullable or not field.required for field in fields)


def _value_template(table: Table, name: str, shape: Shape, depth: int) -> Any:
    if shape.expandable:
        return ""
    if shape.kind in ("reference", "union"):
        inner = resolve(table, shape)
        if inner.nullable:
            return None
        value = _value_template(table, name, inner, depth)
        return _texts_filled(shape.schema, value) if shape.schema and isinstance(value, dict) else value
    if shape.is_list:
        return {"object": "list", "data": [], "has_more": False, "url": shape.fields["url"].shape.pattern or ""}
    if shape.kind == "object":
        return _object_template(table, shape, depth + 1) if depth < _DEEPEST else {}
    if shape.kind == "string":
        return _text_template(name, shape)
    if shape.kind == "boolean":
        return name in _TRUE
    plain = _PLAIN.get(shape.kind)
    return type(plain)() if isinstance(plain, list | dict) else plain


def _text_template(name: str, shape: Shape) -> str:
    if shape.enum:
        return next((value for value in _BEGINNINGS if value in shape.enum), shape.enum[0])
    if shape.form == "currency" or name == "currency":
        return "usd"
    if shape.form == "date-time":
        return NOW_TEXT
    return "US" if name == "country" else ""
