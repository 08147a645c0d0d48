"""`@when` and the `until` of `@retry`: whether a condition holds."""

from __future__ import annotations

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.assertions.block import TEXT_OPERATORS, right_side
from stripe_shell.engine.assertions.compare import Facts, Right, Written, holds, judge, show
from stripe_shell.engine.evaluate import evaluate_operand, evaluate_text_operand
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Condition, Expectation, Retry
from stripe_shell.records import record


@record
class Verdict:
    """Whether the condition holds: None while only a response will tell; and what is wrong with its references."""

    holds: bool | None
    problems: tuple[Diagnostic, ...] = ()
    shown: str = ""


def when_of(block: Block) -> Condition | None:
    """The condition of the block's `@when`."""
    return block.argument(Condition)


def retry_of(block: Block) -> Retry | None:
    """The block's `@retry`."""
    return block.argument(Retry)


def judge_condition(condition: Condition, scope: Scope) -> Verdict:
    """Whether `left OP right`."""
    value, found = evaluate_operand(condition.left, scope)
    left = value.text if isinstance(value, Written) else value
    right, more = _right(condition, scope)
    problems = (*found, *more)
    if problems:
        return Verdict(None, problems)
    if is_deferred(left) or is_deferred(right):
        return Verdict(None)
    return Verdict(holds(left, condition.operator, right, scope.now, condition.count_operator), (), show(left))


def judge_until(until: Expectation, scope: Scope, facts: Facts) -> Verdict:
    """Whether the response is as awaited."""
    right, problems = right_side(until, scope)
    if problems:
        return Verdict(None, problems)
    assertion = judge(until, right, facts)
    return Verdict(assertion.passed, (), assertion.actual)


def _right(condition: Condition, scope: Scope) -> tuple[Right, tuple[Diagnostic, ...]]:
    if condition.operator in TEXT_OPERATORS:
        return evaluate_text_operand(condition.right, scope)
    return evaluate_operand(condition.right, scope)
