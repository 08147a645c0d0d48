"""Caches the resolution of each block in a run, shared by check, preview, confirmation and sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING, Literal, NamedTuple

from stripe_shell.engine.api_versions import table_of
from stripe_shell.engine.assertions.block import BlockAssertions, assertions_of
from stripe_shell.engine.block_tally import BlockTally
from stripe_shell.engine.data_files import FindFile, find_on_disk
from stripe_shell.engine.links import Links
from stripe_shell.engine.operation_lookup import find_operation
from stripe_shell.engine.resolve import BlockCall, Resolution, resolve
from stripe_shell.engine.row_template import RowTemplate, row_template
from stripe_shell.engine.run.row_selection import RowSelection
from stripe_shell.engine.scope import FoundValue, Scope, ScopeSettings, comes_from_data, look_up
from stripe_shell.lang.ast import Block, Condition, Expectation, Fails, Loop, Match, Reference, Retry, Total
from stripe_shell.lang.visit import nodes_in
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

if TYPE_CHECKING:
    from pathlib import Path

#: Directives that decide whether a block runs or evaluate its response; they do not affect its call.
_JUDGES = frozenset({Condition, Expectation, Fails, Loop, Match, Retry, Total})

#: Everything in a scope that a block's call depends on.
Dependencies = tuple[object, ...]


class _Kept(NamedTuple):
    """A cached resolution and its dependencies; it references the block so that its `id` is not reused."""

    block: Block
    dependencies: Dependencies
    resolved: Resolution


class Feed(NamedTuple):
    """A block whose `@out` writes the data file of a later loop.

    `writes`: its call writes too. `loop`: the file is that of a loop, to which a later process of the run may add rows.
    """

    block: Block
    writes: bool
    loop: bool


#: What the check of a script comes before.
Purpose = Literal["run", "plan", "dry run"]


class _RowCalls(NamedTuple):
    """The calls of a block by the key of the row, and what else they depend on."""

    now: int
    settings: ScopeSettings
    calls: dict[str, BlockCall]


class Resolver:
    """Resolves the blocks of one run and caches the last resolution of each until its dependencies change.

    A block without references, or whose references have values at the check, is resolved once. A block that refers to a
    later response is resolved again when the response arrives. One that refers to a row of `@foreach` is resolved for
    two rows; for all others only its references are evaluated.
    Thread-safe. `version` replaces the API version that the script and the connections ask for. `row_counts` are the
    rows of the loops that were checked, by the `id` of the loop. `rows_checked` returns the number of rows of a data
    file that was checked before with the same script, None for others: the check skips its rows. `late_loops` are the
    `id`s of loops whose rows become known only in the run, `feeds` the blocks that write their files.
    `purpose` says what the check keeps of rows: for a plan the calls of blocks that depend on nothing but the row of a
    loop over a file; for a dry run `tallies` of blocks, by their `id`. `selection` selects rows of the outermost loops,
    None all; `selected` are their numbers, by the `id` of the loop.
    """

    def __init__(
        self,
        table: Table,
        find_file: FindFile = find_on_disk,
        links: Links | None = None,
        version: str | None = None,
    ) -> None:
        self.table = table
        self.links = links
        self.version = version
        self.find_file = find_file
        self.row_counts: dict[int, int] = {}
        self.tallies: dict[int, BlockTally] = {}
        self.selection: RowSelection | None = None
        self.selected: dict[int, int] = {}
        self.rows_checked: Callable[[Path], int | None] = lambda path: None
        self.late_loops: set[int] = set()
        self.purpose: Purpose = "run"
        self._row_calls: dict[int, _RowCalls] = {}
        self.feeds: dict[int, Feed] = {}
        self._kept: dict[int, _Kept] = {}
        #: By the `id` of the block, and whether its rows are stamped: those of the check are not.
        self._templates: dict[tuple[int, bool], RowTemplate | None] = {}
        self._assertions: dict[int, tuple[Block, BlockAssertions]] = {}

    def resolve(self, block: Block, scope: Scope) -> Resolution:
        """Returns the call of the block in this scope and all its diagnostics, from the cache if possible."""
        place = id(block), scope.settings.stamp is not None
        template = self._templates.get(place)
        if template is not None and (filled := template.fill(scope)) is not None:
            return filled
        dependencies = dependencies_of(block, scope)
        kept = self._kept.get(id(block))
        if kept is not None and kept.dependencies == dependencies:
            return kept.resolved
        resolved = resolve(block, self.table_of(block, scope), scope)
        if resolved.call is None:
            return resolved
        if kept is not None and place not in self._templates and not resolved.diagnostics:
            # It is resolved for the second time: it is in a loop, or refers to a response.
            self._templates[place] = row_template(block, resolved.call, scope)
        self._kept[id(block)] = _Kept(block, dependencies, resolved)
        return resolved

    def rows_of(self, loop: Loop) -> int:
        """Returns the number of rows of a loop that was checked and that run; 0 if a response tells it."""
        return self.selected.get(id(loop), self.row_counts.get(id(loop), 0))

    def keep_row(self, block: Block, key: str, scope: Scope, call: BlockCall) -> None:
        """Keeps the call of a block for the row with this key; `scope` is that of the row."""
        kept = self._row_calls.get(id(block))
        if kept is None:
            kept = self._row_calls[id(block)] = _RowCalls(scope.now, scope.settings, {})
        kept.calls[key] = call

    def row_calls(self, block: Block, scope: Scope) -> Mapping[str, BlockCall]:
        """Returns the kept calls of a block by the key of the row, as far as they hold in this scope."""
        kept = self._row_calls.get(id(block))
        return kept.calls if kept is not None and kept[:2] == (scope.now, scope.settings) else {}

    def assertions(self, block: Block, scope: Scope) -> BlockAssertions:
        """Returns the assertions of the block in this scope; those without references are kept."""
        kept = self._assertions.get(id(block))
        if kept is not None:
            return kept[1]
        found = assertions_of(block, scope)
        if not any("${" in directive.span.text for directive in block.directives):
            self._assertions[id(block)] = (block, found)
        return found

    def table_of(self, block: Block, scope: Scope) -> Table:
        """Returns the table of the API version that the block asks for."""
        scope = scope.with_settings(version=self.version) if self.version else scope
        return table_of(block, scope, self.table, self.links)

    def operation(self, block: Block) -> Operation | None:
        """Returns the operation of the block, independent of any scope; None if its words are wrong."""
        kept = self._kept.get(id(block))
        return kept.resolved.operation if kept is not None else find_operation(block, self.table, [])


def depends_on(names: Set[str], block: Block) -> bool:
    """Whether a reference of the block has one of these names, as the default of another one too."""
    return "${" in block.span.text and any(each.name in names for each in nodes_in(block.items, Reference))


def depends_on_row(block: Block, name: str) -> bool:
    """Whether all references of the block are to the columns of the row with this name."""
    return all(each.name == name and each.namespace is None for each in nodes_in(block.items, Reference))


def dependencies_of(block: Block, scope: Scope) -> Dependencies:
    """Returns the settings and values that the block takes from the scope, and the time only if it refers to it.

    Values are compared as written: `1`, `1.0`, `"1"` and `true` are four. Whether a value comes from data counts too,
    since a path accepts only a plain name from data.
    """
    settings, text = scope.settings, block.span.text
    references = _references(block) if "${" in text else []
    if not references and "now" not in text:
        return settings.account, settings.version, settings.spec, settings.stamp, settings.timezone
    values = tuple([_written(reference, scope) for reference in references])
    of_data = tuple([comes_from_data(reference, scope) for reference in references])
    now = scope.now if "now" in text or "now" in "".join(values) else None
    return settings.account, settings.version, settings.spec, settings.stamp, settings.timezone, now, values, of_data


def _references(block: Block) -> list[Reference]:
    """Returns the references that the call depends on: those outside the directives of `_JUDGES`."""
    found = [reference for param in block.params for reference in param.value.references]
    for directive in block.directives:
        if type(directive.argument) not in _JUDGES and "${" in directive.span.text:
            found += nodes_in(directive.argument, Reference)
    return found


def _written(reference: Reference, scope: Scope) -> str:
    """Returns the value of a reference as text, or `PendingValue` or `Diagnostic` if it has none."""
    found = look_up(reference, scope)
    return repr(found.value) if isinstance(found, FoundValue) else type(found).__name__
