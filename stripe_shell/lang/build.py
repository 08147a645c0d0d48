"""Builds nodes of the syntax tree without source text, for conversions."""

from __future__ import annotations

from stripe_shell.diagnostics import SourceText, Span
from stripe_shell.escaping import visible
from stripe_shell.lang.ast import Argument, Comment, Directive, Key, Param, Reference, Style, Value
from stripe_shell.lang.parser import parse_template

#: The span of nodes without source text.
NOWHERE = Span(SourceText("<converted>", ""), 0, 0)


def value(text: str, style: Style = "bare") -> Value:
    """Returns a value whose text may contain references in the language's syntax.

    A bare one with characters that a terminal would obey is put in quotes, where they are escaped.
    """
    if style == "bare" and visible(text) != text and "\n" not in text:
        style = "double"
    return Value(style, parse_template(text, NOWHERE) if text else (), NOWHERE)


def param(path: tuple[str, ...], content: Value) -> Param:
    """Returns the parameter `key: value`."""
    return Param(Key(path, NOWHERE), content, NOWHERE)


def directive(name: str, argument: Argument | None) -> Directive:
    """Returns the directive `@name argument`."""
    return Directive(name, argument, NOWHERE, NOWHERE)


def comment(text: str) -> Comment:
    """Returns the comment `# text`."""
    return Comment(f" {visible(text)}", False, NOWHERE)


def escaped(text: str) -> str:
    """Returns the text with `${` escaped, so that it contains no reference."""
    return text.replace("${", "$${")


def reference_text(reference: Reference) -> str:
    """Returns `${name.path}` without its default, as the engine shows a pending value."""
    return f"${{{reference.raw}}}"
