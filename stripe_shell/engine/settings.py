"""Top-level directives that hold from where they stand: connection, account, version, spec, tags."""

from __future__ import annotations

from stripe_shell.engine.evaluate import evaluate_text
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Directive, Tags, Value

#: The directives that this file carries out.
SETTINGS = frozenset({"connection", "account", "version", "spec", "tags"})

#: Whose required parameters count: the source document's (and Stripe's), or Stripe's alone.
SPECS = ("documented", "stripe")


def apply_setting(directive: Directive, scope: Scope) -> Scope:
    """The scope with the setting changed; an empty value takes it back."""
    if isinstance(directive.argument, Tags):
        return scope.with_settings(tags=directive.argument.names)
    if directive.name not in SETTINGS or not isinstance(directive.argument, Value):
        return scope
    text = evaluate_text(directive.argument, scope).value.strip()
    if directive.name == "connection":
        text = text.removeprefix("/")
    return scope.with_settings(**{directive.name: text or None})
