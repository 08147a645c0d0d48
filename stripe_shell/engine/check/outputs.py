"""Checks the files of `@out` in loops: one block for each file, and columns that the rows have."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.engine.fields import field_steps, is_of_row
from stripe_shell.engine.foreach import data_file, list_reference
from stripe_shell.engine.loop_outputs import shared_blocks
from stripe_shell.engine.paths import evaluate_output
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Loop, Output


def check_files(loop: Loop, scope: Scope) -> Iterator[Diagnostic]:
    """Yields E310 for each block whose lines would go into the file of another block of the loop, E303 for its data."""
    first: dict[str, Output] = {}
    data = data_file(loop, scope) if list_reference(loop, scope) is None else ()
    for _, output in shared_blocks(loop):
        evaluated = evaluate_output(output, scope)
        if evaluated.problems or is_deferred(evaluated.value):
            continue
        path = os.path.realpath(os.path.expanduser(evaluated.value))
        if not isinstance(data, tuple) and os.path.realpath(data) == path:
            label = "a run that goes on would not find its rows: name another file"
            yield Diagnostic("E303", "`@out` names the data file of its loop", output.file.span, label=label)
        if path in first:
            message = f"two blocks of one loop write `{evaluated.value}`"
            context = ((first[path].file.span, "here it is written first"),)
            label = "one block writes the file of a loop, a line for each row: give this one another name"
            yield Diagnostic("E310", message, output.file.span, label=label, context=context)
        first.setdefault(path, output)


def row_fields(loop: Loop) -> Iterator[tuple[Output, str, tuple[str | int, ...]]]:
    """Yields the columns of the row among the fields of the blocks of a loop: as written, and as a path."""
    for block in loop.items:
        output = block.argument(Output) if isinstance(block, Block) else None
        for name in output.fields if output is not None else ():
            if output is not None and is_of_row(name):
                yield output, name, field_steps(name)[1:]


def check_row_fields(loop: Loop, columns: Sequence[str]) -> Iterator[Diagnostic]:
    """Yields E302 for each column of the row that the data file does not have."""
    for output, name, steps in row_fields(loop):
        wanted = ".".join(map(str, steps))
        if wanted not in columns and str(steps[0]) not in columns:
            close = closest(wanted, columns)
            label = f"did you mean `{_field_of(close)}`?" if close else f"it has: {', '.join(columns)}"
            message = f"`row` has no field `{wanted}`: the data has no such column"
            yield Diagnostic("E302", message, field_span(output, name), label=label)


def _field_of(column: str) -> str:
    """Returns a column of the row as it is written among fields."""
    return f"row.{column}" if re.fullmatch(r"[\w-]+", column) else f'row."{column}"'


def field_span(output: Output, name: str) -> Span:
    """Returns where a field stands."""
    match = re.search(rf"(?<=[=,\s]){re.escape(name)}(?=[,\s]|$)", output.span.text)
    if match is None:
        return output.span
    start = output.span.start
    return Span(output.span.source, start + match.start(), start + match.end())
