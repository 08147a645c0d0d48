"""The command `spec [ACTION] [ENTITY]`: shows the table of operations; `--coverage`: those that the sandbox models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from stripe_shell.cli.arguments import Arguments
from stripe_shell.diagnostics import close_words
from stripe_shell.errors import UsageError
from stripe_shell.records import as_dict
from stripe_shell.render.console import Console
from stripe_shell.render.describe import describe_entity, describe_operation, list_entities
from stripe_shell.spec.describe import describe
from stripe_shell.spec.model import Entity, Operation
from stripe_shell.spec.table import Table, load_table


def spec(arguments: Arguments, _environ: Mapping[str, str], console: Console) -> int:
    """Prints the operation or the entity that the words name, or without words all entities."""
    table = load_table()
    as_json = arguments.format == "json"
    if arguments.diff:
        _show_diff(table, arguments, console)
        return 0
    if arguments.version is not None:
        table = _table_at(table, arguments.version)
    found = _find_described(table, arguments.words)
    if arguments.coverage:
        _show_coverage(table, found, console, as_json=as_json)
        return 0
    match found:
        case None if as_json:
            console.result(json.dumps({name: table.actions(name) for name in table.entities()}, indent=2))
        case None:
            console.result(list_entities(table))
        case Operation() if as_json:
            console.result(json.dumps([as_dict(row) for row in describe(found)], indent=2))
        case Operation():
            console.result(describe_operation(table, found))
        case Entity() if as_json:
            console.result(json.dumps(sorted(found.operations), indent=2))
        case Entity():
            console.result(describe_entity(found))
    return 0


def _table_at(table: Table, version: str) -> Table:
    from stripe_shell.cli.versions import named_version
    from stripe_shell.spec.versions.table import table_at

    return table_at(table, named_version(version))


def _show_diff(table: Table, arguments: Arguments, console: Console) -> None:
    """Prints what changed between two versions, for an entity, for what a script uses, or for everything."""
    from stripe_shell.cli.versions import named_version, narrowed, show_differences
    from stripe_shell.spec.versions.known import is_older, read_version

    words = list(arguments.words)
    older = named_version(str(arguments.diff))
    newer = named_version(words.pop(0)) if words and read_version(words[0]) else table.version
    if len(words) > 1:
        raise UsageError("spec --diff VERSION [VERSION] [ENTITY | FILE]")
    if is_older(newer, older):
        older, newer = newer, older
    entities = _entities_of(table, words[0]) if words else None
    found = narrowed(table, older, newer, entities)
    show_differences(found, older, newer, console, as_json=arguments.format == "json")


def _entities_of(table: Table, word: str) -> set[str]:
    """Returns the entity that a word names, or those that a script uses."""
    entity = table.canonical(word)
    if entity is not None:
        return {entity}
    if not Path(word).is_file():
        raise UsageError(f"`{word}` is no entity and no file{_hint(word, table.entities())}")
    from stripe_shell.cli.sources import open_script
    from stripe_shell.engine.load import load_program
    from stripe_shell.lang.visit import blocks_in

    blocks = blocks_in(load_program(open_script(word)).items)
    words = {block.entity.value.literal or "" for block in blocks if block.entity is not None}
    return {name for each in words if (name := table.canonical(each)) is not None}


def _show_coverage(table: Table, operations: Operation | Entity | None, console: Console, *, as_json: bool) -> None:
    """Prints which operations the sandbox models and which it answers generically, with their number."""
    rows = _coverage(table, operations)
    if as_json:
        console.result(json.dumps(rows, indent=2))
    else:
        width = max(len(row["operation"]) for row in rows)
        console.result("\n".join(f"{row['operation']:<{width}}  {row['behaviour']:<8}  {row['call']}" for row in rows))
    modelled = sum(row["behaviour"] == "modelled" for row in rows)
    console.message(f"{modelled} of {len(rows)} operations modelled, {len(rows) - modelled} generic")


def _coverage(table: Table, operations: Operation | Entity | None) -> list[dict[str, str]]:
    from stripe_shell.sandbox.coverage import coverage

    return [
        {
            "operation": operation.name,
            "behaviour": "modelled" if modelled else "generic",
            "call": f"{operation.method} {operation.path}",
        }
        for operation, modelled in coverage(table)
        if operations is None or operations == operation or getattr(operations, "name", "") == operation.entity
    ]


def _find_described(table: Table, words: tuple[str, ...]) -> Operation | Entity | None:
    if not words:
        return None
    if len(words) > 2:
        raise UsageError("spec takes an action and an entity, e.g. `spec create customer`")
    entity = table.entity(words[-1])
    if entity is None:
        raise UsageError(f"unknown entity `{words[-1]}`{_hint(words[-1], table.entities())}")
    if len(words) == 1:
        return entity
    operation = table.operation(words[0], entity.name)
    if operation is None:
        raise UsageError(f"`{entity.name}` has no action `{words[0]}`{_hint(words[0], entity.operations)}")
    return operation


def _hint(word: str, known: tuple[str, ...] | Mapping[str, object]) -> str:
    close = close_words(word, known)
    return f"; did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
