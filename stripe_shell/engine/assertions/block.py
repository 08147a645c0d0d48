"""A block's assertions: resolves `@expect`, `@match`, `@fails` and `@may_fail`, and evaluates them on an outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.assertions.compare import (
    Assertion,
    Difference,
    ResponseFacts,
    Right,
    differences,
    evaluate_expectation,
    text_of,
)
from stripe_shell.engine.evaluate import evaluate_operand, evaluate_text_operand, evaluate_variable
from stripe_shell.engine.outcome import Outcome
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Block, Directive, Expectation, Fails, Match
from stripe_shell.lang.directives import DIRECTIVES
from stripe_shell.records import record
from stripe_shell.secrets import Secrets

#: Operators that read their right side as text even where it looks like a number.
TEXT_OPERATORS = frozenset({"~", "!~", "startswith", "endswith", "is"})


@record
class BlockAssertions:
    """The assertions of a block: expectations with resolved operands, JSON to match, and the failure to expect.

    `problems` are references without a value and invalid patterns; with any of them the block is not sent, as its
    response could not be evaluated.
    """

    expectations: tuple[tuple[Expectation, Right], ...]
    matches: tuple[tuple[Directive, Any], ...]
    fails: Fails | None
    problems: tuple[Diagnostic, ...]
    may_pass: bool = True


def assertions_of(block: Block, scope: Scope) -> BlockAssertions:
    """Returns the assertions of the block, their references resolved in `scope`."""
    expectations: list[tuple[Expectation, Right]] = []
    matches: list[tuple[Directive, Any]] = []
    problems: list[Diagnostic] = []
    for directive in block.directives:
        if isinstance(directive.argument, Expectation):
            right, found = right_side(directive.argument, scope)
            expectations.append((directive.argument, right))
            problems += found
        elif isinstance(directive.argument, Match):
            evaluated = evaluate_variable(directive.argument.value, scope)
            matches.append((directive, evaluated.value))
            problems += evaluated.problems
    problems += _conflicts(block)
    failures = [(d, d.argument) for d in block.directives if isinstance(d.argument, Fails)]
    fails = failures[0][1] if failures else None
    may_pass = not failures or failures[0][0].name == "may_fail"
    return BlockAssertions(tuple(expectations), tuple(matches), fails, tuple(problems), may_pass)


def _conflicts(block: Block) -> Iterator[Diagnostic]:
    """Yields E211 for each directive that excludes one above it."""
    for index, directive in enumerate(block.directives):
        excludes = DIRECTIVES[directive.name].excludes
        for above in block.directives[:index] if excludes else ():
            if above.name in excludes:
                first, second = (name for name in DIRECTIVES if name in (above.name, directive.name))
                message = f"`@{first}` and `@{second}` exclude each other"
                yield Diagnostic("E211", message, directive.span, label="keep one of the two")


def right_side(expectation: Expectation, scope: Scope) -> tuple[Right, tuple[Diagnostic, ...]]:
    """Returns the expectation's operand with its references resolved, and the problems found in it."""
    if expectation.operator not in TEXT_OPERATORS:
        return evaluate_operand(expectation.operand, scope)
    right, problems = evaluate_text_operand(expectation.operand, scope)
    if problems or is_deferred(right) or expectation.operator not in {"~", "!~"}:
        return right, problems
    span = expectation.operand.span if expectation.operand else expectation.span
    try:
        re.compile(text_of(right))
    except (re.error, RecursionError, OverflowError) as error:
        return right, (Diagnostic("E111", f"not a regular expression: {error}", span),)
    return right, ()


def evaluate_assertions(block_assertions: BlockAssertions, outcome: Outcome, scope: Scope) -> tuple[Assertion, ...]:
    """Evaluates each assertion on the outcome and returns the results."""
    facts, masks = facts_of(outcome, scope), scope.masks
    assertions = (
        [_evaluate_failure(block_assertions.fails, block_assertions.may_pass, outcome, masks)]
        if block_assertions.fails
        else []
    )
    assertions += [
        evaluate_expectation(expectation, right, facts, masks) for expectation, right in block_assertions.expectations
    ]
    for directive, expected in block_assertions.matches:
        assertions += _evaluate_match(directive, expected, outcome.body, masks)
    return tuple(assertions)


def _evaluate_match(directive: Directive, expected: Any, body: Any, masks: Secrets) -> list[Assertion]:
    found = differences(expected, body)
    if not found:
        return [Assertion(directive.span, "@match", passed=True, expected="", actual="")]
    masked = [Difference(item.path, masks.mask_data(item.expected), masks.mask_data(item.actual)) for item in found]
    return [Assertion(directive.span, "@match", passed=False, expected=str(item), actual="") for item in masked]


def _evaluate_failure(fails: Fails, may_pass: bool, outcome: Outcome, masks: Secrets) -> Assertion:
    error, response = outcome.error, outcome.response
    wanted = fails.type if fails.code is None else f"{fails.type}/{fails.code}"
    kind, codes = error.get("type"), (error.get("code"), error.get("decline_code"))
    if response is not None and response.ok:
        return Assertion(fails.span, "@fails", may_pass, wanted, f"the call succeeded ({response.status})")
    passed = fails.type in {"*", kind} and (fails.code in {None, "*"} or fails.code in codes)
    words = "/".join(str(word) for word in (kind, *codes) if word)
    actual = words or f"{response.status if response else 'no answer'} without an error body"
    return Assertion(fails.span, "@fails", passed, wanted, masks.mask(actual))


def facts_of(outcome: Outcome, scope: Scope) -> ResponseFacts:
    """Returns the facts of the outcome that expectations can read: the body, status code, time and headers."""
    response = outcome.response
    special: dict[str, Any] = {}
    if response is not None:
        special = {
            "$http": response.status,
            "$ms": round(response.elapsed),
            "$request_id": outcome.request_id,
            "$replayed": (response.header("Idempotent-Replayed") or "").lower() == "true",
        }
    return ResponseFacts(outcome.body, special, scope.clock)
