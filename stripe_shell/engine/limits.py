"""The extent of what a script writes: the limits of `@most`, and the money of `@total`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.evaluate import evaluate, evaluate_text
from stripe_shell.engine.money import NoAmount, parse_amount
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Directive, MostWritten, ScriptItem, Total
from stripe_shell.records import record
from stripe_shell.spec.currencies import CURRENCY_NAMES
from stripe_shell.spec.model import Shape

#: The unit of a limit that counts writes.
WRITES = "writes"


@record
class Money:
    """An amount in the smallest unit of its currency."""

    amount: int
    currency: str


def check_most(directive: Directive, *, in_loop: bool) -> Iterator[Diagnostic]:
    """Yields the problems of an `@most`: in a loop, or with an amount that its currency does not have."""
    most = directive.argument
    if not isinstance(most, MostWritten):
        return
    if in_loop:
        message = "`@most` limits the whole run, and stands in a loop"
        yield Diagnostic("E112", message, directive.span, label="move it to the top of the script")
    limit = _limit(most)
    if isinstance(limit, NoAmount):
        yield Diagnostic("E308", limit.reason, most.span)


def limits_of(items: Iterable[ScriptItem]) -> Mapping[str, int]:
    """Returns the limits of every `@most` at the top by unit: `writes`, or a currency with its smallest unit."""
    limits: dict[str, int] = {}
    for item in items:
        if isinstance(item, Directive) and isinstance(item.argument, MostWritten):
            limit = _limit(item.argument)
            if not isinstance(limit, NoAmount):
                limits[item.argument.unit] = min(limit, limits.get(item.argument.unit, limit))
    return limits


def _limit(most: MostWritten) -> int | NoAmount:
    return int(most.amount) if most.unit == WRITES else parse_amount(most.amount, most.unit)


def total_problems(block: Block, scope: Scope) -> tuple[Diagnostic, ...]:
    """Returns the problems of the references in the block's `@total`."""
    total = block.argument(Total)
    if total is None:
        return ()
    found = evaluate(total.amount, _WHOLE, scope), evaluate_text(total.currency, scope)
    return tuple(problem for each in found for problem in each.problems)


def money_of(block: Block, call: BlockCall, scope: Scope) -> Money | Diagnostic | None:
    """Returns the money that a write is about: of its `@total`, else of its parameters `amount` and `currency`.

    None if there is none, or if a response is to tell it. E308 for a `@total` that is no amount.
    """
    total = block.argument(Total)
    if total is None:
        return _money(call.params.get("amount"), call.params.get("currency"))
    amount, currency = evaluate(total.amount, _WHOLE, scope), evaluate_text(total.currency, scope)
    problems = (*amount.problems, *currency.problems)
    if problems:
        return problems[0]
    if is_deferred(amount.value) or is_deferred(currency.value):
        return None
    money = _money(amount.value, currency.value)
    if money is None:
        shown = scope.masks.mask(f"{amount.value} {currency.value}")[:60]
        label = "a whole number of the smallest unit, and a currency"
        return Diagnostic("E308", f"`@total` is `{shown}`", total.span, label=label)
    return money


def _money(amount: Any, currency: Any) -> Money | None:
    if isinstance(amount, bool) or not isinstance(amount, int) or not isinstance(currency, str):
        return None
    return Money(amount, currency.lower()) if currency.lower() in CURRENCY_NAMES else None


_WHOLE = Shape("integer")
