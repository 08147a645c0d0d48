"""Values: parses bare text, quotes, heredocs, JSON, and the references inside them."""

from __future__ import annotations

import json
from os.path import commonprefix  # works on any strings, character by character

from stripe_shell.diagnostics import SourceText, Span
from stripe_shell.lang.ast import Part, Text, Value
from stripe_shell.lang.escapes import unescape
from stripe_shell.lang.insertions import parse_insertion
from stripe_shell.lang.lines import BLANKS, LITERAL_STRING, REFERENCE_PATTERN, STRING, WORD, value_end
from stripe_shell.lang.reading import Reading
from stripe_shell.patterns import pattern
from stripe_shell.records import replace

#: An escaped opener, a reference, or an unclosed one with the rest of the line.
TEMPLATE = pattern(rf"\$\$\{{|({REFERENCE_PATTERN})|\$\{{[^\n]*")


def parse_value(reading: Reading, start: int, end: int) -> Value:
    """Parses the value in `[start, end)`, without surrounding blanks."""
    text = reading.text
    if start >= end:
        return Value("bare", (), Span(reading.source, end, end))
    first = text[start]
    if first in "\"'{[":
        return _opened(reading, start, end, first)
    span = Span(reading.source, start, end)
    if text.find("${", start, end) < 0:
        return Value("bare", (Text(text[start:end], span),), span)
    return Value("bare", tuple(_parts(reading, start, end, escapes=False)), span)


def _opened(reading: Reading, start: int, end: int, first: str) -> Value:
    if first in "{[":
        return _bracketed(reading, start, end)
    if reading.text.startswith(first * 3, start, end):
        return _heredoc(reading, start, end)
    return _double(reading, start, end) if first == '"' else _single(reading, start, end)


def parse_word(reading: Reading, start: int, end: int) -> tuple[Value, int]:
    """Parses a shell-quoted word on a line; returns its value and end. A blank ends a bare word."""
    text = reading.text
    if start >= end or text[start] in BLANKS:
        return Value("bare", (), reading.span(start, start)), start
    stop = word_end(text, start, end)
    return parse_value(reading, start, stop), stop


def bare_value(reading: Reading, start: int, end: int) -> Value:
    """Returns the text `[start, end)` as a bare value, with its references."""
    return Value("bare", tuple(_parts(reading, start, end, escapes=False)), Span(reading.source, start, end))


def parse_template(text: str, span: Span) -> tuple[Part, ...]:
    """Parses the text and references of a string whose escapes are already decoded, such as one inside a JSON value.

    The spans are exact if `span` covers the same text; otherwise all are `span`.
    """
    if span.text == text:
        reading, start = Reading(span.source), span.start
        return tuple(_parts(reading, start, span.end, escapes=False))
    parts = _parts(Reading(SourceText(span.source.name, text)), 0, len(text), escapes=False)
    return tuple(_moved(part, span) for part in parts)


_ONE_COMMA_TOO_MANY = "a comma before the closing bracket"


def is_json(text: str) -> bool:
    """Whether `text` is one JSON value, with numbers of any length and any nesting that Python can parse."""
    return json_error(text) is None


def json_error(text: str) -> tuple[int, str] | None:
    """Returns the position and reason of the first JSON error, or None for valid JSON."""
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        return _explained(error, text)
    except (ValueError, RecursionError) as error:
        return 0, str(error)
    return None


def _explained(error: json.JSONDecodeError, text: str) -> tuple[int, str]:
    """Returns the position and reason of an error; for a trailing comma, the same reason in every Python version."""
    before = text[: error.pos].rstrip()
    if text.startswith(",", error.pos) and "trailing comma" in error.msg:
        return error.pos, _ONE_COMMA_TOO_MANY
    if before.endswith(",") and text.startswith(("}", "]"), error.pos):
        return len(before) - 1, _ONE_COMMA_TOO_MANY
    return error.pos, error.msg


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _moved(part: Part, span: Span) -> Part:
    return replace(part, span=span)


# --- the styles -----------------------------------------------------------------------------------------


def _double(reading: Reading, start: int, end: int) -> Value:
    match = STRING.match(reading.text, start, end)
    span = reading.span(start, end)
    if match is None:
        reading.problem("E106", 'no `"` closes this value', reading.span(start, start + 1), "close it, or escape it")
        return Value("double", (Text(reading.text[start + 1 : end], span),), span)
    if match.end() < end:
        return _text_after_quote(reading, start, match.end(), end)
    return Value("double", tuple(_parts(reading, start + 1, end - 1, escapes=True)), span)


def _single(reading: Reading, start: int, end: int) -> Value:
    match = LITERAL_STRING.match(reading.text, start, end)
    if match is None:
        return bare_value(reading, start, end)
    if match.end() < end:
        return _text_after_quote(reading, start, match.end(), end)
    return Value("single", _literal(reading, start + 1, end - 1), reading.span(start, end))


def _text_after_quote(reading: Reading, start: int, close: int, end: int) -> Value:
    label = "quote the whole value, or none of it"
    reading.problem("E115", "text after the closing quote", reading.span(close, end), label)
    return bare_value(reading, start, end)


def _bracketed(reading: Reading, start: int, end: int) -> Value:
    text = reading.text
    close = value_end(text, start, end)
    if close < 0:
        _unclosed(reading, start, "}" if text[start] == "{" else "]")
        span = reading.span(start, end)
        return Value("bare", (Text(text[start:end], span),), span)
    if close == end and is_json(text[start:end]):
        return Value("json", tuple(_parts(reading, start, end, escapes=True, raw=True)), reading.span(start, end))
    if "\n" in text[start:end]:
        _warn_text(reading, start, close)
    return bare_value(reading, start, end)


def _unclosed(reading: Reading, start: int, closer: str) -> None:
    width = 3 if closer in ('"""', "'''") else 1
    message = f"no `{closer}` closes this value"
    reading.problem("E106", message, reading.span(start, start + width), "close it, or quote the value")


def _warn_text(reading: Reading, start: int, close: int) -> None:
    from stripe_shell.diagnostics import Diagnostic

    where, why = json_error(reading.text[start:close]) or (0, "text follows it")
    at = min(start + where, close - 1)
    message = f"not JSON, so it is sent as text: {why}"
    reading.problems.append(Diagnostic("W101", message, reading.span(at, at + 1), "warning"))


def _heredoc(reading: Reading, start: int, end: int) -> Value:
    text = reading.text
    quotes = text[start : start + 3]
    close = value_end(text, start, end)
    span = reading.span(start, end)
    literal = quotes == "'''"
    if close < 0:
        _unclosed(reading, start, quotes)
        return Value("literal_heredoc" if literal else "heredoc", (Text(text[start + 3 : end], span),), span)
    if close < end:
        return _text_after_quote(reading, start, close, end)
    parts: list[Part] = []
    for number, (line_start, line_end) in enumerate(_dedented(text, start + 3, end - 3)):
        if number:
            _append(parts, Text("\n", reading.span(line_start, line_start)))
        if literal:
            parts_here: tuple[Part, ...] | list[Part] = _literal(reading, line_start, line_end)
        else:
            parts_here = _parts(reading, line_start, line_end, escapes=True)
        for part in parts_here:
            _append(parts, part)
    return Value("literal_heredoc" if literal else "heredoc", tuple(parts), span)


def _dedented(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Returns the ranges of a heredoc's lines, dedented and without line ends."""
    ranges = []
    pos = start
    while True:
        newline = text.find("\n", pos, end)
        stop = end if newline < 0 else newline
        ranges.append((pos, stop))
        if newline < 0:
            break
        pos = newline + 1
    ranges = [(a, b if i == len(ranges) - 1 else _before_returns(text, a, b)) for i, (a, b) in enumerate(ranges)]
    first = None if _is_blank(text, *ranges[0]) and len(ranges) > 1 else ranges[0]
    rest = ranges[1:]
    if rest and _is_blank(text, *rest[-1]):
        rest.pop()
    margin = len(commonprefix([_margin(text, a, b) for a, b in rest if not _is_blank(text, a, b)]))  # noqa: RUF071
    dedented = [(b, b) if _is_blank(text, a, b) else (a + margin, b) for a, b in rest]
    return dedented if first is None else [first, *dedented]


def _before_returns(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] == "\r":
        end -= 1
    return end


def _is_blank(text: str, start: int, end: int) -> bool:
    return not text[start:end].strip(BLANKS)


def _margin(text: str, start: int, end: int) -> str:
    line = text[start:end]
    return line[: len(line) - len(line.lstrip(BLANKS))]


# --- text and references --------------------------------------------------------------------------------


def _literal(reading: Reading, start: int, end: int) -> tuple[Part, ...]:
    return (Text(reading.text[start:end], reading.span(start, end)),) if start < end else ()


def _append(parts: list[Part], part: Part) -> None:
    """Appends a part; merges adjacent texts."""
    if isinstance(part, Text) and parts and isinstance(last := parts[-1], Text):
        parts[-1] = Text(last.text + part.text, last.span.to(part.span))
    else:
        parts.append(part)


def _parts(reading: Reading, start: int, end: int, *, escapes: bool, raw: bool = False) -> list[Part]:
    """Returns the texts and references of `[start, end)`.

    `escapes`: JSON escapes are decoded; `raw`: only inside references, while the text stays as written, as in a JSON
    value.
    """
    parts: list[Part] = []
    pos = start
    for match in TEMPLATE.finditer(reading.text, start, end):
        if match.group(1) is None:
            if match[0] != "$${":
                _open_reference(reading, match.start())
            elif not raw:
                _add_text(reading, parts, pos, match.start(), escapes)
                pos = match.start() + 1
            continue
        _add_text(reading, parts, pos, match.start(), escapes and not raw)
        parts.append(parse_insertion(reading, match.start(1) + 2, match.end(1) - 1, escapes=escapes))
        pos = match.end()
    _add_text(reading, parts, pos, end, escapes and not raw)
    return parts


def _add_text(reading: Reading, parts: list[Part], start: int, end: int, escapes: bool) -> None:
    if start < end:
        text = reading.text[start:end]
        if escapes and "\\" in text:
            text = unescape(reading, start, end)
        _append(parts, Text(text, reading.span(start, end)))


def _open_reference(reading: Reading, start: int) -> None:
    label = "close it; `$${` is the text `${`"
    reading.problem("E108", "no `}` closes this reference", reading.span(start, start + 2), label)


# --- words ----------------------------------------------------------------------------------------------


def word_end(text: str, start: int, end: int) -> int:
    """Returns the end of the word at `start`: after its quotes or brackets, else at the next blank."""
    pos = start
    if match := STRING.match(text, start, end) or LITERAL_STRING.match(text, start, end):
        pos = match.end()
    elif text.startswith(("{", "["), start, end):
        pos = max(start, value_end(text, start, end))
    more = WORD.match(text, pos, end)
    return more.end() if more else pos
