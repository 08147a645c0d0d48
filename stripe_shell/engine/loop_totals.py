"""The totals of a loop as far as they are known before it runs: its rows, and how often each of its calls is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from stripe_shell.engine.foreach import header
from stripe_shell.engine.resolver import Resolver
from stripe_shell.lang.ast import Block, Loop
from stripe_shell.records import record


@record
class LoopTotals:
    """The number of rows of a loop, and of its calls by name; a call that a response may skip counts."""

    rows: int
    calls: Mapping[str, int]

    def __str__(self) -> str:
        """Returns the totals on one line: `2,000 rows · create customer 2,000 · create invoice_item 1,937`."""
        rows = f"{self.rows:,} row{'' if self.rows == 1 else 's'}"
        return " · ".join([rows, *(f"{name} {count:,}" for name, count in self.calls.items())])


def loop_totals(loop: Loop, resolver: Resolver) -> LoopTotals | None:
    """Returns the totals of a loop that `resolver` has checked; None if its rows become known in the run."""
    rows = resolver.row_counts.get(id(loop))
    if rows is None:
        return None
    calls: Counter[str] = Counter()
    for item in loop.items:
        if isinstance(item, Block):
            operation = resolver.operation(item)
            by_row = f"${{{header(loop).name}." in item.span.text
            calls[operation.name if operation else "call"] += resolver.calls[id(item)] if by_row else rows
        elif isinstance(item, Loop):
            inner = loop_totals(item, resolver)
            for name, count in inner.calls.items() if inner else ():
                calls[name] += rows * count
    return LoopTotals(rows, calls)
