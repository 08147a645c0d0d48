"""The lexer's first half: splits the text into logical lines, each with its kind and the range of its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from stripe_shell.patterns import pattern

LineKind = Literal["param", "blank", "comment", "header", "directive", "response", "other"]

#: Characters that may surround the words of a line; any other, even a no-break space, is text.
BLANKS = " \t\r"

#: A string as in JSON, on one line; possessive, so that a long one needs no memory for backtracking.
STRING_PATTERN = r'"(?:[^"\\\n]++|\\.)*+"'
_SEGMENT = rf"(?:[a-z][a-z0-9_]*|[0-9]+|{STRING_PATTERN})"
_KEY = rf"{_SEGMENT}(?:\.{_SEGMENT}|\[(?:{_SEGMENT})?\])*"
_LINE = pattern(
    rf"""(?:\A\ufeff)?[ \t\r]*(?:
      (?P<param>{_KEY}):(?=[ \t\r\n]|\Z)[ \t\r]*
    | (?P<blank>(?=\n|\Z))
    | (?P<comment>\#)
    | (?P<header>/)
    | (?P<directive>@[^\s:=]*)(?::|(?=[ \t\r\n=]|\Z)|)[ \t\r]*
    | (?P<response>Response:)(?=[ \t\r\n{{\[]|\Z)
    | (?P<other>)
    )""",
    re.VERBOSE,
)
#: A name outside the strict grammar (`metadata.Order ID`): up to the first colon followed by a blank.
_LOOSE_PARAM = pattern(r"([^\n]*?):(?=[ \t\r\n]|\Z)[ \t\r]*")
STRING = pattern(STRING_PATTERN)
_INNERMOST = r"\$\{[^}\n]*+\}"
_INNER = rf"\$\{{(?:[^$}}\n]|\$(?!\{{)|{_INNERMOST})*+\}}"
#: A reference, whose default may be a reference with a default, and so on. Each `${` can be read in one way only, so
#: that many of them without an end take no longer than their length.
REFERENCE_PATTERN = rf"\$\{{(?:[^$}}\n]|\$(?!\{{)|{_INNER})*+\}}"
#: In `create customer name="a: b"` the colon is part of a word.
_INLINE_FORM = pattern(r"[a-z][a-z0-9_]*[ \t][^\n]*=")
#: The name of an inline `name=value`, and its `=`.
INLINE_NAME = pattern(rf"((?:{STRING_PATTERN}|[^ \t\r\n=\"'{{$])+)=")
#: A bare word on a header line; it may contain blanks inside a reference.
WORD = pattern(rf"(?:\$\$\{{|{REFERENCE_PATTERN}|\$\{{[^}}\n]*+|[^ \t\r\n])+")
LITERAL_STRING = pattern(r"'[^'\n]*'")
_HEREDOC_END = pattern(r'(?:[^"\\]++|\\.|"(?!""))*+"""', re.DOTALL)
_OPENERS = frozenset("\"'{[")
_BRACKET = pattern(rf"{STRING_PATTERN}|[{{}}\[\]]")
_ASSIGNED = pattern(r"[^\s=]+[ \t]*=[ \t]*")
#: Directives whose argument, or the text after `=` in it, is a value that may span lines.
_VALUE_DIRECTIVES = frozenset({"@match", "@idempotency_key", "@include"})
_ASSIGNING_DIRECTIVES = frozenset({"@let", "@secret", "@raw"})
#: Where parsing resumes after an unclosed value: at a line that cannot be part of JSON.
_RESUME = pattern(r"[ \t\r]*(?:$|/\w|@\w|\#|Response:|[a-z][a-z0-9_.\[\]]*:(?=[ \t\r\n]|\Z))", re.MULTILINE)
#: The most characters that a later value is followed once one has run unclosed to the end of the text; halved for each
#: later value that does not close within them.
_PATIENCE, _LEAST_PATIENCE = 2_000, 120


class LogicalLine(NamedTuple):
    """A logical line: one line of text, or several if its value spans them.

    `body` is the first character after the indentation, `word` the end of the key, `/name`, `@word` or `Response:`,
    `value` the start of the text after it; `end` is the end without trailing blanks, `next` the start of the next line.
    `open` is true if a heredoc or a bracket is not closed before the end of the text.
    """

    kind: LineKind
    start: int
    body: int
    word: int
    value: int
    end: int
    next: int
    open: bool


_new = tuple.__new__  # a third of the time of `LogicalLine(…)`


def read_lines(text: str, start: int = 0, end: int | None = None) -> Iterator[LogicalLine]:
    """Yields the logical lines of `text[start:end]`, which cover it without gaps."""
    stop = len(text) if end is None else end
    reach, patience = stop - start, _PATIENCE
    pos = start
    while pos < stop:
        line = _read_line(text, pos, stop, reach)
        if line.open:
            reach, patience = patience, max(patience // 2, _LEAST_PATIENCE)
        yield line
        pos = line.next


def value_end(text: str, start: int, end: int) -> int:
    """Returns the end of the value that opens at `start`, after its closing quotes or bracket.

    Returns -1 if it is still open at `end`, -2 if it can never close (a bracket of the wrong kind), and `start` if no
    value that can span lines opens there.
    """
    first = text[start : start + 1]
    if first and first in "{[":
        return _bracket_end(text, start, end)
    if text.startswith('"""', start, end):
        match = _HEREDOC_END.match(text, start + 3, end)
        return match.end() if match else -1
    if text.startswith("'''", start, end):
        close = text.find("'''", start + 3, end)
        return close + 3 if close >= 0 else -1
    return start


def _bracket_end(text: str, start: int, end: int) -> int:
    expected: list[str] = []
    for match in _BRACKET.finditer(text, start, end):
        char = text[match.start()]
        if char in "{[":
            expected.append("}" if char == "{" else "]")
        elif char != '"':
            if char != expected.pop():
                return -2
            if not expected:
                return match.end()
    return -1


def _read_line(text: str, pos: int, stop: int, reach: int) -> LogicalLine:
    match = _LINE.match(text, pos, stop)
    assert match is not None  # noqa: S101  (`other` matches anything)
    kind: LineKind = match.lastgroup  # type: ignore[assignment]
    body, word = match.span(kind)
    value = match.end()
    if kind == "other":
        loose = _LOOSE_PARAM.match(text, body, stop)
        if loose and not _INLINE_FORM.match(text, body, loose.end(1)):
            kind, word, value = "param", loose.end(1), loose.end()
    elif kind == "header":
        word = value
    end = text.find("\n", value, stop)
    if end < 0:
        end = stop
    is_open = False
    opener = value if kind == "param" else _opener(text, kind, text[body:word], value, stop)
    if opener >= 0 and text[opener : opener + 1] in _OPENERS and (opener < end or kind == "response"):
        close = value_end(text, opener, min(stop, opener + reach))
        is_open = close == -1
        end = _line_end(text, close, stop) if close >= 0 else _recover(text, end, stop)
    after = end + 1 if end < stop else stop
    while end > value and text[end - 1] in BLANKS:
        end -= 1
    return _new(LogicalLine, (kind, pos, body, word, value, end, after, is_open))


def _opener(text: str, kind: LineKind, word: str, value: int, stop: int) -> int:
    """Returns where a value that may span lines would open; -1 for lines that have none."""
    if kind == "response":
        while value < stop and text[value] in " \t\r\n":
            value += 1
        return value if text.startswith(("{", "["), value, stop) else -1
    if kind == "directive":
        if word in _VALUE_DIRECTIVES:
            return value
        if word in _ASSIGNING_DIRECTIVES and (match := _ASSIGNED.match(text, value)):
            return match.end()
    return -1


def _line_end(text: str, pos: int, stop: int) -> int:
    newline = text.find("\n", pos, stop)
    return stop if newline < 0 else newline


def _recover(text: str, line_end: int, stop: int) -> int:
    """Returns the end of the last line that belongs to an unclosed value."""
    while line_end < stop and not _RESUME.match(text, line_end + 1, stop):
        line_end = _line_end(text, line_end + 1, stop)
    return line_end
