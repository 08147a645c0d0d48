"""Whether an answer has the shape that the description promises: for tests of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_shell.sandbox.expand import solid
from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import Table

PYTHON = {"string": str, "integer": int, "boolean": bool, "decimal": str, "time": int, "number": (int, float)}


def departures(table: Table, shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Every place at which a value is not what the shape promises: a required member missing, a wrong type."""
    if value is None:
        if not shape.nullable and not any(inner.nullable for inner in solid(table, shape)):
            yield f"{path}: null"
        return
    if shape.expandable and isinstance(value, str):
        return
    if shape.kind == "array":
        if not isinstance(value, list):
            yield f"{path}: not a list but {value!r}"
            return
        for index, item in enumerate(value):
            yield from departures(table, shape.items or Shape("any"), item, f"{path}[{index}]")
        return
    variants = [list(_solid_departures(table, inner, value, path)) for inner in solid(table, shape)]
    yield from min(variants, key=len, default=[])


def _solid_departures(table: Table, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.kind == "object" and isinstance(value, dict):
        for name, field in shape.fields.items():
            if name in value:
                yield from departures(table, field.shape, value[name], f"{path}.{name}")
            elif field.required:
                yield f"{path}.{name}: missing"
    elif shape.kind == "map" and isinstance(value, dict):
        for key, inner in value.items():
            yield from departures(table, shape.items or Shape("any"), inner, f"{path}.{key}")
    elif shape.kind in PYTHON:
        if not isinstance(value, PYTHON[shape.kind]) or (isinstance(value, bool) and shape.kind != "boolean"):
            yield f"{path}: not a {shape.kind} but {value!r}"
        elif shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is not allowed"
    elif shape.kind != "any":
        yield f"{path}: not a {shape.kind} but {value!r}"
