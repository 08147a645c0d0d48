"""Top-level directives: variables, and settings for the lines below (connection, account, version, spec, tags)."""

from __future__ import annotations

from stripe_shell.engine.evaluate import evaluate_text, evaluate_variable
from stripe_shell.engine.scope import Scope, comes_from_data
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Assignment, Directive, Tags, Value
from stripe_shell.lang.directives import DIRECTIVES, setting_text

#: The directives that change a setting.
SETTINGS = frozenset(each.name for each in DIRECTIVES.values() if each.setting)

#: Whose required parameters apply: the source document's (and Stripe's), or Stripe's alone.
SPECS = ("documented", "stripe")


def apply_directive(directive: Directive, scope: Scope) -> Scope:
    """Returns the scope after a top-level directive: with another variable or setting.

    If the directive refers to a field that a response lacks, its name or setting is lost, and the blocks that depend on
    it are not sent.
    """
    if isinstance(directive.argument, Assignment):
        return _assign(directive.argument, scope, secret=directive.name == "secret").next_block()
    if isinstance(directive.argument, Tags):
        return scope.with_settings(tags=directive.argument.names)
    if directive.name in SETTINGS and isinstance(directive.argument, Value):
        return _set(directive.name, directive.argument, scope)
    return scope


def _assign(assignment: Assignment, scope: Scope, *, secret: bool) -> Scope:
    name = assignment.name
    if name in scope.given:
        return scope.with_variable(name, scope.variables[name], secret=secret, written=name in scope.written)
    evaluated = evaluate_variable(assignment.value, scope)
    if evaluated.problems:
        return scope.with_lost(name, evaluated.problems[0])
    if is_deferred(evaluated.value):
        return scope.with_deferred(name)
    written = not any(comes_from_data(reference, scope) for reference in assignment.value.references)
    return scope.with_variable(name, evaluated.value, secret=secret, written=written)


def _set(name: str, value: Value, scope: Scope) -> Scope:
    """Returns the scope with the setting changed; an empty value or `none` resets it."""
    evaluated = evaluate_text(value, scope)
    if evaluated.problems:
        return scope.with_lost(f"@{name}", evaluated.problems[0])
    text = setting_text(name, evaluated.value.strip())
    if name == "connection":
        text = text.removeprefix("/")
    return scope.with_settings(**{name: text or None})
