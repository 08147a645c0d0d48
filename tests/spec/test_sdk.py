"""Every parameter that the typed request classes of the official SDK name, against the table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from stripe_shell.spec.table import load_table
from stripe_shell.spec.validate import validate
from tests.spec.compiler import compiler, script

TABLE = load_table()
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
CARD = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030, "cvc": "123"}
ONLINE = {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "x"}}
#: The SDK merges alternatives of these whose members need each other: one member alone is incomplete.
MERGED = {
    ("POST /v1/payment_methods", "card"),
    ("POST /v1/payment_intents/{intent}/confirm", "mandate_data"),
    ("POST /v1/setup_intents/{intent}/confirm", "mandate_data"),
}


@cache
def operations() -> dict[str, Any]:
    """The operations of the installed SDK, read from its types."""
    found: dict[str, Any] = script("sdk_types").PythonSdk(compiler().package_folder("stripe")).operations()
    return found


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


def test_the_table_knows_every_parameter_of_the_sdk(capsys: pytest.CaptureFixture[str]) -> None:
    """Each one with each of its allowed values."""
    paths: set[tuple[str, str]] = set()
    refused: dict[tuple[str, str], Any] = {}
    for route, operation in operations().items():
        found = TABLE.match(operation.method.upper(), operation.path)
        assert found is not None, route
        for path, tree in values(operation.params):
            paths.add((route, path.rstrip("[]{}")))
            if (route, path.partition(".")[0]) in MERGED:
                continue
            if problems := validate(tree, found[0].params):
                refused[route, path] = problems[0]
    paths = {(route, path) for route, path in paths if path}
    with capsys.disabled():
        print(f"\n{len(paths)} parameters of {len(operations())} operations in the table, {len(refused)} refused")
    assert refused == {}
    assert len(paths) >= 13_000


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("create payment_method", {"card": CARD | {"networks": {"preferred": "visa"}}}),
        ("create payment_method", {"card": {"token": "tok_visa"}}),
        ("confirm payment_intent", {"mandate_data": {"customer_acceptance": ONLINE}}),
        ("confirm setup_intent", {"mandate_data": {"customer_acceptance": ONLINE}}),
    ],
)
def test_what_the_sdk_merges_is_known_whole(name: str, params: dict[str, Any]) -> None:
    operation = TABLE.operation(*name.split())
    assert operation is not None
    assert validate(params, operation.params) == []
