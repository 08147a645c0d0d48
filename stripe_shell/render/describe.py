"""Renders the table as text: entities, actions, and the parameters of an operation with their types."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.describe import ParameterRow, describe
from stripe_shell.spec.model import Entity, Operation
from stripe_shell.spec.table import Table


def list_entities(table: Table) -> str:
    """Returns every entity with its actions, one per line."""
    names = table.entities()
    width = max(map(len, names))
    return "\n".join(f"{name:<{width}}  {' '.join(table.actions(name))}" for name in names)


def describe_entity(entity: Entity) -> str:
    """Returns the entity's operations: action, method and path."""
    operations = sorted(entity.operations.values(), key=lambda operation: operation.action)
    width = max(len(operation.action) for operation in operations)
    lines = [f"{entity.name} (also {entity.plural})"]
    lines += [f"  {op.action:<{width}}  {op.method:<6} {op.path}" for op in operations]
    return "\n".join(lines)


def describe_operation(table: Table, operation: Operation) -> str:
    """Returns an operation's method, path, parameters with type and requirement, aliases, and response type."""
    return "\n".join(_operation_lines(table, operation))


def _operation_lines(table: Table, operation: Operation) -> Iterator[str]:
    yield f"{operation.name}   {operation.method} {operation.path}   (Stripe {table.version})"
    if operation.deprecated:
        yield "deprecated by Stripe"
    rows = describe(operation)
    width = min(44, max((len(_indented(row)) for row in rows), default=0))
    yield from (_row_line(row, width) for row in rows)
    if operation.aliases:
        yield "other names:"
        yield from (f"  {name} = {'.'.join(path)}" for name, path in sorted(operation.aliases.items()))
    yield f"answers: {operation.response.schema or operation.response.kind}"


def _indented(row: ParameterRow) -> str:
    return f"{'  ' * (row.depth + 1)}{row.path if row.depth == 0 else row.path.rpartition('.')[2]}"


def _row_line(row: ParameterRow, width: int) -> str:
    notes = [row.type]
    if row.required:
        notes.append("(required)")
    elif row.documented:
        notes.append("(required by the document)")
    if row.clearable:
        notes.append("(empty unsets)")
    if row.deprecated:
        notes.append("(deprecated)")
    return f"{_indented(row):<{width}}  {' '.join(notes)}"
