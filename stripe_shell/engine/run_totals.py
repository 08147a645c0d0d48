"""The totals of a script as far as they are known without reading anything: its rows, writes, reads and money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from stripe_shell.engine.block_tally import BlockTally
from stripe_shell.engine.foreach import header
from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.resolver import Resolver
from stripe_shell.lang.ast import Block, Loop, ScriptItem
from stripe_shell.records import field, record


@record(frozen=False)
class CallGroup:
    """The calls of one operation in one loop; `place` is the loop's source, empty outside of loops.

    `money` is in the smallest unit by currency; `open` counts the writes whose amount is not known yet, `unpriced`
    those about which nothing tells an amount, `undecided` the calls whose `@when` depends on a response. `each_row`:
    the numbers are those of one row, as a response tells how many rows the loop has.
    """

    place: str
    operation: str
    each_row: bool = False
    writes: int = 0
    reads: int = 0
    skipped: int = 0
    undecided: int = 0
    open: int = 0
    unpriced: int = 0
    money: Counter[str] = field(default_factory=Counter)

    def add(self, tally: BlockTally, times: int, *, writes: bool) -> None:
        """Adds the calls of a block, `times` over."""
        self.writes += tally.calls * times if writes else 0
        self.reads += 0 if writes else tally.calls * times
        self.skipped += tally.skipped * times
        self.undecided += tally.undecided * times
        self.open += tally.open * times
        self.unpriced += tally.unpriced * times
        for currency, amount in tally.money.items():
            self.money[currency] += amount * times


@record
class RunTotals:
    """The number of rows of the outermost loops, and the calls; `late` are the loops whose rows a response tells."""

    rows: int
    groups: Sequence[CallGroup]
    late: Sequence[str]

    @property
    def extent(self) -> Mapping[str, int]:
        """Returns the number of writes and the money by currency, by unit; without loops whose rows are not known."""
        total: Counter[str] = Counter()
        for group in self.groups:
            if not group.each_row:
                total[WRITES] += group.writes
                total.update(group.money)
        return total

    @property
    def reads(self) -> int:
        """Returns the number of reads; without loops whose rows are not known."""
        return sum(group.reads for group in self.groups if not group.each_row)


@record
class _Around:
    """The loop around some items: how often the items run in all, and how often the loop does."""

    loop: Loop | None = None
    rows: int = 1
    times: int = 1
    late: bool = False


def run_totals(items: Sequence[ScriptItem], resolver: Resolver, tags: frozenset[str] = frozenset()) -> RunTotals:
    """Returns the totals of items that `resolver` has checked; `tags` selects blocks, empty selects all."""
    groups: dict[tuple[str, str, bool], CallGroup] = {}
    late: list[str] = []
    for block, around in _blocks(items, resolver, _Around()):
        tally, operation = resolver.tallies.get(id(block)), resolver.operation(block)
        if tally is None or (tags and tags.isdisjoint(tally.tags)):
            continue
        place = "" if around.loop is None else source_text(around.loop)
        if around.late and place not in late:
            late.append(place)
        name = operation.name if operation is not None else "call"
        group = groups.setdefault((place, name, around.late), CallGroup(place, name, around.late))
        by_row = around.loop is not None and f"${{{header(around.loop).name}." in block.span.text
        times = around.times if by_row and not around.late else around.rows
        group.add(tally, times, writes=operation is None or operation.writes)
    loops = [item for item in items if isinstance(item, Loop)]
    return RunTotals(sum(resolver.rows_of(loop) for loop in loops), list(groups.values()), late)


def _blocks(items: Sequence[ScriptItem], resolver: Resolver, around: _Around) -> Iterator[tuple[Block, _Around]]:
    for item in items:
        if isinstance(item, Block):
            yield item, around
        elif isinstance(item, Loop):
            late = around.late or id(item) in resolver.late_loops
            rows = 1 if late else around.rows * resolver.rows_of(item)
            times = 1 if late else around.rows
            yield from _blocks(item.items, resolver, _Around(item, rows, times, late))


def source_text(loop: Loop) -> str:
    """Returns the source of a loop as written, without quotes."""
    return header(loop).file.span.text.strip("\"'")
