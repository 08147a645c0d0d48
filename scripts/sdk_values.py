"""Tries every parameter that the typed classes of an SDK name, each with each of its values, against a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sdk_types import PythonSdk

from stripe_shell.spec.table import Table
from stripe_shell.spec.validate import Problem, validate

SAMPLES: dict[str, Any] = {
    "string": "x",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "decimal": "1.5",
    "time": 1_700_000_000,
    "any": "x",
    "map": {},
}
FORMS = {":currency": "usd", ":date-time": "2026-01-01T00:00:00Z", ":int64": "1"}
#: The SDK merges alternatives of these whose members need each other: one member alone is incomplete.
MERGED = {
    ("POST /v1/payment_methods", "card"),
    ("POST /v1/payment_intents/{intent}/confirm", "mandate_data"),
    ("POST /v1/setup_intents/{intent}/confirm", "mandate_data"),
}


class Walk:
    """The parameters of an SDK's operations by route and path, and what a table says against them."""

    def __init__(self, sdk: PythonSdk, table: Table) -> None:
        self.operations = sdk.operations()
        self.unknown: list[str] = []
        self.refused: dict[tuple[str, str], Problem] = {}
        paths: set[tuple[str, str]] = set()
        for route, operation in self.operations.items():
            found = table.match(operation.method.upper(), operation.path)
            if found is None:
                self.unknown.append(route)
                continue
            for path, tree in values(operation.params):
                paths.add((route, path.rstrip("[]{}")))
                if (route, path.partition(".")[0]) in MERGED:
                    continue
                if problems := validate(tree, found[0].params):
                    self.refused[route, path] = problems[0]
        self.parameters = {(route, path) for route, path in paths if path}

    def __str__(self) -> str:
        return (
            f"{len(self.parameters)} parameters of {len(self.operations)} operations in the table, "
            f"{len(self.refused)} refused"
        )


def sample(shape: Any) -> Any:
    """A value that the shape takes."""
    return next(values(shape))[1]


def values(shape: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every parameter within a shape by its path, with a tree that has it and what else is required beside it."""
    if isinstance(shape, str):
        kind, *words = shape.split()
        yield path, next((FORMS[word] for word in words if word in FORMS), SAMPLES[kind])
    elif "fields" in shape:
        required = {name: sample(shape["fields"][name]) for name in shape.get("required", ())}
        yield path, required
        for name, inner in shape["fields"].items():
            for below, value in values(inner, f"{path}.{name}".lstrip(".")):
                yield below, {**required, name: value}
    elif "array" in shape:
        yield from ((below, [value]) for below, value in values(shape["array"], path + "[]"))
    elif "map" in shape:
        yield from ((below, {"key": value}) for below, value in values(shape["map"], path + "{}"))
    elif "union" in shape:
        for variant in shape["union"]:
            yield from values(variant, path)
    else:
        yield from ((path, value) for value in shape["enum"])
