"""Conditions: evaluates `@when` and the `until` of `@retry`."""

from __future__ import annotations

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.assertions.block import TEXT_OPERATORS, right_side
from stripe_shell.engine.assertions.compare import (
    ResponseFacts,
    Right,
    WrittenLiteral,
    compare,
    evaluate_expectation,
    format_value,
)
from stripe_shell.engine.evaluate import evaluate_operand, evaluate_text_operand
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Condition, Expectation, Retry
from stripe_shell.records import record


@record
class ConditionResult:
    """The result of a condition: `holds` is None while a response is awaited; `problems` concern its references.

    `text` is the condition as written, `actual` its left side.
    """

    holds: bool | None
    problems: tuple[Diagnostic, ...] = ()
    actual: str = ""
    text: str = ""


def evaluate_when(block: Block, scope: Scope) -> ConditionResult:
    """Evaluates the conditions of every `@when` of the block, which must all hold; returns the first that does not.

    A condition after one that is false is not evaluated, so that `@when ${x} exists` guards those below it.
    """
    pending = False
    for directive in block.directives:
        if isinstance(directive.argument, Condition):
            result = evaluate_condition(directive.argument, scope)
            if result.problems or result.holds is False:
                return result
            pending = pending or result.holds is None
    return ConditionResult(None if pending else True)


def retry_of(block: Block) -> Retry | None:
    """Returns the block's `@retry`."""
    return block.argument(Retry)


def evaluate_condition(condition: Condition, scope: Scope) -> ConditionResult:
    """Evaluates the condition `left OP right` in the scope."""
    value, found = evaluate_operand(condition.left, scope)
    left = value.text if isinstance(value, WrittenLiteral) else value
    right, more = _right(condition, scope)
    problems = (*found, *more)
    if problems:
        return ConditionResult(None, problems)
    if is_deferred(left) or is_deferred(right):
        return ConditionResult(None)
    return ConditionResult(
        compare(left, condition.operator, right, scope.clock, condition.count_operator),
        (),
        format_value(left),
        condition.span.text,
    )


def evaluate_until(until: Expectation, scope: Scope, facts: ResponseFacts) -> ConditionResult:
    """Evaluates the `until` condition of a `@retry` on a response."""
    right, problems = right_side(until, scope)
    if problems:
        return ConditionResult(None, problems)
    assertion = evaluate_expectation(until, right, facts)
    return ConditionResult(assertion.passed, (), assertion.actual)


def _right(condition: Condition, scope: Scope) -> tuple[Right, tuple[Diagnostic, ...]]:
    if condition.operator in TEXT_OPERATORS:
        return evaluate_text_operand(condition.right, scope)
    return evaluate_operand(condition.right, scope)
