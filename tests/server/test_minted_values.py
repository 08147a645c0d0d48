"""No answer has a value that was minted from the schema alone: sentinel numbers, empty texts and ids, unknown nulls."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.objects.kinds import concrete_shapes
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table, load_table
from stripe_shell.wire import Request

from .scripts import load_script

FUZZ: Any = load_script("fuzz")
TABLE = load_table()

#: Texts of API v2 that the caller writes, and that are empty where nothing was written.
WRITTEN = {"v2.core.event_destination.description", "v2.money_management.inbound_transfer.description"}


def minted(table: Table, shape: Shape, value: Any, place: str) -> Iterator[str]:
    """The places of an answer whose value no object of Stripe's has."""
    if isinstance(value, int) and not isinstance(value, bool) and value < -(2**60):
        yield f"{place}: {value}"
    elif value == "" or (isinstance(value, str) and value.startswith("1000-01-01")):
        yield f"{place}: {value!r}"
    elif value is None and not shape.nullable:
        if not any(inner.nullable or inner.kind == "any" for inner in concrete_shapes(table, shape)):
            yield f"{place}: null"
    elif isinstance(value, list) and shape.items is not None:
        for item in value:
            yield from minted(table, shape.items, item, f"{place}[]")
    elif isinstance(value, dict):
        yield from minted_members(table, shape, value, place)


def minted_members(table: Table, shape: Shape, value: dict[str, Any], place: str) -> Iterator[str]:
    kind = value.get("object")
    shapes = [inner for inner in concrete_shapes(table, shape) if inner.kind == "object"]
    named = [inner for inner in shapes if "object" in inner.fields and kind in inner.fields["object"].shape.enum]
    if not shapes:
        return
    if isinstance(kind, str) and kind not in ("list", "search_result"):
        place = kind
    for name, field in (named or shapes)[0].fields.items():
        empty_by_choice = not field.required and value.get(name) == ""
        if name in value and name != "metadata" and not empty_by_choice and f"{place}.{name}" not in WRITTEN:
            yield from minted(table, field.shape, value[name], f"{place}.{name}")


class Caller:
    """Calls every operation of a sandbox, and keeps what was minted in the answers."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(Store.open(), TABLE, FixedClock(FUZZ.NOW), RandomIds(1))
        self.fuzzer = FUZZ.Fuzzer(TABLE, random.Random(1))
        self.answered: Counter[str] = Counter()
        self.found: dict[str, str] = {}

    def send(self, request: Request) -> None:
        response = self.sandbox.send(request)
        match = TABLE.match(request.method, request.path)
        if response.status != 200 or match is None or not response.body.startswith(b"{"):
            return
        body = response.json()
        self.fuzzer.learn(body)
        self.answered[match[0].id] += 1
        sent = f"{request.method} {request.path} {request.body.decode()[:100]}"
        for place in minted(TABLE, match[0].response, body, ""):
            self.found.setdefault(place, sent)

    def minimal(self, operation: Operation) -> Request:
        path = operation.path
        for name in operation.path_params:
            path = path.replace(f"{{{name}}}", self.fuzzer.some_id(operation.path_words.get(name, name)))
        made: Request = self.fuzzer.encoded(operation, path, self.fuzzer.bare(operation.params))
        return made


def is_empty(request: Request) -> bool:
    """Whether a request asks for an empty text itself."""
    text = f"{request.body.decode()}&{request.query}&"
    return "=&" in text or '""' in text


def test_no_answer_has_a_minted_value() -> None:
    """Every operation with the fewest parameters, and with every parameter in its turn."""
    caller = Caller()
    operations = sorted(
        caller.fuzzer.operations(), key=lambda operation: (operation.method != "POST", len(operation.path_params))
    )
    for _ in range(2):
        for request in caller.fuzzer.shop():
            caller.send(request)
        for operation in operations:
            caller.send(caller.minimal(operation))
    for request in caller.fuzzer.shop():
        caller.send(request)
    for operation in operations:
        for request in caller.fuzzer.sweep(operation) if operation.method != "DELETE" else ():
            if not is_empty(request):
                caller.send(request)
    caller.sandbox.store.close()
    print(f"{sum(caller.answered.values())} answers of {len(caller.answered)} operations")
    assert caller.found == {}
    assert len(caller.answered) > 450


def test_such_values_are_found() -> None:
    shape = TABLE.schema("account_link")
    good = {"object": "account_link", "created": 1, "expires_at": 2, "url": "https://a.b"}
    assert list(minted(TABLE, shape, good, "")) == []
    assert list(minted(TABLE, shape, good | {"url": ""}, "")) == ["account_link.url: ''"]
    assert list(minted(TABLE, shape, good | {"created": -(2**62)}, "")) == [f"account_link.created: {-(2**62)}"]
    assert list(minted(TABLE, shape, good | {"url": None}, "")) == ["account_link.url: null"]
