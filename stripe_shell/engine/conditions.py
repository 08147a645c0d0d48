"""`@when` and the `until` of `@retry`: whether a condition holds."""

from __future__ import annotations

from typing import Any

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.demands import TEXT_OPERATORS
from stripe_shell.engine.evaluate import evaluate_operand, evaluate_text_operand
from stripe_shell.engine.expect import Facts, Right, Written, find, holds, show
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Condition, Path, Retry
from stripe_shell.records import record


@record
class Verdict:
    """Whether the condition holds: None while only a response will tell; and what is wrong with its references."""

    holds: bool | None
    problems: tuple[Diagnostic, ...] = ()
    shown: str = ""


def when_of(block: Block) -> Condition | None:
    """The condition of the block's `@when`."""
    return next((d.argument for d in block.directives if isinstance(d.argument, Condition)), None)


def retry_of(block: Block) -> Retry | None:
    """The block's `@retry`."""
    return next((d.argument for d in block.directives if isinstance(d.argument, Retry)), None)


def judge_condition(condition: Condition, scope: Scope, facts: Facts | None = None) -> Verdict:
    """Whether `left OP right`; a path on the left is looked for in `facts`, a value in the scope."""
    left, found = _left(condition, scope, facts)
    right, more = _right(condition, scope)
    problems = (*found, *more)
    if problems:
        return Verdict(None, problems)
    if is_deferred(left) or is_deferred(right):
        return Verdict(None)
    return Verdict(holds(left, condition.operator, right, scope.now), (), show(left))


def _left(condition: Condition, scope: Scope, facts: Facts | None) -> tuple[Any, tuple[Diagnostic, ...]]:
    if isinstance(condition.left, Path):
        return (find(condition.left, facts) if facts else None), ()
    value, problems = evaluate_operand(condition.left, scope)
    return (value.text if isinstance(value, Written) else value), problems


def _right(condition: Condition, scope: Scope) -> tuple[Right, tuple[Diagnostic, ...]]:
    if condition.operator in TEXT_OPERATORS:
        return evaluate_text_operand(condition.right, scope)
    return evaluate_operand(condition.right, scope)
