"""Whether an answer has the shape that the description promises: for tests of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from weakref import WeakSet

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.objects.kinds import concrete_shapes
from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.known import read_version
from stripe_shell.spec.versions.table import table_at
from stripe_shell.wire import Request, Response

Json = dict[str, Any]

PYTHON = {"string": str, "integer": int, "boolean": bool, "decimal": str, "time": int, "number": (int, float)}


def departures(table: Table, shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Every place at which a value is not what the shape promises: a required member missing, a wrong type."""
    if value is None:
        if not shape.nullable and not any(
            inner.nullable or inner.kind == "any" for inner in concrete_shapes(table, shape)
        ):
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
    variants = [list(_solid_departures(table, inner, value, path)) for inner in concrete_shapes(table, shape)]
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
        elif shape.enum and (str(value).lower() if value is True or value is False else value) not in shape.enum:
            yield f"{path}: {value!r} is not allowed"
    elif shape.kind != "any":
        yield f"{path}: not a {shape.kind} but {value!r}"


class Conformity:
    """Looks at every answer of every sandbox: how many had the shape that their version promises, and which had not.

    A sandbox into which a test put objects of its own making is let be: what it answers is what was put in.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.answers = 0
        self.operations: set[str] = set()
        self.broken: list[str] = []
        self._events: set[str] = set()
        self._seeded: WeakSet[Sandbox] = WeakSet()

    def forgive(self, sandbox: Sandbox) -> None:
        """A test put objects into this sandbox."""
        self._seeded.add(sandbox)

    def look(self, sandbox: Sandbox, request: Request, response: Response) -> None:
        """Compare an answer with the description; refusals have a shape of their own, which is compared too."""
        version = read_version(response.header("stripe-version") or "")
        table = table_at(self.table, version) if version else self.table
        found = table.match(request.method, request.path)
        if found is None or sandbox in self._seeded:
            return
        operation = found[0]
        where = f"{request.method} {operation.path}"
        if response.status != 200:
            self.broken += [f"{where}: {problem}" for problem in _error_departures(response)]
        elif not response.body.startswith(b"{"):
            return
        else:
            body = response.json()
            self.broken += [f"{where}{problem}" for problem in departures(table, operation.response, body)]
            self._look_at_events(body)
        self.answers += 1
        self.operations.add(where)

    def _look_at_events(self, body: Json) -> None:
        """What an event shows is an object too; the description leaves it open, its own schema does not."""
        events = body["data"] if body.get("object") == "list" and body.get("url") == "/v1/events" else [body]
        for event in events:
            if event.get("object") != "event" or event["id"] in self._events:
                continue
            self._events.add(event["id"])
            shown = event["data"]["object"]
            table = table_at(self.table, event["api_version"]) if event.get("api_version") else self.table
            schema = table.schema_of_object(shown["object"])
            if schema is not None and event["type"] != "invoice.upcoming":  # of which Stripe says that it has no id
                problems = departures(table, table.schema(schema), shown)
                self.broken += [f"event {event['type']}{problem}" for problem in problems]

    def told(self) -> list[str]:
        """What was broken since the last call."""
        found, self.broken = self.broken, []
        return found


def _error_departures(response: Response) -> Iterator[str]:
    error = response.json().get("error", {})
    if error.get("type") not in ("api_error", "card_error", "idempotency_error", "invalid_request_error"):
        yield f"an error of the type {error.get('type')!r}"
    if not isinstance(error.get("message"), str):
        yield "an error without a message"
    if any(value is None for value in error.values()):
        yield f"an error with a null: {error}"


@contextmanager
def watching(conformity: Conformity) -> Iterator[None]:
    """While this lasts, `conformity` sees what any sandbox of this process answers."""
    send, seed = Sandbox.send, Sandbox.seed

    def watched_send(sandbox: Sandbox, request: Request, *, account: str | None = None) -> Response:
        response = send(sandbox, request, account=account)
        conformity.look(sandbox, request, response)
        return response

    def watched_seed(sandbox: Sandbox, objects: list[Any], *, account: str | None = None) -> None:
        conformity.forgive(sandbox)
        seed(sandbox, objects, account=account)

    with patch.object(Sandbox, "send", watched_send), patch.object(Sandbox, "seed", watched_seed):
        yield
