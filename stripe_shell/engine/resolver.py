"""Resolves each block of a run once: check, preview, confirmation and sending share the result."""

from __future__ import annotations

from typing import NamedTuple

from stripe_shell.engine.operation_lookup import find_operation
from stripe_shell.engine.resolve import Resolution, resolve
from stripe_shell.engine.scope import FoundValue, Scope, comes_from_data, look_up
from stripe_shell.lang.ast import Block, Condition, Expectation, Fails, Match, Reference, Retry
from stripe_shell.lang.visit import nodes_in
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

#: What says whether a block runs and how its answer is judged: no part of its call.
_JUDGES = frozenset({Condition, Expectation, Fails, Match, Retry})

#: Everything of a scope that a block's call depends on.
Dependencies = tuple[object, ...]


class _Kept(NamedTuple):
    """A call that was resolved, and what it depended on; the block stays alive, so that its `id` is its own."""

    block: Block
    dependencies: Dependencies
    resolved: Resolution


class Resolver:
    """Resolves the blocks of one run, and keeps the last call of each while what it depends on stays the same.

    A block without references is resolved once. A block whose references had values when it was checked is resolved
    once too. A block that refers to a response that had not come yet is resolved again when the response is there; one
    that refers to a row of `@foreach`, for each row. Safe for threads.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._kept: dict[int, _Kept] = {}

    def resolve(self, block: Block, scope: Scope) -> Resolution:
        """The call that the block stands for in this scope, and everything that is wrong with it."""
        dependencies = dependencies_of(block, scope)
        kept = self._kept.get(id(block))
        if kept is not None and kept.dependencies == dependencies:
            return kept.resolved
        resolved = resolve(block, self.table, scope)
        if resolved.call is not None:
            self._kept[id(block)] = _Kept(block, dependencies, resolved)
        return resolved

    def operation(self, block: Block) -> Operation | None:
        """The operation that the block means, None where its words are wrong; no scope can change it."""
        kept = self._kept.get(id(block))
        return kept.resolved.operation if kept is not None else find_operation(block, self.table, [])


def dependencies_of(block: Block, scope: Scope) -> Dependencies:
    """The settings and the values that the block takes from the scope; the time only if it asks for it.

    Values are compared as they are written: `1`, `1.0`, `"1"` and `true` are four. Whether a value comes from data
    counts too, since a path takes no more than a plain name from data.
    """
    settings, text = scope.settings, block.span.text
    references = _references(block) if "${" in text else []
    if not references and "now" not in text:
        return settings.account, settings.version, settings.spec
    values = tuple([_written(reference, scope) for reference in references])
    of_data = tuple([comes_from_data(reference, scope) for reference in references])
    now = scope.now if "now" in text or "now" in "".join(values) else None
    return settings.account, settings.version, settings.spec, now, values, of_data


def _references(block: Block) -> list[Reference]:
    """The references that the call depends on: all of the block but those of directives that judge its answer."""
    found = [part for param in block.params for part in param.value.parts if type(part) is Reference]
    for directive in block.directives:
        if type(directive.argument) not in _JUDGES and "${" in directive.span.text:
            found += nodes_in(directive.argument, Reference)
    return found


def _written(reference: Reference, scope: Scope) -> str:
    """The value of a reference; where it has none, whether one is to come (`PendingValue`) or not (`Diagnostic`)."""
    found = look_up(reference, scope)
    return repr(found.value) if isinstance(found, FoundValue) else type(found).__name__
