"""The text between `${` and `}`: references, sums of two numbers, and amounts of money."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

from stripe_shell.diagnostics import Span
from stripe_shell.lang.ast import Arithmetic, Inserted, MoneyAmount, Reference, Rounding
from stripe_shell.lang.escapes import unescape
from stripe_shell.lang.paths import read_steps
from stripe_shell.lang.reading import Reading
from stripe_shell.patterns import pattern

ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)

_NAMESPACED = pattern(r"([A-Za-z_]\w*):([A-Za-z_]\w*)")
_NAME = pattern(r"[^\W\d]\w*")
_DEFAULT = pattern(r"[ \t]*(?::-(.*))?\Z", re.DOTALL)
_NUMBER = pattern(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?![\w.])")
_OPERATOR = pattern(r"[ \t]+([-+*/])[ \t]+")
_ROUNDING = pattern(r"[ \t]+([a-z-]+)[ \t]*\Z|[ \t]*\Z")
_AS = pattern(r"[ \t]+as[ \t]+")
_CURRENCY = pattern(r"[A-Za-z]{3,4}[ \t]*\Z")
_END = pattern(r"[ \t]*\Z")

#: A column or a member with blanks or signs, such as `row.Created (UTC)`.
_COLUMN = pattern(r"[ \t]*([^\W\d]\w*)\.([^\W\d][^\"'${}:\[\]]*[^\s\"'${}:\[\]])[ \t]*")

#: Returns the span of a range of the text between the braces.
SpanOf = Callable[[int, int], Span]


def parse_insertion(reading: Reading, start: int, end: int, *, escapes: bool) -> Inserted:
    """Parses the text between the braces at `[start, end)`; a bad one is recorded, and is a name without a value."""
    content = reading.text[start:end]
    whole = reading.span(start, end)
    span_of: SpanOf = lambda first, last: reading.span(start + first, start + last)  # noqa: E731
    if escapes and "\\" in content:
        content = unescape(reading, start, end)
        span_of = lambda first, last: whole  # noqa: E731
    found = _read(content, span_of)
    if found is None:
        message, label = describe_bad_reference(content)
        reading.problem("E108", message, whole, label)
        return Reference(None, content.strip(), (), None, content.strip(), whole)
    if isinstance(found, Reference) and found.namespace not in (None, "env"):
        label = "the only namespace is `env:`"
        reading.problem("E108", f"unknown namespace `{found.namespace}:`", whole, label)
    return found


def describe_bad_reference(content: str) -> tuple[str, str]:
    """Returns the message and the label of E108 for the text between the braces."""
    message = f"`{content.strip()}` is not a reference" if content.strip() else "a reference without a name"
    return message, _hint(content)


def _hint(content: str) -> str:
    if column := _COLUMN.fullmatch(content):
        return f'write `${{{column[1]}."{column[2]}"}}`: a name with blanks or signs stands in quotes'
    if _OPERATOR.search(content):
        return f"write `${{A op B}}`: two numbers or references, then for a rounding {', '.join(ROUNDINGS)}"
    if _AS.search(content):
        return "write `${AMOUNT as usd}`, or `${row.amount as row.currency}`"
    return "write `${name}`, `${name.path[0]}` or `${env:NAME}`; `$${` for the text itself"


def _read(content: str, span_of: SpanOf) -> Inserted | None:
    start = len(content) - len(content.lstrip(" \t"))
    operand = _operand(content, start, span_of)
    if operand is None:
        return None
    left, pos = operand
    if operator := _OPERATOR.match(content, pos):
        return _arithmetic(content, left, operator, span_of)
    if isinstance(left, str):
        return None
    if named := _AS.match(content, pos):
        return _amount(content, left, named.end(), span_of)
    rest = _DEFAULT.match(content, pos)
    if rest is None:
        return None
    default: str | Reference | None = rest[1]
    if rest[1] and "${" in rest[1]:
        default = _reference_default(rest[1], rest.start(1), span_of)
        if default is None:
            return None
    return Reference(left.namespace, left.name, left.path, default, left.raw, span_of(0, len(content)))


def _operand(content: str, start: int, span_of: SpanOf) -> tuple[Reference | str, int] | None:
    """Reads a number or a reference without a default; returns it and its end."""
    if number := _NUMBER.match(content, start):
        return number[0], number.end()
    if namespaced := _NAMESPACED.match(content, start):
        namespace, name = namespaced.groups()
        end = namespaced.end()
        return Reference(namespace, name, (), None, namespaced[0], span_of(start, end)), end
    named = _NAME.match(content, start)
    if named is None:
        return None
    steps, end = read_steps(content, named.end(), len(content))
    if "*" in steps:
        return None
    return Reference(None, named[0], steps, None, content[start:end], span_of(start, end)), end


def _arithmetic(content: str, left: Reference | str, operator: re.Match[str], span_of: SpanOf) -> Arithmetic | None:
    operand = _operand(content, operator.end(), span_of)
    rest = _ROUNDING.match(content, operand[1]) if operand else None
    if operand is None or rest is None or (rest[1] and rest[1] not in ROUNDINGS):
        return None
    sign, rounding = operator[1], rest[1] or None
    raw = content.strip(" \t")
    return Arithmetic(left, sign, operand[0], rounding, raw, span_of(0, len(content)))  # type: ignore[arg-type]


def _amount(content: str, amount: Reference, start: int, span_of: SpanOf) -> MoneyAmount | None:
    span, raw = span_of(0, len(content)), content.strip(" \t")
    if _CURRENCY.match(content, start):
        return MoneyAmount(amount, content[start:].strip(" \t").lower(), raw, span)
    operand = _operand(content, start, span_of)
    if operand is None or isinstance(operand[0], str) or not _END.match(content, operand[1]):
        return None
    return MoneyAmount(amount, operand[0], raw, span)


def _reference_default(text: str, at: int, span_of: SpanOf) -> Reference | None:
    """Reads a default that is a reference as a whole; None for other texts with `${` in them."""
    if not (text.startswith("${") and text.endswith("}")):
        return None
    inner = _read(text[2:-1], lambda first, last: span_of(at + 2 + first, at + 2 + last))
    return inner if isinstance(inner, Reference) else None
