"""The files of `@out` in loops: which of them are one file for the loop."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from stripe_shell.engine.foreach import header
from stripe_shell.lang.ast import Block, Loop, Output
from stripe_shell.lang.visit import blocks_in, names_given

#: References whose value differs between two blocks with the same text.
OTHER_EACH_TIME = frozenset({"last", "uuid"})


def names_of_row(loop: Loop) -> set[str]:
    """Returns the names whose value may differ from row to row."""
    given = (name for name, _ in names_given(loop.items, "response", "variable", "secret"))
    return {header(loop).name, *OTHER_EACH_TIME, *given}


def shared_blocks(loop: Loop) -> Iterator[tuple[Block, Output]]:
    """Yields the blocks in a loop whose file has the same name for every row: it is one file for the loop."""
    of_row = names_of_row(loop)
    for block in blocks_in(loop.items):
        output = block.argument(Output)
        if output is not None and not any(reference.name in of_row for reference in output.file.references):
            yield block, output


def lines_id(output: Output) -> str:
    """Returns what identifies the lines of an `@out` in its loop: its file as written, and its fields."""
    text = "\0".join((output.file.span.text, *output.fields))
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
