"""Lint warnings: unused names, unreachable blocks, repeated writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stripe_shell.diagnostics import Diagnostic, Span
from stripe_shell.engine.assertions.conditions import evaluate_condition
from stripe_shell.engine.foreach import header
from stripe_shell.engine.load import Program
from stripe_shell.engine.loop_outputs import OTHER_EACH_TIME, names_of_row, shared_blocks
from stripe_shell.engine.operation_lookup import find_operation, words_span
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.script_settings import SETTINGS
from stripe_shell.lang.ast import (
    Assignment,
    Block,
    Condition,
    Directive,
    Loop,
    Output,
    Param,
    Reference,
    ScriptItem,
    Value,
)
from stripe_shell.lang.directives import DIRECTIVES
from stripe_shell.lang.visit import blocks_in, loops_in, names_given, nodes_in
from stripe_shell.secrets import names_secret
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

#: Directives that change the request of a block.
_PART_OF_THE_CALL = frozenset(each.name for each in DIRECTIVES.values() if each.changes_call)


def lint(program: Program, table: Table, scope: Scope) -> Iterator[Diagnostic]:
    """Yields the warnings W301, W302, W303, W305 and W306 of a script; `scope` is the scope of its first line."""
    yield from _unused(program)
    yield from _unreachable(program.items, scope, {})
    yield from _repeated(program.items, table)
    for loop in loops_in(program.items):
        yield from _alike(loop, table)
        yield from _repeated(loop.items, table)
    yield from _written_twice(program)
    yield from _secrets_sent(program)


# --- names ----------------------------------------------------------------------------------------------


def _unused(program: Program) -> Iterator[Diagnostic]:
    """Yields W301 for names that the script defines and never references.

    Exempt are names of an included file, which other scripts may use; secrets, which mask even when unused; and names
    that begin with an underscore.
    """
    used = _names_used(program.items)
    for name, span in names_given(program.items, "response", "variable"):
        if name not in used and not name.startswith("_") and span.source == program.sources[0]:
            label = f"remove it, or call it `_{name}`"
            yield Diagnostic("W301", f"nothing uses `{name}`", span, severity="warning", label=label)


def _names_used(items: Iterable[ScriptItem]) -> set[str]:
    # Most blocks have few references, and visiting their nodes is slow.
    return {
        reference.name
        for item in items
        if "${" in item.span.text
        for part in (item.items if isinstance(item, Block) else (item,))
        if "${" in part.span.text
        for reference in (part.value.references if isinstance(part, Param) else nodes_in(part, Reference))
    }


# --- what never runs ------------------------------------------------------------------------------------


def _unreachable(items: Iterable[ScriptItem], scope: Scope, never: dict[str, Span]) -> Iterator[Diagnostic]:
    """Yields W302 for each `@when` that is always false, as it has no references, and for blocks that depend on it.

    Mutates `never`: adds the names that skipped blocks would have saved.
    """
    for block in blocks_in(items):
        found = _never_runs(block, scope, never)
        if found is not None:
            never.update((name, found.span or span) for name, span in names_given((block,), "response"))
            yield found


def _never_runs(block: Block, scope: Scope, never: Mapping[str, Span]) -> Diagnostic | None:
    for directive in block.directives:
        condition = directive.argument
        if not isinstance(condition, Condition) or "${" in condition.span.text:
            continue
        if evaluate_condition(condition, scope).holds is False:
            message = f"the block never runs: `{condition.span.text}` does not hold"
            return Diagnostic("W302", message, condition.span, severity="warning", label="nothing in it can change")
    if not never or "${" not in block.span.text:
        return None
    for reference in nodes_in(block, Reference):
        if reference.name in never and reference.default is None:
            message = f"the block never runs: nothing gives `{reference.name}` a value"
            context = ((never[reference.name], "this never holds"),)
            return Diagnostic("W302", message, reference.span, severity="warning", context=context)
    return None


# --- what is done twice ---------------------------------------------------------------------------------


def _repeated(items: Sequence[ScriptItem], table: Table) -> Iterator[Diagnostic]:
    """Yields W303 for each write that the script, or the body of a loop, repeats.

    A repeated `create` always makes a second object. Another write is reported only when it directly follows the same
    one, as a write in between may have changed the object.
    """
    calls = list(_calls(items))
    if len({text for _, text in calls}) == len(calls):
        return
    first: dict[tuple[str, ...], Block] = {}
    before: tuple[str, ...] = ()
    for block, text in calls:
        operation = find_operation(block, table, [])
        if operation is None or not operation.writes:
            continue
        if text in first and not _is_deliberate(block) and (operation.action == "create" or before == text):
            yield _twice(block, first[text], operation)
        first.setdefault(text, block)
        before = text


def _calls(items: Iterable[ScriptItem]) -> Iterator[tuple[Block, tuple[str, ...]]]:
    """Yields each block with a key of texts that is equal for blocks making the same request."""
    settings: dict[str, str] = {}
    for item in items:
        if isinstance(item, Directive) and item.name in SETTINGS:
            settings[item.name] = item.span.text
        elif isinstance(item, Block):
            parts = [
                f"{part.key.span.text}:{part.value.span.text}" if isinstance(part, Param) else part.span.text
                for part in item.items
                if isinstance(part, Param) or (isinstance(part, Directive) and part.name in _PART_OF_THE_CALL)
            ]
            other = str(item.span.start) if _is_other_each_time(item) else ""
            yield item, (item.connection or "", other, *settings.values(), *sorted(parts))


def _is_other_each_time(block: Block) -> bool:
    text = block.span.text
    if not any(name in text for name in OTHER_EACH_TIME):
        return False
    return any(reference.name in OTHER_EACH_TIME for reference in nodes_in(block, Reference))


def _is_deliberate(block: Block) -> bool:
    return any(DIRECTIVES[directive.name].deliberate for directive in block.directives)


def _twice(block: Block, earlier: Block, operation: Operation) -> Diagnostic:
    message = f"`{operation.name}` is asked for twice, with the same parameters"
    label = "remove it, or give it an `@idempotency_key` if it is meant"
    context = ((words_span(earlier), "here it was asked for first"),)
    return Diagnostic("W303", message, words_span(block), severity="warning", label=label, context=context)


def _alike(loop: Loop, table: Table) -> Iterator[Diagnostic]:
    """Yields the writes in the loop that depend neither on the row nor on objects created for the row."""
    name = header(loop).name
    of_row = names_of_row(loop)
    for item in loop.items:
        if not isinstance(item, Block) or _is_deliberate(item):
            continue
        operation = find_operation(item, table, [])
        if operation is None or not operation.writes:
            continue
        if not any(reference.name in of_row for reference in nodes_in(item, Reference)):
            message = f"`{operation.name}` is the same for every row"
            label = f"nothing in it comes from `{name}`"
            yield Diagnostic("W303", message, words_span(item), severity="warning", label=label)


def _written_twice(program: Program) -> Iterator[Diagnostic]:
    """Yields W306 for each `@out` whose file an `@out` above writes as well; devices take what is added."""
    first: dict[Value, Span] = {}
    in_loops = {id(block) for loop in loops_in(program.items) for block in _files_of_rows(loop)}
    for block in blocks_in(program.items):
        output = block.argument(Output)
        if output is None or id(block) in in_loops or output.file.span.text.startswith("/dev/"):
            continue
        if output.file in first:
            message = "this file is written above as well: only what is written here is left"
            context = ((first[output.file], "here it is written first"),)
            label = "give it another name"
            yield Diagnostic("W306", message, output.file.span, severity="warning", label=label, context=context)
        first.setdefault(output.file, output.file.span)


def _files_of_rows(loop: Loop) -> Iterator[Block]:
    """Yields the blocks in a loop whose files have names of their own for each row."""
    shared = {id(block) for block, _ in shared_blocks(loop)}
    yield from (block for block in blocks_in(loop.items) if id(block) not in shared)


# --- secrets ------------------------------------------------------------------------------------------------


def _secrets_sent(program: Program) -> Iterator[Diagnostic]:
    """Yields W305 for each parameter that takes a secret of the environment, by itself or by way of a `@let`."""
    if not any("${env:" in source.text for source in program.sources):
        return
    known = {
        name: span
        for name, span in names_given(program.items, "variable")
        if any(_is_secret_variable(each) for each in _references_of(program.items, name))
    }
    for block in blocks_in(program.items):
        for param in block.own_params:
            for reference in param.value.references:
                if _is_secret_variable(reference) or (reference.namespace is None and reference.name in known):
                    yield _sent(reference, known.get(reference.name))


def _references_of(items: Iterable[ScriptItem], name: str) -> Iterator[Reference]:
    """Yields the references in the value of a variable."""
    for item in items:
        if isinstance(item, Directive) and isinstance(item.argument, Assignment) and item.argument.name == name:
            yield from item.argument.value.references


def _is_secret_variable(reference: Reference) -> bool:
    return reference.namespace == "env" and names_secret(reference.name)


def _sent(reference: Reference, defined: Span | None) -> Diagnostic:
    message = f"`{reference.raw}` looks like a secret, and is sent and stored as a value"
    label = "take it through `@secret NAME = …` if it is meant"
    context = ((defined, "it comes from here"),) if defined is not None else ()
    return Diagnostic("W305", message, reference.span, severity="warning", label=label, context=context)
