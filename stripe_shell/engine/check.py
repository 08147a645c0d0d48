"""Everything that can be known to be wrong before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from stripe_shell.diagnostics import Diagnostic, closest
from stripe_shell.engine.evaluate import evaluate_operand, evaluate_text, evaluate_variable
from stripe_shell.engine.links import Link, Links
from stripe_shell.engine.paging import can_page
from stripe_shell.engine.resolve import Call, find_operation, resolve
from stripe_shell.engine.scope import BUILT_IN, Scope, missing_field
from stripe_shell.engine.settings import SPECS, apply_setting
from stripe_shell.engine.values import Deferred
from stripe_shell.lang.ast import (
    Assignment,
    Block,
    Condition,
    Directive,
    Expectation,
    Fails,
    Item,
    ListValue,
    Loop,
    Match,
    Name,
    Output,
    Pages,
    Reference,
    Value,
)
from stripe_shell.records import fields, is_record
from stripe_shell.spec.model import Shape
from stripe_shell.spec.shapes import response_field, response_names
from stripe_shell.spec.table import Table

#: Directives that parse and are not carried out yet; a block or script with one is refused, never silently run.
NOT_YET = frozenset({"when", "retry", "teardown", "foreach", "tags"})

ROW_FILES = (".csv", ".json", ".jsonl")


def walk(items: Sequence[Item], table: Table, scope: Scope) -> Iterator[tuple[Item, Scope]]:
    """Every item with the scope that it will have, as far as that can be known before responses come."""
    for item in items:
        yield item, scope
        if isinstance(item, Block):
            scope = _after_block(item, table, scope)
        elif isinstance(item, Directive):
            scope = _after_directive(item, scope)


def check_items(items: Sequence[Item], table: Table, links: Links, scope: Scope, *, live: bool) -> list[Diagnostic]:
    """Everything that is wrong with the items, found as a run would meet it."""
    found: list[Diagnostic] = []
    for item, inner in walk(items, table, scope):
        if isinstance(item, Block):
            found += _check_one(item, table, links, inner, live=live)
        elif isinstance(item, Directive):
            found += _check_directive(item, links, inner)
        elif isinstance(item, Loop):
            found.append(_not_yet(item.directive))
    return found


def _check_one(block: Block, table: Table, links: Links, scope: Scope, *, live: bool) -> list[Diagnostic]:
    resolved = resolve(block, table, scope)
    link = links.find(block.connection or scope.settings.connection, block.connection_span)
    found = list(resolved.diagnostics)
    if isinstance(link, Diagnostic):
        found.append(link)
    else:
        found += check_block(block, resolved.call, link, live=live)
    found += [_not_yet(directive) for directive in block.directives if directive.name in NOT_YET]
    found += _check_references(block, table, scope)
    found += _check_expectations(block, resolved.call, table, scope)
    return found


def check_block(block: Block, call: Call | None, link: Link, *, live: bool) -> list[Diagnostic]:
    """What forbids sending the call over this link, and directives that do not fit it."""
    if call is None:
        return []
    found: list[Diagnostic] = []
    if call.operation.writes and link.counts_as_live and not live:
        found.append(_refuse_live(block, call, link))
    for directive in block.directives:
        if isinstance(directive.argument, Pages) and not can_page(call.operation):
            message = f"`@pages` needs a list, {call.operation.name} answers one object"
            found.append(Diagnostic("E211", message, directive.span, label="remove it"))
        elif isinstance(directive.argument, Output):
            found += _check_output(directive, directive.argument)
    return found


def _refuse_live(block: Block, call: Call, link: Link) -> Diagnostic:
    known = "is in LIVE mode" if link.mode == "live" else "may be in LIVE mode, its key does not tell"
    return Diagnostic(
        "E503",
        f"{call.operation.name} writes, and the connection `{link.name}` {known}",
        block.connection_span,
        label="nothing was sent; `--live` allows writes",
    )


def _check_output(directive: Directive, output: Output) -> list[Diagnostic]:
    name = output.file.literal
    if name is None or name.endswith(ROW_FILES):
        return []
    label = f"end the name in {', '.join(ROW_FILES)}"
    return [Diagnostic("E211", f"`@out {name}`: the ending does not say a format", directive.span, label=label)]


def _not_yet(directive: Directive) -> Diagnostic:
    message = f"`@{directive.name}` is not available yet"
    return Diagnostic("E212", message, directive.name_span, label="nothing was sent")


# --- directives at the top ------------------------------------------------------------------------------


def _check_directive(directive: Directive, links: Links, scope: Scope) -> list[Diagnostic]:
    argument = directive.argument
    if directive.name in NOT_YET:
        return [_not_yet(directive)]
    if isinstance(argument, Assignment):
        return [*_check_name(argument), *evaluate_variable(argument.value, scope).problems]
    if not isinstance(argument, Value):
        return []
    evaluated = evaluate_text(argument, scope)
    if evaluated.problems or directive.name not in {"spec", "connection"}:
        return list(evaluated.problems)
    text = evaluated.value.strip()
    if directive.name == "spec" and text not in SPECS:
        close = closest(text, SPECS)
        label = f"did you mean `{close}`?" if close else f"one of: {', '.join(SPECS)}"
        return [Diagnostic("E204", f"unknown spec `{text}`", argument.span, label=label)]
    if directive.name == "connection":
        link = links.find(text.removeprefix("/"), argument.span)
        return [link] if isinstance(link, Diagnostic) else []
    return []


def _check_name(assignment: Assignment) -> list[Diagnostic]:
    if assignment.name not in (*BUILT_IN, "env", "row"):
        return []
    message = f"`{assignment.name}` has a meaning of its own"
    return [Diagnostic("E305", message, assignment.name_span, label="choose another name")]


def _after_directive(directive: Directive, scope: Scope) -> Scope:
    if isinstance(directive.argument, Assignment):
        evaluated = evaluate_variable(directive.argument.value, scope)
        name = directive.argument.name
        if evaluated.problems or isinstance(evaluated.value, Deferred):
            return scope.with_deferred(name)
        return scope.with_variable(name, evaluated.value, secret=directive.name == "secret")
    if isinstance(directive.argument, Value) and evaluate_text(directive.argument, scope).problems:
        return scope
    return apply_setting(directive, scope)


# --- references and expectations ------------------------------------------------------------------------


def _after_block(block: Block, table: Table, scope: Scope) -> Scope:
    """The scope once the block has run: its response is named, its content open."""
    shape = _response_shape(block, table)
    scope = scope.next_block().with_deferred("last", shape)
    for directive in block.directives:
        if directive.name == "as" and isinstance(directive.argument, Name):
            scope = scope.with_deferred(directive.argument.text, shape)
    return scope


def _response_shape(block: Block, table: Table) -> Shape | None:
    """What the response may look like; None (anything) for a call that is meant to fail, or that is unknown."""
    operation = find_operation(block, table, [])
    if operation is None or any(isinstance(d.argument, Fails) for d in block.directives):
        return None
    return operation.response


def references_in(node: Any) -> Iterator[Reference]:
    """Every reference in a node of the syntax tree, wherever it stands."""
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from references_in(item)
    elif is_record(node) and type(node).__module__ == Block.__module__:
        for item in fields(node):
            if item.compare:
                yield from references_in(getattr(node, item.name))


def _check_references(block: Block, table: Table, scope: Scope) -> Iterator[Diagnostic]:
    """Paths into responses that are still to come, against what those responses can look like."""
    for reference in references_in(block.items):
        shape = scope.deferred.get(reference.name) if reference.namespace is None else None
        if shape is None or reference.name in scope.captures:
            continue
        for length in range(1, len(reference.path) + 1):
            steps = reference.path[:length]
            if response_field(table, shape, _texts(steps)) is None:
                yield missing_field(reference, steps, _names_at(table, shape, steps[:-1]), " in any response")
                break


def _texts(steps: Sequence[str | int]) -> tuple[str, ...]:
    """Steps as the table takes them; any element of a list stands for all."""
    return tuple("0" if step == "*" else str(step) for step in steps)


def _names_at(table: Table, shape: Shape, steps: Sequence[str | int]) -> tuple[str, ...]:
    """The fields that a response may have at the path."""
    above = response_field(table, shape, _texts(steps))
    return response_names(table, above) if above is not None else ()


def _check_expectations(block: Block, call: Call | None, table: Table, scope: Scope) -> Iterator[Diagnostic]:
    shape = _response_shape(block, table)
    inner = scope.with_deferred("last", shape)
    for directive in block.directives:
        argument = directive.argument
        if isinstance(argument, Expectation):
            _, problems = evaluate_operand(argument.operand, inner)
            yield from problems
            yield from _check_pattern(argument)
            if shape is not None and argument.operator != "absent":
                yield from _check_path(argument, shape, table)
        elif isinstance(argument, Match):
            yield from evaluate_variable(argument.value, inner).problems


def _check_pattern(expectation: Expectation | Condition) -> Iterator[Diagnostic]:
    operand = expectation.operand if isinstance(expectation, Expectation) else expectation.right
    if expectation.operator not in {"~", "!~"} or operand is None or isinstance(operand, ListValue):
        return
    if operand.literal is not None:
        try:
            re.compile(operand.literal)
        except re.error as error:
            yield Diagnostic("E111", f"not a regular expression: {error}", operand.span)


def _check_path(expectation: Expectation, shape: Shape, table: Table) -> Iterator[Diagnostic]:
    steps = expectation.path.steps
    if steps and isinstance(steps[0], str) and steps[0].startswith("$"):
        return
    for length in range(1, len(steps) + 1):
        if response_field(table, shape, _texts(steps[:length])) is None:
            close = closest(str(steps[length - 1]), _names_at(table, shape, steps[: length - 1]))
            label = f"did you mean `{close}`?" if close else "the description has none"
            message = f"the response may have no `{expectation.path.text}`"
            yield Diagnostic("W205", message, expectation.path.span, severity="warning", label=label)
            return
