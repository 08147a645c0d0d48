"""Reads pasted JSON: an object of Stripe is retrieved, a list of its objects too, fixtures become their calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_shell.convert.foreign import ForeignCall, NotConverted
from stripe_shell.convert.ids import path_of_id
from stripe_shell.spec.table import Table
from stripe_shell.wire import parse_json

_MOST = 8


def calls_of_json(text: str, table: Table) -> Iterator[ForeignCall]:
    """Yields the calls that retrieve the objects; of an event its object. Raises NotConverted for other JSON."""
    try:
        data = parse_json(text)
    except ValueError as error:
        raise NotConverted(f"not JSON: {error}") from None
    found = list(_objects(data, table))
    if not found:
        created = _creation(data, table)
        if created is None:
            raise NotConverted(
                "JSON without the id of an object; write e.g. `create customer` and its members below it"
            )
        found = [created]
    yield from found[:_MOST]


def _objects(data: Any, table: Table) -> Iterator[ForeignCall]:
    if isinstance(data, list):
        for row in data:
            yield from _objects(row, table)
    elif isinstance(data, dict):
        if data.get("object") == "event" and isinstance(data.get("data"), dict):
            data = data["data"].get("object") or {}
        path = path_of_id(str(data.get("id") or ""), table)
        if path is not None:
            yield ForeignCall("GET", path)
        elif isinstance(data.get("data"), list):
            yield from _objects(data["data"], table)


def _creation(data: Any, table: Table) -> ForeignCall | None:
    """An object without an id is one to create."""
    kind = data.get("object") if isinstance(data, dict) else None
    operation = table.operation("create", kind) if isinstance(kind, str) else None
    if operation is None or operation.path_params:
        return None
    params = {name: value for name, value in data.items() if name in operation.params.fields and value is not None}
    left = sorted(set(data) - set(params) - {"object"})
    notes = (f"left out, as `{operation.name}` does not take it: {', '.join(left)}",) if left else ()
    return ForeignCall(operation.method, operation.path, params, notes=notes)
