"""Nodes of the syntax tree that no text was read for: what a conversion writes."""

from __future__ import annotations

from stripe_shell.diagnostics import SourceText, Span
from stripe_shell.lang.ast import Argument, Comment, Directive, Key, Param, Reference, Style, Value
from stripe_shell.lang.parser import parse_template

#: Where nothing stands.
NOWHERE = Span(SourceText("<converted>", ""), 0, 0)


def value(text: str, style: Style = "bare") -> Value:
    """A value whose text may hold references as the language writes them."""
    return Value(style, parse_template(text, NOWHERE) if text else (), NOWHERE)


def param(path: tuple[str, ...], content: Value) -> Param:
    """`key: value`."""
    return Param(Key(path, NOWHERE), content, NOWHERE)


def directive(name: str, argument: Argument | None) -> Directive:
    """`@name argument`."""
    return Directive(name, argument, NOWHERE, NOWHERE)


def comment(text: str) -> Comment:
    """`# text`."""
    return Comment(f" {text}", False, NOWHERE)


def escaped(text: str) -> str:
    """Text in which nothing is a reference."""
    return text.replace("${", "$${")


def reference_text(reference: Reference) -> str:
    """`${name.path}`, without its default: as the engine shows what a response has yet to tell."""
    return f"${{{reference.raw}}}"
