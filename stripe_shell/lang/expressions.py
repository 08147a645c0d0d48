"""Expressions: parses the comparisons of `@expect`, `@when` and `@retry … until`."""

from __future__ import annotations

import re
from typing import Literal

from stripe_shell.diagnostics import closest
from stripe_shell.lang.ast import Condition, Expectation, ListValue, Operand, Operator, Path, Value
from stripe_shell.lang.lines import BLANKS, REFERENCE_PATTERN, STRING_PATTERN
from stripe_shell.lang.paths import ANSWER_PATHS, read_path
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.values import bare_value, parse_value, parse_word
from stripe_shell.patterns import pattern

#: Operators of `@expect`, words last.
SYMBOL_OPERATORS = ("==", "!=", "<=", ">=", "<", ">", "!~", "~")
WORD_OPERATORS = ("in", "contains", "startswith", "endswith", "exists", "absent", "is", "count")
_OPERATOR = pattern(
    r"[ \t\r]*(?:(==|!=|<=|>=|!~|<|>|~)|(?<![^ \t\r])(in|contains|startswith|endswith|exists|absent|is|count)"
    r"(?=[ \t\r]|\Z))[ \t\r]*"
)
_QUANTIFIER = pattern(r"(all|any)[ \t\r]+(?=[$\w])")
# Compiled on first use and cached by `re`, since most scripts use few of them.
_COMPARISON = pattern(r"(==|!=|<=|>=|<|>)[ \t\r]*")
_LEFT_WORD = pattern(rf"(?:\$\$\{{|{REFERENCE_PATTERN}|\$\{{[^}}\n]*+|[^\s=!<>~])+")
_LIST_ITEM = pattern(
    rf"""[ \t\r]*({STRING_PATTERN}|'[^'\n]*'|(?:{REFERENCE_PATTERN}|[^,\[\]{{}}"'\n])*)[ \t\r]*([,\]])"""
)


def parse_expectation(reading: Reading, start: int, end: int) -> Expectation:
    """Parses `[all|any] PATH OP VALUE` at `[start, end)`. Raises Mistake (E111)."""
    quantifier, path, operator, pos = _subject(reading, start, end)
    span = reading.span(start, end)
    if quantifier and "*" not in path.steps:
        message = f"`{quantifier}` needs a path with `[*]`"
        raise Mistake("E111", message, path.span, "e.g. `all data[*].status == active`")
    operand, count_operator = _right_side(reading, operator, pos, end)
    return Expectation(path, operator, operand, quantifier, count_operator, span)


def parse_condition(reading: Reading, start: int, end: int) -> Condition:
    """Parses `VALUE OP VALUE` at `[start, end)`. Raises Mistake (E111)."""
    left, pos = _left_value(reading, start, end)
    operator, pos = _operator(reading, pos, end)
    right, count_operator = _right_side(reading, operator, pos, end)
    return Condition(left, operator, right, count_operator, reading.span(start, end))


def _right_side(reading: Reading, operator: Operator, pos: int, end: int) -> tuple[Operand | None, Operator | None]:
    """Parses the operand after the operator, and for `count` the comparison before it."""
    if operator != "count":
        return _compared_with(reading, operator, pos, end), None
    comparison = _COMPARISON.match(reading.text, pos, end)
    if comparison is None:
        fix = reading.fix(pos, pos, "== ") if pos < end else None
        raise Mistake("E111", "`count` needs a comparison", reading.span(pos, end), "e.g. `count == 3`", fix)
    count_operator: Operator = comparison[1]  # type: ignore[assignment]
    return _number(reading, comparison.end(), end), count_operator


def _number(reading: Reading, start: int, end: int) -> Value:
    value = parse_value(reading, start, end)
    if value.literal is not None and not re.fullmatch("[0-9][0-9_]*", value.literal):
        raise Mistake("E111", "`count` is compared with a number", reading.span(start, end), "e.g. `count == 3`")
    return value


def _subject(reading: Reading, start: int, end: int) -> tuple[Literal["all", "any"] | None, Path, Operator, int]:
    """Parses `[all|any] PATH OP`; returns also the start of the operand."""
    quantifier = _QUANTIFIER.match(reading.text, start, end)
    if quantifier and not _OPERATOR.match(reading.text, quantifier.end(1), end):
        path, pos = _path(reading, quantifier.end(), end)
        operator, pos = _operator(reading, pos, end)
        return ("all" if quantifier[1] == "all" else "any"), path, operator, pos
    path, pos = _path(reading, start, end)
    operator, pos = _operator(reading, pos, end)
    return None, path, operator, pos


def _path(reading: Reading, start: int, end: int) -> tuple[Path, int]:
    found = read_path(reading.text, start, end)
    if found is None:
        label = "a path is like `data[0].id` or `$http`"
        raise Mistake("E111", "a path into the response must stand here", reading.span(start, end), label)
    steps, pos = found
    text, span = reading.text[start:pos], reading.span(start, pos)
    if text.startswith("$") and text not in ANSWER_PATHS:
        meant = closest(text, ANSWER_PATHS)
        label = f"did you mean `{meant}`?" if meant else f"known are {', '.join(ANSWER_PATHS)}"
        raise Mistake("E111", f"unknown `{text}`", span, label, reading.fix(start, pos, meant) if meant else None)
    return Path(steps, text, span), pos


def _operator(reading: Reading, pos: int, end: int) -> tuple[Operator, int]:
    match = _OPERATOR.match(reading.text, pos, end)
    if match:
        operator: Operator = match[1] or match[2]  # type: ignore[assignment]
        return operator, match.end()
    at = reading.skip(pos, end)
    known = " ".join((*SYMBOL_OPERATORS, *WORD_OPERATORS))
    word = reading.text[at:end].split(maxsplit=1)[0] if at < end else ""
    span = reading.span(at, at + len(word)) if word else reading.span(max(pos - 1, 0), pos)
    if word.startswith("="):
        raise Mistake(
            "E111", "`=` is no comparison", reading.span(at, at + 1), "write `==`", reading.fix(at, at + 1, "==")
        )
    meant = closest(word, WORD_OPERATORS)
    fix = reading.fix(at, at + len(word), meant) if meant else None
    label = f"did you mean `{meant}`?" if meant else f"one of {known}"
    raise Mistake("E111", f"`{word}` is not an operator" if word else "an operator must follow", span, label, fix)


def _compared_with(reading: Reading, operator: Operator, pos: int, end: int) -> Operand | None:
    if operator in ("exists", "absent"):
        if pos < end:
            raise Mistake("E111", f"nothing follows `{operator}`", reading.span(pos, end), "remove it")
        return None
    if pos >= end:
        label = 'write a value; `""` is the empty text'
        raise Mistake("E111", f"`{operator}` needs a right side", reading.span(pos - 1, pos), label)
    return _operand(reading, operator, pos, end)


def _operand(reading: Reading, operator: Operator, start: int, end: int) -> Operand:
    if reading.text[start] == "[" and (items := _list_items(reading, start, end)) is not None:
        return ListValue(tuple(items), reading.span(start, end))
    before = len(reading.problems)
    value = parse_value(reading, start, end)
    if operator == "in" and not value.sole_insertion and value.style != "json" and len(reading.problems) == before:
        label = "write `in [a, b]`"
        fix = reading.fix(start, end, f"[{reading.text[start:end]}]") if "," in reading.text[start:end] else None
        raise Mistake("E111", "`in` needs a list", value.span, label, fix)
    return value


def _list_items(reading: Reading, start: int, end: int) -> list[Value] | None:
    """Parses the items of `[a, "b c", ${x}]`; returns None for other text."""
    items: list[Value] = []
    pos = start + 1
    if reading.text[pos:end].strip(BLANKS) == "]":
        return items
    while match := _LIST_ITEM.match(reading.text, pos, end):
        item_start, item_end = match.span(1)
        while item_end > item_start and reading.text[item_end - 1] in BLANKS:
            item_end -= 1
        if item_start == item_end:
            raise Mistake("E111", "an item is missing", reading.span(item_start, match.end()), 'write `""` for none')
        items.append(_item(reading, item_start, item_end))
        pos = match.end()
        if match[2] == "]":
            return items if pos == end else None
    return None


def _item(reading: Reading, start: int, end: int) -> Value:
    if reading.text[start] in "\"'":
        return parse_value(reading, start, end)
    return bare_value(reading, start, end)


def _left_value(reading: Reading, start: int, end: int) -> tuple[Value, int]:
    if reading.text[start] in "\"'":
        return parse_word(reading, start, end)
    word = _LEFT_WORD.match(reading.text, start, end)
    if word is None:
        label = "e.g. `${row.plan} == pro`"
        raise Mistake("E111", "a value must stand here", reading.span(start, end), label)
    return bare_value(reading, start, word.end()), word.end()
