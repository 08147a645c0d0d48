"""Every operation of the table: named in a block, checked and encoded; those of v1 also sent to the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.diagnostics import Diagnostic, SourceText, Span, format_diagnostics, has_errors
from stripe_shell.engine.links import Link
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.parser import parse
from stripe_shell.render.files import open_rows
from stripe_shell.spec.model import Operation
from stripe_shell.spec.names import documented_name
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_sandbox
from stripe_shell.wire import Request, Transport, form_pairs
from tests.spec.minimal import minimal_call

TABLE = load_table()
OPERATIONS = sorted(TABLE.operations(), key=lambda operation: (operation.entity, operation.action))
UPLOAD = Path(__file__).parent / "spec" / "minimal.py"


class OneLink:
    """The sandbox, whatever the name."""

    def __init__(self, transport: Transport) -> None:
        self._link = Link("sandbox", transport, "sandbox")

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        return self._link

    def placeholder(self, name: str | None) -> bool:
        return False


@cache
def sandbox() -> Transport:
    """One for all operations: what one of them creates, others find."""
    return open_sandbox(None, TABLE)


def block_of(operation: Operation) -> str:
    """The smallest block that the operation takes."""
    path_params, params = minimal_call(operation)
    lines = ["/sandbox", f"action: {operation.action}", f"entity: {operation.entity}"]
    lines += [f"{documented_name(operation, name)}: {value}" for name, value in path_params.items()]
    lines += [f"{name}: {value}" for name, value in written(params)]
    return "\n".join(lines) + "\n"


def written(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parameters as the language writes them, each on a line of its own."""
    for name, value in params.items():
        if isinstance(value, bytes):
            yield name, str(UPLOAD)
        elif isinstance(value, dict | list):
            yield from form_pairs({name: value})
        else:
            yield name, json.dumps(value) if isinstance(value, bool) else str(value)


def request_of(operation: Operation) -> Request:
    script, problems = parse(SourceText(f"{operation.name}.stripe", block_of(operation)))
    engine = Engine(TABLE, OneLink(sandbox()), open_rows)
    scope = Scope(now=1_769_860_800, seed="seed")
    found = [*problems, *engine.check(script.items, scope)]
    assert not has_errors(found), format_diagnostics(found)
    (request,) = engine.preview(script.items, scope, run_id="run")
    return request


def test_there_are_as_many_as_the_readme_says() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    assert f"all {len(OPERATIONS)} operations" in readme
    assert f"that of version `{TABLE.version}`" in readme


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name.replace(" ", "-"))
def test_it_can_be_written_in_a_block_and_goes_to_its_place(operation: Operation) -> None:
    request = request_of(operation)
    assert request.method == operation.method
    match = TABLE.match(request.method, request.path)
    assert match is not None
    assert match[0].id == operation.id
    assert request.host == operation.host
    assert (request.idempotency_key is not None) == (
        operation.method == "POST" or (operation.version == "v2" and operation.writes)
    )
    if operation.version == "v1":
        response = sandbox().send(request)
        assert response.status < 500, response.body
        assert b"Unrecognized request URL" not in response.body
