"""API versions on the command line: what changed between two of them, and what of a script a move to one breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stripe_shell.batch.runner import PreparedScript
from stripe_shell.diagnostics import Diagnostic, closest
from stripe_shell.engine.operation_lookup import find_operation
from stripe_shell.errors import UsageError
from stripe_shell.lang.ast import Block, Expectation
from stripe_shell.lang.visit import blocks_in, nodes_in
from stripe_shell.records import as_dict, replace
from stripe_shell.render.console import Console
from stripe_shell.spec.model import Operation
from stripe_shell.spec.names import resolve_name
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.history import VersionDifference, differences, removed_in
from stripe_shell.spec.versions.known import known_versions, read_version


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
    for each in differences(table, older, newer):
        if wanted is None or (table.canonical(each.subject.rpartition(" ")[2]) or each.subject) in wanted:
            yield each


# --- check --version --------------------------------------------------------------------------------------------


def what_breaks(table: Table, now: PreparedScript, then: PreparedScript, version: str) -> PreparedScript:
    """Returns the check of a script in a version, without what is wrong today, and with notes on what to do."""
    known = {(diagnostic.code, diagnostic.span) for diagnostic in now.diagnostics}
    blocks = list(blocks_in(then.program.items))
    found = [
        replace(diagnostic, notes=(*diagnostic.notes, *_notes(table, diagnostic, blocks, version)))
        for diagnostic in then.diagnostics
        if (diagnostic.code, diagnostic.span) not in known
    ]
    return replace(then, diagnostics=tuple(found))


def _notes(table: Table, diagnostic: Diagnostic, blocks: list[Block], version: str) -> Iterator[str]:
    """Yields when something was removed, and what the change of that version says."""
    block = next((block for block in blocks if diagnostic.span is not None and _holds(block, diagnostic)), None)
    for subject, path in _names_of(table, diagnostic, block) if block is not None else ():
        removed = removed_in(table, subject, path, known_versions()[0], version)
        if removed is not None:
            yield f"removed in {removed}"
            yield from _remedies(removed, subject, path)
            return


def _holds(block: Block, diagnostic: Diagnostic) -> bool:
    span = diagnostic.span
    return span is not None and span.source == block.span.source and block.span.start <= span.start <= block.span.end


def _names_of(table: Table, diagnostic: Diagnostic, block: Block) -> Iterator[tuple[str, str]]:
    """Yields what a diagnostic may be about: an operation with a parameter, or an object with a member."""
    operation = find_operation(block, table, [])
    if operation is None:
        return
    for param in block.own_params:
        if diagnostic.span is not None and param.key.span.start == diagnostic.span.start:
            path = resolve_name(operation, param.key.path).path or param.key.path
            yield operation.name, ".".join(path)
    for expectation in nodes_in(block.directives, Expectation):
        if expectation.path.span == diagnostic.span:
            for kind in _kinds(table, operation):
                yield kind, ".".join(str(step) for step in expectation.path.steps)


def _kinds(table: Table, operation: Operation) -> Iterator[str]:
    entity = table.entity(operation.entity)
    if entity is not None and entity.object:
        yield entity.object


def _remedies(version: str, subject: str, path: str) -> Iterator[str]:
    """Yields what the sandbox's change of a version says about a parameter or a member."""
    from stripe_shell.sandbox.versions.chain import all_changes

    first = path.partition(".")[0]
    for change in all_changes():
        if change.version == version and subject in (*change.operations, *change.kinds):
            new = {old: name for name, old in change.names}.get(first)
            if new is not None:
                yield f"write `{new}` from that version on"
            elif f"`{first}" in (type(change).__doc__ or ""):
                yield f"before that version: {(type(change).__doc__ or '').strip().splitlines()[0]}"
