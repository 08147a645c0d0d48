"""The check of a script: walks its items and collects all diagnostics that need no response."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic, Span, closest, has_errors
from stripe_shell.engine.assertions.conditions import evaluate_when
from stripe_shell.engine.block_tally import BlockTally
from stripe_shell.engine.check.block import check_one
from stripe_shell.engine.check.outputs import check_files, check_row_fields
from stripe_shell.engine.check.references import (
    PendingResponse,
    check_references,
    check_shown,
    path_texts,
    response_shape,
)
from stripe_shell.engine.data_files import find_on_disk
from stripe_shell.engine.evaluate import evaluate_text, evaluate_variable
from stripe_shell.engine.foreach import (
    LoopRow,
    ReadRows,
    check_data,
    check_source,
    columns_of,
    data_file,
    failed_file,
    find_data,
    header,
    list_reference,
    loop_rows,
    read_source,
    rows_of,
    source_name,
)
from stripe_shell.engine.limits import check_most
from stripe_shell.engine.links import Links
from stripe_shell.engine.paths import evaluate_output
from stripe_shell.engine.resolve import HEADERS, Resolution, check_header
from stripe_shell.engine.resolver import Feed, Resolver, depends_on_row
from stripe_shell.engine.run.flow import after_loop
from stripe_shell.engine.run.row_results import row_name
from stripe_shell.engine.scope import BUILT_IN, PendingValue, Scope, look_up, missing_field
from stripe_shell.engine.script_settings import SPECS, apply_directive
from stripe_shell.engine.times import is_zone
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import (
    Assignment,
    Block,
    Directive,
    Loop,
    Name,
    Output,
    Reference,
    ScriptItem,
    Tags,
    Value,
)
from stripe_shell.lang.visit import Visitor, names_given, nodes_in
from stripe_shell.records import field, record, replace
from stripe_shell.spec.shapes import response_field

if TYPE_CHECKING:
    from pathlib import Path

#: The most problems reported for the rows of a data file; more usually mean that it is the wrong file.
_MOST_ROW_PROBLEMS = 20

#: The resolution of a block that is not sent.
_NOTHING = Resolution(None, ())


def walk(items: Sequence[ScriptItem], resolver: Resolver, scope: Scope) -> Iterator[tuple[ScriptItem, Scope]]:
    """Yields every item with its scope, as far as the scope is known before responses arrive."""
    following = _Following(resolver, scope)
    for number, item in enumerate(items, 1):
        yield item, following.scope
        if number == len(items):
            return  # The scope after the last item is not used; for a loop with one block, skipping it halves the work.
        following.visit(item)


@record(frozen=False)
class _Following(Visitor):
    """Computes the scope after the items visited so far."""

    resolver: Resolver
    scope: Scope

    def visit_block(self, block: Block) -> None:
        """Adds the response name of the block to the scope as pending."""
        self.scope = after_unsent(block, self.resolver, self.scope)

    def visit_directive(self, directive: Directive) -> None:
        """Applies the directive to the scope. A name left without a value was reported, and then counts as known."""
        after = apply_directive(directive, self.scope)
        for name in after.lost.keys() - self.scope.lost.keys():
            after = after.with_deferred(name)
        self.scope = after

    def visit_loop(self, loop: Loop) -> None:
        self.scope = after_loop(loop, self.scope)


def after_unsent(block: Block, resolver: Resolver, scope: Scope) -> Scope:
    """Returns the scope after a block that is not sent: its response is pending, of the shape that it will have."""
    shape = response_shape(block, resolver.operation(block))
    pending = None if shape is None else PendingResponse(shape, resolver.table_of(block, scope))
    saved = block.argument(Name)
    return scope.after_block(*([saved.text] if saved else []), shape=pending)


def check_items(
    items: Sequence[ScriptItem], resolver: Resolver, links: Links, scope: Scope, *, live: bool
) -> list[Diagnostic]:
    """Returns all problems of the items in the order in which a run meets them; `resolver` caches their calls."""
    found = [*_check_names(items), *_note_placeholder(items, links)]
    return [*found, *_Checker(resolver, links, live, scope).check(items)]


@record(frozen=False)
class _Checker(Visitor):
    """Collects the problems of items in `found`; `scope` is the scope of the item being visited.

    `outputs` are the blocks that write files, by their real paths; `checked_before` are the `id`s of loops over files
    whose rows were checked before with the same script.
    """

    resolver: Resolver
    links: Links
    live: bool
    scope: Scope
    in_loop: bool = False
    found: list[Diagnostic] = field(default_factory=list)
    outputs: dict[str, Feed] = field(default_factory=dict)
    checked_before: set[int] = field(default_factory=set)

    def check(self, items: Sequence[ScriptItem]) -> list[Diagnostic]:
        """Checks every item in its scope and returns the problems."""
        for item, scope in walk(items, self.resolver, self.scope):
            self.scope = scope
            self.visit(item)
        return self.found

    def visit_block(self, block: Block) -> None:
        self.found += check_one(block, self.resolver, self.links, self.scope, live=self.live, in_loop=self.in_loop)
        if self.resolver.purpose == "dry run":
            self.resolver.tallies[id(block)] = self._tally(block)
        output = block.argument(Output)
        written = evaluate_output(output, self.scope) if output is not None else None
        if written is not None and not written.problems and not is_deferred(written.value):
            operation = self.resolver.operation(block)
            feed = Feed(block, operation is None or operation.writes, self.in_loop)
            self.outputs[os.path.realpath(os.path.expanduser(written.value))] = feed

    def _tally(self, block: Block) -> BlockTally:
        """Returns the tally of a block that runs once, or alike in every row."""
        own, verdict = block.argument(Tags), evaluate_when(block, self.scope).holds
        tally = BlockTally(tags=frozenset(own.names if own is not None else self.scope.settings.tags))
        call = self.resolver.resolve(block, self.scope).call if block.items else None
        if verdict is False:
            tally.skipped = 1
        elif call is not None:
            tally.add(block, call, self.scope, decided=verdict is True)
        return tally

    def visit_directive(self, directive: Directive) -> None:
        self.found += _check_directive(directive, self.links, self.scope)
        self.found += check_most(directive, in_loop=self.in_loop)

    def visit_loop(self, loop: Loop) -> None:
        """Checks the rows' source, the body with unknown row values, and the body with each row's values."""
        scope, name = self.scope, header(loop).name
        reference = list_reference(loop, scope)
        known = look_up(reference, scope) if reference is not None else None
        row: object = None
        found: list[Diagnostic] = [*check_references((loop.directive,), scope), *_check_row_name(loop)]
        feed = self._feed(loop) if known is None else None
        if feed is not None:
            self.resolver.feeds[id(loop)] = feed
        if isinstance(known, PendingValue) or feed is not None:
            self.resolver.late_loops.add(id(loop))
            row = _row_shape(reference, known, found) if reference is not None else None
        elif not has_errors(found):
            found += self._check_source(loop, scope)
        failed = failed_file(loop, scope)
        found += failed if isinstance(failed, tuple) else ()
        inner = scope.with_deferred(name, shape=row)
        found += check_references((loop.directive,), inner)
        found += check_files(loop, inner)
        if isinstance(row, PendingResponse):
            found += check_shown(loop, row)
        body = replace(self, scope=inner, in_loop=True, found=[]).check(loop.items)
        rows: list[Diagnostic] = []
        skipped = self.resolver.late_loops | self.checked_before
        if id(loop) not in skipped and not has_errors([*found, *body]):
            rows = self.check_rows(loop, rows_of(loop, scope, self.resolver.find_file))
        self.found += [*found, *body, *rows]

    def _feed(self, loop: Loop) -> Feed | None:
        """Returns the block above that writes the loop's data file."""
        path = data_file(loop, self.scope) if self.outputs else ()
        return None if isinstance(path, tuple) else self.outputs.get(os.path.realpath(path))

    def _check_source(self, loop: Loop, scope: Scope) -> list[Diagnostic]:
        """Returns the problems of a file or list that is known before the run."""
        if list_reference(loop, scope) is not None:
            return check_source(loop, scope, partial(read_source, loop, scope, find_on_disk), self.resolver.row_counts)
        path = find_data(loop, scope, self.resolver.find_file)
        if isinstance(path, tuple):
            return list(path)
        before = self.resolver.rows_checked(path)
        if before is not None:
            self.resolver.row_counts[id(loop)] = before
            self.checked_before.add(id(loop))
            return self._check_columns(loop, path)
        found = check_data(loop, path, scope, self.resolver.row_counts)
        return found if has_errors(found) else [*found, *self._check_columns(loop, path)]

    def _check_columns(self, loop: Loop, path: Path) -> list[Diagnostic]:
        """Returns E302 for columns that the data file does not have; what one loop lacks, one around it may have."""
        columns = columns_of(loop, path)
        if columns is None:
            return []
        shown = () if self.in_loop else check_row_fields(loop, columns)
        return [*_check_columns(loop, columns), *shown]

    def check_rows(self, loop: Loop, rows: Iterable[LoopRow]) -> list[Diagnostic]:
        """Returns the problems caused by single rows: each problem once, with the first row that has it."""
        found: dict[tuple[str, Span | None], Diagnostic] = {}
        mark = f"${{{header(loop).name}."
        selection = None if self.in_loop else self.resolver.selection
        if selection is None and not any(mark in item.span.text for item in loop.items):
            return []
        kept, tallies = self._kept_blocks(loop), self._fresh_tallies(loop, mark)
        chosen = 0
        for position, row in enumerate(rows, start=1):
            takes = selection is None or selection.takes(position, row.key)
            chosen += takes
            for item, inner in walk(loop.items, self.resolver, row.scope):
                if isinstance(item, Block) and mark in item.span.text:
                    resolved = self._resolve_in_row(item, inner, tallies.get(id(item)) if takes else None)
                    if id(item) in kept and resolved.call is not None and not resolved.diagnostics:
                        self.resolver.keep_row(item, row.key, inner, resolved.call)
                    for each in resolved.diagnostics:
                        note = f"in {row_name(row, header(loop).key)}"
                        found.setdefault((each.code, each.span), replace(each, notes=(*each.notes, note)))
            if len(found) >= _MOST_ROW_PROBLEMS:
                break
        if selection is not None:
            self.resolver.selected[id(loop)] = chosen
        return list(found.values())

    def _resolve_in_row(self, block: Block, scope: Scope, tally: BlockTally | None) -> Resolution:
        """Returns the block as it is in a row, and counts it; nothing if its `@when` is known to be false."""
        holds = evaluate_when(block, scope).holds
        if holds is False:
            if tally is not None:
                tally.skipped += 1
            return _NOTHING
        resolved = self.resolver.resolve(block, scope)
        if tally is not None and resolved.call is not None:
            tally.add(block, resolved.call, scope, decided=holds is True)
        return resolved

    def _fresh_tallies(self, loop: Loop, mark: str) -> Mapping[int, BlockTally]:
        """Returns empty tallies of the blocks that refer to the row, by their `id`, for the rows of the loop."""
        fresh = {
            id(item): BlockTally(tags=self.resolver.tallies[id(item)].tags)
            for item in loop.items
            if isinstance(item, Block) and mark in item.span.text and id(item) in self.resolver.tallies
        }
        self.resolver.tallies.update(fresh)
        return fresh

    def _kept_blocks(self, loop: Loop) -> frozenset[int]:
        """Returns the `id`s of the blocks of an outermost loop whose calls a plan takes from the check."""
        if self.resolver.purpose != "plan" or self.in_loop or id(loop) in self.resolver.late_loops:
            return frozenset()
        blocks = [item for item in loop.items if isinstance(item, Block)]
        return frozenset(id(block) for block in blocks if depends_on_row(block, header(loop).name))


def check_late_loop(
    loop: Loop, scope: Scope, rows: ReadRows, resolver: Resolver, links: Links, *, live: bool
) -> list[Diagnostic]:
    """Returns the problems of a loop whose rows became known in the run: of its keys, and of the body with each row."""
    found = check_source(loop, scope, rows, {})
    if has_errors(found):
        return found
    checker = _Checker(resolver, links, live, scope)
    return [*found, *checker.check_rows(loop, loop_rows(loop, scope, rows(), source_name(loop, scope)))]


def _row_shape(reference: Reference, known: object, found: list[Diagnostic]) -> object:
    """Returns the shape of the rows of a list that a response will bring, None if it is not known.

    Mutates `found`: adds E303 if it is no list.
    """
    pending = known.shape if isinstance(known, PendingValue) else None
    if not isinstance(pending, PendingResponse):
        return None
    shape = response_field(pending.table, pending.shape, path_texts(reference.path))
    row = None if shape is None else shape.row or shape.items
    if shape is not None and row is None and shape.kind not in {"any", "union", "reference", "map"}:
        label = "a loop goes through a list, e.g. `${customers.data}`"
        found.append(Diagnostic("E303", f"`{reference.raw}` is not a list", reference.span, label=label))
    return None if row is None else PendingResponse(row, pending.table)


def _check_names(items: Sequence[ScriptItem]) -> Iterator[Diagnostic]:
    """Yields E305 for each name that is defined twice, since a reference would mean only one of the two."""
    known: dict[str, Span] = {}
    for name, span in names_given(items, "response", "variable", "secret"):
        if name in known:
            context = ((known[name], "first defined here"),)
            yield Diagnostic("E305", f"`{name}` is defined twice", span, label="choose another name", context=context)
        known.setdefault(name, span)


def _note_placeholder(items: Sequence[ScriptItem], links: Links) -> Iterator[Diagnostic]:
    """Yields W203 once, for a placeholder name from a documentation page that means the default connection."""
    block = next((item for item in items if isinstance(item, Block) and links.placeholder(item.connection)), None)
    if block is not None:
        message = f"`/{block.connection}` stands for the default connection"
        yield Diagnostic("W203", message, block.connection_span, severity="note")


def _check_row_name(loop: Loop) -> Iterator[Diagnostic]:
    argument = header(loop)
    if argument.name in {name for name in BUILT_IN if name != "row"} | {"env"}:
        message = f"`{argument.name}` has a meaning of its own"
        yield Diagnostic("E305", message, argument.span, label="choose another name")


def _check_columns(loop: Loop, columns: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Yields E302 for each reference to a column that the data file does not have."""
    name = header(loop).name
    for reference in nodes_in((loop.directive, *loop.items), Reference):
        wanted = str(reference.path[0]) if reference.path else ""
        of_row = reference.namespace is None and reference.name == name and reference.default is None
        if of_row and wanted and wanted not in columns:
            yield missing_field(reference, reference.path[:1], columns, ": the data has no such column")


# --- directives at the top ------------------------------------------------------------------------------


def _check_directive(directive: Directive, links: Links, scope: Scope) -> list[Diagnostic]:
    argument = directive.argument
    found = list(check_references((directive,), scope))
    if isinstance(argument, Assignment):
        return [*_check_name(argument), *evaluate_variable(argument.value, scope).problems, *found]
    if isinstance(argument, Value):
        evaluated = evaluate_text(argument, scope)
        found += evaluated.problems or _check_setting(directive.name, evaluated.value.strip(), argument.span, links)
    return found


def _check_setting(name: str, text: str, span: Span, links: Links) -> list[Diagnostic]:
    if name == "spec" and text not in SPECS:
        close = closest(text, SPECS)
        label = f"did you mean `{close}`?" if close else f"one of: {', '.join(SPECS)}"
        return [Diagnostic("E204", f"unknown spec `{text}`", span, label=label)]
    if name == "timezone" and not is_zone(text):
        label = "e.g. `UTC`, `Europe/Berlin`, `America/New_York`"
        return [Diagnostic("E204", f"unknown time zone `{text}`", span, label=label)]
    if name == "connection":
        link = links.find(text.removeprefix("/"), span)
        return [link] if isinstance(link, Diagnostic) else []
    return check_header(name, text, span) if name in HEADERS else []


def _check_name(assignment: Assignment) -> list[Diagnostic]:
    if assignment.name not in (*BUILT_IN, "env", "row"):
        return []
    message = f"`{assignment.name}` has a meaning of its own"
    return [Diagnostic("E305", message, assignment.name_span, label="choose another name")]
