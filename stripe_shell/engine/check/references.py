"""Checks references, expectations and fields of `@out` against the shapes of the responses they are about."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.engine.check.outputs import field_span, row_fields
from stripe_shell.engine.fields import field_steps, is_of_row
from stripe_shell.engine.paths import evaluate_output
from stripe_shell.engine.scope import Scope, missing_field
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.arguments import OUTPUT_ENDINGS
from stripe_shell.lang.ast import (
    Block,
    Directive,
    Expectation,
    Fails,
    Loop,
    Output,
    Reference,
)
from stripe_shell.lang.visit import nodes_in
from stripe_shell.records import record
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.shapes import response_field, response_names
from stripe_shell.spec.table import Table


@record
class PendingResponse:
    """The shape of a response that has not arrived, and the table of the API version that it will be in."""

    shape: Shape
    table: Table


def response_shape(block: Block, operation: Operation | None) -> Shape | None:
    """Returns the shape of the response; None (any) for an unknown call or one that is expected to fail."""
    if operation is None or block.argument(Fails) is not None:
        return None
    return operation.response


def check_references(node: Any, scope: Scope) -> Iterator[Diagnostic]:
    """Yields the references to responses whose path the shape of the response does not have."""
    for reference in nodes_in(node, Reference):
        pending = scope.deferred.get(reference.name) if reference.namespace is None else None
        if pending is None:
            continue
        shape, table = pending.shape, pending.table
        of_row = shape.is_list and any(isinstance(step, int) for step in reference.path[:1])
        for length in range(1, len(reference.path) + 1):
            steps = reference.path[:length]
            full: tuple[str | int, ...] = ("data", *steps) if of_row else steps
            if response_field(table, shape, path_texts(full)) is None:
                yield missing_field(reference, steps, _names_at(table, shape, full[:-1]), " in any response")
                break


def path_texts(steps: Sequence[str | int]) -> tuple[str, ...]:
    """Returns steps as the table's path; any list index stands for all elements."""
    return tuple("0" if step == "*" or isinstance(step, int) else step for step in steps)


def _names_at(table: Table, shape: Shape, steps: Sequence[str | int]) -> tuple[str, ...]:
    """Returns the names of the fields that a response may have at the path."""
    above = response_field(table, shape, path_texts(steps))
    return response_names(table, above) if above is not None else ()


def check_paths(
    block: Block, operation: Operation | None, table: Table, scope: Scope, *, in_loop: bool
) -> Iterator[Diagnostic]:
    """Yields W205 for paths of `@expect` and fields of `@out` that the response's shape does not have.

    In a loop, fields that begin with `row.` are columns of the row.
    """
    shape = response_shape(block, operation)
    for directive in block.directives:
        output = directive.argument if isinstance(directive.argument, Output) else None
        if output is not None:
            yield from _check_output(directive, output, scope)
        if shape is None:
            continue
        for expectation in nodes_in(directive.argument, Expectation):
            path = expectation.path
            if expectation.operator != "absent" and path.text[:1] != "$":
                yield from _check_path(path.steps, path.text, path.span, shape, table)
        for name in output.fields if output is not None else ():
            if not (in_loop and is_of_row(name)):
                yield from _check_path(field_steps(name), name, directive.span, shape.row or shape, table)


def check_shown(loop: Loop, row: PendingResponse) -> Iterator[Diagnostic]:
    """Yields W205 for each column of the row in fields of `@out` that the objects of the loop's list may not have."""
    for output, name, steps in row_fields(loop):
        yield from _check_path(steps, name, field_span(output, name), row.shape, row.table)


def _check_path(steps: Sequence[str | int], text: str, span: Span, shape: Shape, table: Table) -> Iterator[Diagnostic]:
    for length in range(1, len(steps) + 1):
        if response_field(table, shape, path_texts(steps[:length])) is None:
            close = closest(str(steps[length - 1]), _names_at(table, shape, steps[: length - 1]))
            label = f"did you mean `{close}`?" if close else "the description has none"
            message = f"the response may have no `{text}`"
            yield Diagnostic("W205", message, span, severity="warning", label=label)
            return


def _check_output(directive: Directive, output: Output, scope: Scope) -> Iterator[Diagnostic]:
    evaluated = evaluate_output(output, scope)
    name = evaluated.value
    if evaluated.problems or is_deferred(name):
        return
    if not name.lower().endswith(OUTPUT_ENDINGS):
        label = f"end the name in {', '.join(OUTPUT_ENDINGS)}"
        yield Diagnostic("E211", f"`@out {name}`: the ending does not say a format", directive.span, label=label)
        return
    folder = os.path.dirname(os.path.expanduser(name)) or "."
    if not os.path.isdir(folder):
        yield Diagnostic("E303", f"`{folder}` is no folder", output.file.span, label="`@out` does not create it")
