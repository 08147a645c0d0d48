"""Formats names, values and expressions: in the simplest form that parses to an equal node."""

from __future__ import annotations

import re
from collections.abc import Callable

from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.escaping import NOT_SHOWN
from stripe_shell.lang.ast import (
    Condition,
    Expectation,
    Inserted,
    Key,
    ListValue,
    Operand,
    Reference,
    Style,
    Text,
    Value,
)
from stripe_shell.lang.lines import BLANKS, read_lines
from stripe_shell.lang.paths import parse_key
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.values import parse_value, parse_word
from stripe_shell.patterns import pattern

_INDENT = "  "
_PLAIN = pattern(r"[^\s\"'{\[$](?:[^\n\r$]*[^\s$])?\Z")
#: Names written in brackets, as in Stripe's API reference.
_BRACKETED = ("", "gt", "gte", "lt", "lte")
_PLAIN_NAME = pattern(r"[a-z][a-z0-9_]*\Z")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TO_ESCAPE = pattern(rf'["\\\x00-\x1f{NOT_SHOWN}]')
_TO_ESCAPE_IN_HEREDOC = pattern(rf'\\|"(?="")|"\Z|[\x00-\x08\x0b-\x1f{NOT_SHOWN}]')


def format_key(key: Key, *, inline: bool = False) -> str:
    """Formats a parameter name: dots before names, brackets around indexes, quotes only where necessary."""
    text = ""
    for index, segment in enumerate(key.path):
        literal = index > 0 and key.path[index - 1] == "metadata" and segment != ""
        if literal:
            text += f".{_literal_name(segment, inline)}"
        elif index > 0 and (segment in _BRACKETED or (segment.isascii() and segment.isdigit())):
            text += f"[{segment}]"
        else:
            text += ("." if index else "") + _segment(segment)
    return text


def format_metadata_key(name: str, *, inline: bool = False) -> str:
    """A key of metadata as it stands behind `metadata.`."""
    return _literal_name(name, inline)


def format_value(value: Value, indent: str = "") -> str:
    """Formats a value after `key: `, in its own style where possible; `indent` is that of the line."""
    if value.style == "bare" and len(value.parts) == 1 and isinstance(part := value.parts[0], Text):
        if _PLAIN.match(part.text):
            return part.text
    elif not value.parts and value.style == "bare":
        return ""
    for style in (value.style, *_FALLBACKS):
        spelled = _SPELLINGS[style](value, indent)
        if _reads_back(spelled, value, style):
            return spelled
    return _double(value, indent)


def format_word(value: Value) -> str | None:
    """Formats a value as a shell-quoted word of the inline form; None if its style does not fit on a line."""
    if not value.parts and value.style == "bare":
        return ""
    spelled = _SPELLINGS[value.style](value, "")
    if "\n" in spelled:
        return None
    reading = Reading(SourceText("", f"{spelled} x"))
    read, stop = parse_word(reading, 0, len(reading.text))
    return spelled if read == value and stop == len(spelled) and not has_errors(reading.problems) else None


def format_argument_word(value: Value) -> str:
    """Formats a value as one word of a directive's argument, quoted if its own style is not valid there."""
    spelled = format_word(value)
    return _double(value, "") if spelled is None else spelled


def format_expectation(expectation: Expectation, _indent: str = "") -> str:
    """Formats `[all|any] PATH OP VALUE`."""
    operator = " ".join(part for part in (expectation.operator, expectation.count_operator) if part)
    words = [expectation.quantifier, expectation.path.text, operator, _operand(expectation.operand)]
    return " ".join(word for word in words if word)


def format_condition(condition: Condition, _indent: str = "") -> str:
    """Formats `VALUE OP VALUE`."""
    left = format_argument_word(condition.left)
    words = [left, condition.operator, condition.count_operator, _operand(condition.right)]
    return " ".join(word for word in words if word)


def _operand(operand: Operand | None) -> str:
    if operand is None:
        return ""
    if isinstance(operand, ListValue):
        return f"[{', '.join(_item(item) for item in operand.items)}]"
    return format_value(operand)


def _item(value: Value) -> str:
    """Formats a value as an item of `[a, "b c", ${x}]`."""
    return _SPELLINGS[value.style](value, "")


# --- names ----------------------------------------------------------------------------------------------


def _segment(name: str) -> str:
    return name if _PLAIN_NAME.match(name) or (name.isascii() and name.isdigit()) else _quote_name(name)


def _literal_name(name: str, inline: bool) -> str:
    """Formats the rest of a name after `metadata.`, quoted only if it would be parsed differently."""
    if _PLAIN_NAME.match(name):
        return name
    if inline and re.search(r"[\s=\"'{$]", name):
        return _quote_name(name)
    text = f"metadata.{name}: x"
    line = next(read_lines(text))
    reading = Reading(SourceText("", text))
    try:
        key = parse_key(reading, line.body, line.word)
    except Mistake:
        return _quote_name(name)
    return name if key.path == ("metadata", name) and line.end == len(text) else _quote_name(name)


def _quote_name(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# --- values ---------------------------------------------------------------------------------------------


def _reads_back(spelled: str, value: Value, style: Style) -> bool:
    """Whether `spelled`, after a name, parses as one logical line whose value is `value` in that style."""
    text = f"k: {spelled}\n"
    lines = list(read_lines(text))
    if len(lines) != 1 or lines[0].kind != "param":
        return False
    reading = Reading(SourceText("", text))
    read = parse_value(reading, lines[0].value, lines[0].end)
    return read.parts == value.parts and read.style == style and not has_errors(reading.problems)


def _spell(value: Value, text: Callable[[str], str], inserted: Callable[[str], str]) -> str:
    return "".join(text(part.text) if isinstance(part, Text) else _inserted(part, inserted) for part in value.parts)


def _inserted(part: Inserted, text: Callable[[str], str]) -> str:
    """Formats `${…}`; `text` escapes what is written in it."""
    if not isinstance(part, Reference) or part.default is None:
        return "${" + text(part.raw) + "}"
    default = text(part.default) if isinstance(part.default, str) else _inserted(part.default, text)
    return "${" + f"{text(part.raw)}:-{default}" + "}"


def _bare(value: Value, indent: str) -> str:
    return _spell(value, _escape_references, str)


def _single(value: Value, indent: str) -> str:
    return f"'{_spell(value, str, str)}'"


def _json(value: Value, indent: str) -> str:
    return _spell(value, str, _escape)


def _double(value: Value, indent: str) -> str:
    return f'"{_quoted_body(value, _escape)}"'


def _heredoc(value: Value, indent: str) -> str:
    return _between('"""', _quoted_body(value, _escape_in_heredoc), indent)


def _literal_heredoc(value: Value, indent: str) -> str:
    return _between("'''", _spell(value, str, str), indent)


def _between(quotes: str, body: str, indent: str) -> str:
    """Formats a single line between the quotes, several lines indented; the caller checks both by parsing."""
    if "\n" not in body and not body.endswith(quotes[0]):
        return f"{quotes}{body}{quotes}"
    lines = body.split("\n")
    if quotes == '"""':
        lines = _keep_margin(lines)
    lines = [f"{indent}{_INDENT}{line}" if line.strip(BLANKS) else line for line in lines]
    return "\n".join([quotes, *lines, f"{indent}{quotes}"])


def _keep_margin(lines: list[str]) -> list[str]:
    """Escapes leading blanks that dedenting would remove."""
    full = [line for line in lines if line.strip(BLANKS)]
    indented = all(line[0] in BLANKS for line in full)
    return [_escape_first(line) if line and (indented or not line.strip(BLANKS)) else line for line in lines]


def _escape_first(line: str) -> str:
    return f"\\u{ord(line[0]):04x}{line[1:]}"


def _quoted_body(value: Value, escape: Callable[[str], str]) -> str:
    pieces = []
    for index, part in enumerate(value.parts):
        if not isinstance(part, Text):
            pieces.append(_inserted(part, _escape_in_braces))
            continue
        piece = escape(_escape_references(part.text))
        before_reference = _is_reference(value, index + 1)
        pieces.append(f"{piece[:-1]}\\u0024" if before_reference and piece.endswith("$") else piece)
    return "".join(pieces)


def _is_reference(value: Value, index: int) -> bool:
    return index < len(value.parts) and not isinstance(value.parts[index], Text)


def _escape_references(text: str) -> str:
    return text.replace("${", "$${")


def _escape_in_braces(text: str) -> str:
    return _escape(text).replace("}", "\\u007d")


def _escape(text: str) -> str:
    return _TO_ESCAPE.sub(_escaped, text)


def _escape_in_heredoc(text: str) -> str:
    return _TO_ESCAPE_IN_HEREDOC.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"


_FALLBACKS: tuple[Style, ...] = ("double",)
_SPELLINGS: dict[Style, Callable[[Value, str], str]] = {
    "bare": _bare,
    "double": _double,
    "single": _single,
    "heredoc": _heredoc,
    "literal_heredoc": _literal_heredoc,
    "json": _json,
}
