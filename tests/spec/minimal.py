"""The smallest valid call of any operation, for tests that want to try all of them."""

from __future__ import annotations

from typing import Any

from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.validate import required_names

TEXTS = {"currency": "usd", "date-time": "2026-01-01T00:00:00Z", "int64": "1"}
SCALARS: dict[str, Any] = {
    "integer": 1,
    "number": 1,
    "boolean": True,
    "decimal": "1.5",
    "time": 1_700_000_000,
    "file": b"content",
}


def minimal_call(operation: Operation, document: bool = True) -> tuple[dict[str, str], dict[str, Any]]:
    """Values for the path and the fewest parameters that the call may have.

    `document` adds those that the source document requires. Ids are made up (`customer_1`).
    """
    path_params = {name: f"{operation.path_words[name]}_1" for name in operation.path_params}
    params: dict[str, Any] = {}
    for name in required_names(operation, document):
        head, *rest = name.split(".")
        params[head] = _member(head, operation.params.fields[head].shape, rest)
    return path_params, params


def minimal_value(shape: Shape, within: list[str] | None = None) -> Any:
    """A small valid value; `within` is the path of a member that it must have."""
    head, *rest = within or [""]
    if shape.kind == "union":
        return minimal_value(shape.variants[0], within)
    if shape.kind == "array" and shape.items:
        return [minimal_value(shape.items, rest)]
    if shape.kind == "map" and shape.items:
        return {"key": minimal_value(shape.items, rest)}
    if shape.kind == "object":
        names = [name for name, field in shape.fields.items() if field.required or name == head]
        names = names or list(shape.fields)[:1]  # an object without members cannot be written in a form
        return {name: _member(name, shape.fields[name].shape, rest if name == head else None) for name in names}
    if shape.enum:
        return shape.enum[0]
    return SCALARS.get(shape.kind) or TEXTS.get(shape.form or "", "x")


def _member(name: str, shape: Shape, within: list[str] | None) -> Any:
    """A small valid value of a named member: what is called a currency is one, whatever its form says."""
    value = minimal_value(shape, within)
    return "usd" if value == "x" and name == "currency" else value
