"""The texts of totals: of a plan, and of a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.money import format_amounts
from stripe_shell.engine.run_totals import CallGroup, RunTotals


def format_extent(rows: int, extent: Mapping[str, int]) -> str:
    """Formats `30 rows · 27 writes · 1,234.00 usd`."""
    money = format_amounts({unit: amount for unit, amount in extent.items() if unit != WRITES})
    parts = [counted(rows, "row")] if rows else []
    return " · ".join([*parts, counted(extent.get(WRITES, 0), "write"), *([money] if money else [])])


def counted(number: int, noun: str) -> str:
    """Formats `1 write`, `2,000 writes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def render_totals(name: str, totals: RunTotals) -> Iterator[str]:
    """Yields the lines of a dry run: the sums, a line for each loop and operation, and what only responses tell."""
    reads = f" · {counted(totals.reads, 'read')}" if totals.reads else ""
    yield f"dry run of {name}: {format_extent(totals.rows, totals.extent)}{reads}"
    for group in totals.groups:
        yield f"  {_format_group(group)}"
    for source in totals.late:
        yield f"  not counted: a response tells how many rows {source} has"
    known = [group for group in totals.groups if not group.each_row]
    if any(group.undecided for group in known):
        yield "  at most so many writes: a response decides about some of them, with `@when`"
    if any(group.open for group in known):
        yield "  not all of the money: the other amounts depend on a response, or on the row of a loop around"


def _format_group(group: CallGroup) -> str:
    place = f"{group.place}, " if group.place else ""
    parts = [counted(group.writes, "write")] if group.writes else []
    parts += [counted(group.reads, "read")] if group.reads else []
    parts += [f"{group.skipped:,} skipped"] if group.skipped else []
    parts += [format_amounts(group.money)] if group.money else []
    parts += [f"{group.unpriced:,} without an amount"] if group.unpriced and group.money else []
    parts += [f"{group.open:,} whose amount is not known yet"] if group.open else []
    parts += [f"{group.undecided:,} of them depend on a response"] if group.undecided else []
    return f"{place}{group.operation}: {' · '.join(parts)}{', for each row' if group.each_row else ''}"
