"""API versions on the command line: what changed between two of them, and what of a script a move to one breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from stripe_shell.batch.runner import PreparedScript
from stripe_shell.diagnostics import Diagnostic, closest
from stripe_shell.engine.operation_lookup import find_operation
from stripe_shell.errors import UsageError
from stripe_shell.lang.ast import Block, Expectation
from stripe_shell.lang.visit import blocks_in, nodes_in
from stripe_shell.patterns import pattern
from stripe_shell.records import as_dict, replace
from stripe_shell.render.console import Console
from stripe_shell.spec.model import Operation
from stripe_shell.spec.names import resolve_name
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.history import VersionDifference, differences, removed_in
from stripe_shell.spec.versions.known import is_older, known_versions, read_version

from .version_refusals import refusals

#: A parameter within JSON, as errors name it: `phases[0].iterations`.
_NAMED: Final = pattern(r"^unknown parameter `([^`]+)`")
_INDEX: Final = pattern(r"\[\d+\]")


def named_version(text: str) -> str:
    """Returns the version that a text names. Raises UsageError for one that does not exist."""
    version = read_version(text)
    if version is None:
        near = closest(text, known_versions())
        hint = f"did you mean `{near}`?" if near else f"the newest is {known_versions()[-1]}"
        raise UsageError(f"there is no API version `{text}`; {hint}")
    return version


# --- spec --diff ------------------------------------------------------------------------------------------------


def show_differences(
    found: Iterable[VersionDifference], older: str, newer: str, console: Console, *, as_json: bool
) -> None:
    """Prints what changed after `older`, up to `newer`: a heading for each version, a line for each change."""
    rows = list(found)
    if as_json:
        console.data([as_dict(row) for row in rows], indent=2)
    elif rows:
        console.result("\n".join(_lines(rows)))
    gone = sum(row.sign == "-" for row in rows)
    console.message(f"{older} to {newer}: {len(rows)} changes, {gone} of them removals")


def _lines(rows: list[VersionDifference]) -> Iterator[str]:
    version = subject = ""
    for row in rows:
        if row.version != version:
            yield f"{'' if not version else chr(10)}{row.version}"
            version, subject = row.version, ""
        if not row.path:
            yield f"  {row.sign} {row.subject}   {row.detail}"
            subject = ""
            continue
        heading = row.subject if row.where == "request" else f"{row.subject} (answers)"
        if heading != subject:
            yield f"  {heading}"
            subject = heading
        yield f"    {row.sign} {row.path}   {row.detail}"


def narrowed(table: Table, older: str, newer: str, entities: Iterable[str] | None) -> Iterator[VersionDifference]:
    """Yields the differences of some entities, by version; of all for None."""
    wanted = None if entities is None else set(entities)
    found = [*differences(table, older, newer), *_unseen(older, newer)]
    for each in sorted(found, key=lambda row: row.version[:10]):
        if wanted is None or (table.canonical(each.subject.rpartition(" ")[2]) or each.subject) in wanted:
            yield each


def _unseen(older: str, newer: str) -> Iterator[VersionDifference]:
    """Yields what no table shows: defaults, refusals, and what Stripe does by itself, as it was before."""
    from stripe_shell.sandbox.versions.chain import all_changes
    from stripe_shell.sandbox.versions.change import summary_of

    for change in all_changes():
        if change.unseen and is_older(older, change.version) and not is_older(newer, change.version):
            for subject in change.operations or change.refused:
                detail = f"before: {summary_of(change)}"
                yield VersionDifference(change.version, "request", subject, "~", "", detail)


# --- check --version --------------------------------------------------------------------------------------------


def what_breaks(table: Table, then: PreparedScript, version: str) -> PreparedScript:
    """Returns the check of a script in a version, with what the version refuses, and notes on what to do."""
    blocks = list(blocks_in(then.program.items))
    found = [
        replace(diagnostic, notes=(*diagnostic.notes, *_notes(table, diagnostic, blocks, version)))
        for diagnostic in then.diagnostics
    ]
    told = {diagnostic.span for diagnostic in found}
    refused = [each for block in blocks for each in refusals(table, block, version) if each.span not in told]
    return replace(then, diagnostics=(*found, *refused))


def _notes(table: Table, diagnostic: Diagnostic, blocks: list[Block], version: str) -> Iterator[str]:
    """Yields when something was removed, and what the change of that version says."""
    block = next((block for block in blocks if diagnostic.span is not None and _holds(block, diagnostic)), None)
    if block is None:
        return
    if diagnostic.code == "E205":
        yield from _successors(block, version)
    oldest, value = known_versions()[0], _value_of(block, diagnostic)
    for subject, path in _names_of(table, diagnostic, block):
        removed = removed_in(table, subject, path, oldest, version, value=value) or _accepted_before(path, version)
        if removed is not None:
            yield f"removed in {removed}"
            yield from _remedies(removed, subject, path)
            return


def _successors(block: Block, version: str) -> Iterator[str]:
    """Yields which version removed the operation of a block, and what answers for it."""
    from stripe_shell.sandbox.versions.chain import all_changes

    words = [word.value.literal for word in (block.action, block.entity) if word is not None]
    for change in all_changes():
        for gone, successor in change.successors:
            if words == gone.split(" ") and not is_older(version, change.version):
                yield f"removed in {change.version}; `{successor}` answers for it"


def _accepted_before(path: str, version: str) -> str | None:
    """Returns the version that stopped to take a parameter of all operations, such as `include` of lists."""
    from stripe_shell.sandbox.versions.chain import all_changes

    changes = (change for change in all_changes() if change.anywhere and not is_older(version, change.version))
    return next((change.version for change in changes if path.partition(".")[0] in change.accepted), None)


def _holds(block: Block, diagnostic: Diagnostic) -> bool:
    span = diagnostic.span
    return span is not None and span.source == block.span.source and block.span.start <= span.start <= block.span.end


def _names_of(table: Table, diagnostic: Diagnostic, block: Block) -> Iterator[tuple[str, str]]:
    """Yields what a diagnostic may be about: an operation with a parameter, or an object with a member."""
    operation = find_operation(block, table, [])
    if operation is None:
        return
    for param in block.own_params:
        if diagnostic.span is None or diagnostic.span.start not in (param.key.span.start, param.value.span.start):
            continue
        inside = _NAMED.search(diagnostic.message)
        if inside is not None and diagnostic.span.start == param.value.span.start:
            yield operation.name, _INDEX.sub("", inside[1])
        path = resolve_name(operation, param.key.path).path or param.key.path
        yield operation.name, ".".join(path)
    for expectation in nodes_in(block.directives, Expectation):
        if expectation.path.span == diagnostic.span:
            for kind in _kinds(table, operation):
                yield kind, ".".join(str(step) for step in expectation.path.steps)


def _value_of(block: Block, diagnostic: Diagnostic) -> str | None:
    """Returns the value that a diagnostic is about, None where it is about a name."""
    values = (param.value for param in block.own_params if param.value.span == diagnostic.span)
    return next((value.literal for value in values), None) if diagnostic.code == "E204" else None


def _kinds(table: Table, operation: Operation) -> Iterator[str]:
    entity = table.entity(operation.entity)
    if entity is not None and entity.object:
        yield entity.object


def _remedies(version: str, subject: str, path: str) -> Iterator[str]:
    """Yields what the sandbox's change of a version says about a parameter or a member."""
    from stripe_shell.sandbox.versions.chain import all_changes
    from stripe_shell.sandbox.versions.change import summary_of

    first = path.partition(".")[0]
    for change in all_changes():
        concerned = subject in (*change.operations, *change.kinds) or (change.anywhere and first in change.accepted)
        if change.version == version and concerned:
            new = {old: name for name, old in change.names}.get(first)
            if new is not None:
                yield f"write `{new}` from that version on"
            elif f"`{first}" in summary_of(change):
                yield f"before that version: {summary_of(change)}"
