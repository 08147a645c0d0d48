"""Finds what a version refuses in a block although the table knows it: former parameters, and values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.operation_lookup import find_operation
from stripe_shell.lang.ast import Block, Value
from stripe_shell.spec.model import Operation
from stripe_shell.spec.names import resolve_name
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.table import table_at


def refusals(table: Table, block: Block, version: str) -> Iterator[Diagnostic]:
    """Yields an error for each change up to the version by which the block is refused, as the sandbox refuses it."""
    from stripe_shell.sandbox.errors import StripeError
    from stripe_shell.sandbox.versions.chain import refusing

    operation = find_operation(block, table_at(table, version), [])
    if operation is None:
        return
    for change in refusing(version, operation.name, operation.response.form):
        try:
            change.refuse_request(operation.name, _params_of(operation, block))
        except StripeError as error:
            first = (error.param or "").partition("[")[0]
            spans = [param.key.span for param in block.own_params if _path_of(operation, param.key.path)[0] == first]
            notes = (f"removed in {change.version}",)
            yield Diagnostic("E201", error.message, spans[0] if spans else block.span, notes=notes)


def _params_of(operation: Operation, block: Block) -> dict[str, Any]:
    """Returns the parameters of a block as a tree; None stands for a value that only a run will tell."""
    tree: dict[str, Any] = {}
    for param in block.own_params:
        *above, last = _path_of(operation, param.key.path)
        node = tree
        for segment in above:
            node = node.setdefault(segment, {})
            if not isinstance(node, dict):
                break
        else:
            node[last] = _plain(param.value)
    return tree


def _path_of(operation: Operation, written: tuple[str, ...]) -> tuple[str, ...]:
    return resolve_name(operation, written).path or written


def _plain(value: Value) -> Any:
    if value.literal is None:
        return None
    try:
        return json.loads(value.literal)
    except ValueError:
        return value.literal
