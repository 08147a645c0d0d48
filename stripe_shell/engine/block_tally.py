"""Tallies of blocks: how often the check found a block to be sent, and about how much money its writes are."""

from __future__ import annotations

from collections import Counter

from stripe_shell.engine.limits import Money, money_of
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Total
from stripe_shell.records import field, record


@record(frozen=False)
class BlockTally:
    """The calls of a block, in all rows of its loop if it refers to the row, else in one of them.

    `skipped` counts the rows in which its `@when` does not hold, `undecided` the calls whose `@when` depends on a
    response. `money` is what its writes are about, in the smallest unit by currency; `open` counts the writes whose
    amount or currency depends on a response or on the row of a loop around, `unpriced` those about which nothing tells
    an amount. `tags` are those of the block.
    """

    calls: int = 0
    skipped: int = 0
    undecided: int = 0
    open: int = 0
    unpriced: int = 0
    money: Counter[str] = field(default_factory=Counter)
    tags: frozenset[str] = frozenset()

    def add(self, block: Block, call: BlockCall, scope: Scope, *, decided: bool) -> None:
        """Counts a call. `decided`: its `@when` holds, whatever a response says."""
        self.calls += 1
        self.undecided += not decided
        if not call.operation.writes:
            return
        money = money_of(block, call, scope)
        if isinstance(money, Money):
            self.money[money.currency] += money.amount
        elif has_open_amount(block, call):
            self.open += 1
        else:
            self.unpriced += 1


def has_open_amount(block: Block, call: BlockCall) -> bool:
    """Whether a call of which no amount is known names one that a response is to tell."""
    told = block.argument(Total) is not None
    return told or is_deferred(call.params.get("amount")) or is_deferred(call.params.get("currency"))
