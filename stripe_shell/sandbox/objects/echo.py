"""Copies request parameters onto an object; the empty string clears a member."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.spec.model import Field, Shape
from stripe_shell.spec.table import Table

from .template import resolve, stamped, template

MAX_METADATA_KEYS = 50
MAX_METADATA_KEY = 40
MAX_METADATA_VALUE = 500

Json = dict[str, Any]


def is_clear(value: Any) -> bool:
    """Whether a parameter unsets its member: the empty string, or null in JSON."""
    return value is None or value == ""


def echo(table: Table, obj: Json, params: Mapping[str, Any], shape: Shape, skip: Collection[str] = ()) -> None:
    """Mutates `obj`: sets every parameter that its response shape has, except those in `skip`.

    Required times of embedded objects that no parameter gives are the object's `created`. Raises StripeError for the
    empty string where a member cannot be unset.
    """
    created = obj.get("created")
    _echo(table, obj, params, shape, skip, created=created if isinstance(created, int) else 0)


def _echo(
    table: Table, obj: Json, params: Mapping[str, Any], shape: Shape, skip: Collection[str], *, created: int
) -> None:
    for name, value in params.items():
        field = shape.fields.get(name)
        if name == "metadata":
            obj[name] = merge_metadata(obj.get(name) or {}, value)
        elif field is not None and name not in skip and name not in ("id", "object", "created"):
            _set_member(table, obj, name, value, field, created=created)


def merge_metadata(old: Mapping[str, str], new: Any) -> dict[str, str]:
    """Returns the metadata after an update: an empty value removes its key, empty metadata removes all keys.

    Raises StripeError above Stripe's limits: 50 keys of 40 characters without brackets, values of 500 characters.
    """
    if is_clear(new):
        return {}
    merged = dict(old)
    for key, value in new.items():
        if is_clear(value):
            merged.pop(key, None)
        else:
            _check_metadata(key, str(value))
            merged[key] = str(value)
    if len(merged) > MAX_METADATA_KEYS:
        raise errors.bad_value(
            "metadata", f"Metadata can have at most {MAX_METADATA_KEYS} keys; this would have {len(merged)}."
        )
    return merged


def _check_metadata(key: str, value: str) -> None:
    if "[" in key or "]" in key:
        raise errors.bad_value("metadata", f"Metadata keys may not contain square brackets: {key}")
    if len(key) > MAX_METADATA_KEY:
        raise errors.bad_value(
            f"metadata[{key}]", f"Metadata keys can have up to {MAX_METADATA_KEY} characters; this one has {len(key)}."
        )
    if len(value) > MAX_METADATA_VALUE:
        raise errors.bad_value(
            f"metadata[{key}]",
            f"Metadata values can have up to {MAX_METADATA_VALUE} characters, but you passed in a value that has "
            f"{len(value)}.",
        )


def _set_member(table: Table, obj: Json, name: str, value: Any, field: Field, *, created: int) -> None:
    shape = field.shape
    if is_clear(value):
        _clear(obj, name, field)
        return
    if shape.expandable:
        if isinstance(value, str):
            obj[name] = value
        return
    inner = resolve(table, shape)
    if inner.is_list:
        return
    if isinstance(value, Mapping):
        _set_members(table, obj, name, value, shape, created=created)
    elif isinstance(value, list):
        if inner.kind == "array":
            obj[name] = [_array_element(table, item, inner.items, created) for item in value]
    elif inner.kind == "time":
        obj[name] = value if isinstance(value, int) else obj.get(name)  # keeps the time for words like `now`
    elif inner.kind not in ("object", "map", "array"):
        obj[name] = _leaf(value, inner)


def _clear(obj: Json, name: str, field: Field) -> None:
    shape = field.shape
    if shape.nullable or shape.expandable:
        obj[name] = None
    elif shape.kind == "array":
        obj[name] = []
    elif shape.kind == "map":
        obj[name] = {}
    elif shape.kind == "string" and (field.required or obj.get(name)):
        raise errors.empty_parameter(name)
    elif shape.kind == "string":
        obj.pop(name, None)


def _set_members(table: Table, obj: Json, name: str, value: Mapping[str, Any], shape: Shape, *, created: int) -> None:
    inner = resolve(table, shape)
    if inner.kind == "map":
        obj[name] = {**(obj.get(name) or {}), **value}
    elif inner.kind == "object" and value:
        target = obj.get(name)
        if not isinstance(target, dict):
            target = obj[name] = _embedded(table, shape, created)
        _echo(table, target, value, inner, (), created=created)


def _array_element(table: Table, value: Any, shape: Shape | None, created: int) -> Any:
    if shape is None or shape.expandable:
        return value
    inner = resolve(table, shape)
    if not isinstance(value, Mapping):
        return _leaf(value, inner)
    if inner.kind != "object":
        return dict(value)
    element = _embedded(table, shape, created)
    _echo(table, element, value, inner, (), created=created)
    return element


def _embedded(table: Table, shape: Shape, created: int) -> Json:
    while shape.kind == "union":
        shape = shape.variants[0]
    if shape.kind == "reference" and shape.schema:
        value: Json = stamped(json.dumps(template(table, shape.schema)), created)
        return value
    return {name: None for name, field in shape.fields.items() if field.shape.nullable}


def _leaf(value: Any, shape: Shape) -> Any:
    """Returns a value in the type of the response: decimals and strings as text."""
    if shape.kind in ("string", "decimal") and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value
