"""The syntax at the cursor, in complete or incomplete text, for completion; and whether Enter submits the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from stripe_shell.diagnostics import SourceText
from stripe_shell.lang.ast import Param
from stripe_shell.lang.blocks import OpenBlock
from stripe_shell.lang.lines import BLANKS, INLINE_NAME, LogicalLine, read_lines
from stripe_shell.lang.parser import Parser
from stripe_shell.lang.paths import parse_key
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.spelling import format_key
from stripe_shell.lang.values import word_end
from stripe_shell.patterns import pattern
from stripe_shell.records import record, replace

_REFERENCE_REST = pattern(r"[\w.\[\]:-]*")
_EMPTY = LogicalLine("blank", 0, 0, 0, 0, 0, 0, False)

CursorKind = Literal[
    "connection", "action", "entity", "key", "value", "directive", "directive_argument", "reference", "command", "none"
]  # fmt: skip


@record
class CursorContext:
    """The syntax at an offset.

    `[start, end)` is the word that a completion replaces, `prefix` the part of it before the offset; sigils (`/`, `@`,
    `${`) and an opening quote are not in it. `kind` is

    - `connection`, `action`, `entity`, `key`: such a word; `inline` on a header line or without a header;
    - `value`: the value of the parameter `key` (as the formatter writes it), after its opening `quote` if it has one;
    - `directive`: the word after `@` in a block; `command`: the same outside of blocks, for top-level directives and
      prompt commands; an inline `action` at the start of a line may also be a bare `help`, `exit`, `quit`;
    - `directive_argument`: a word of the argument of `@directive`, preceded by `before` in the argument;
    - `reference`: the text between `${` and `}`;
    - `none`: a place without completions.

    `connection`, `action`, `entity` are those of the open block, as far as known; `used` are its other parameters;
    `in_block`: a block is open at the offset.
    """

    kind: CursorKind
    start: int
    end: int
    prefix: str
    connection: str | None = None
    action: str | None = None
    entity: str | None = None
    used: tuple[str, ...] = ()
    key: str | None = None
    quote: str = ""
    directive: str | None = None
    before: str = ""
    inline: bool = False
    in_block: bool = False


def cursor_context(text: str, offset: int) -> CursorContext:
    """Returns the syntax at `offset` (0 to the length of the text)."""
    parser = Parser(SourceText("<cursor>", text), prompt=True)
    lines = read_lines(text)
    current = _EMPTY._replace(start=len(text), body=len(text), value=len(text), end=len(text))
    for line in lines:
        if offset < line.next or (line.next == len(text) and text[line.next - 1] != "\n"):
            current = line
            break
        parser.read(line)
    above = parser.block
    found = _word_at(text, offset, current, above is not None)
    if current.kind != "blank":
        parser.read(current)
    block = parser.block if current.kind in ("header", "other") else above
    _read_on(parser, block, lines)
    return _in_block(found, text, offset, block)


def is_complete(text: str) -> bool:
    """Whether Enter at the end of `text`, the buffer of a prompt, submits it.

    An inline form without a header, a command, a bare word and a top-level directive are submitted at once; a block
    when a blank line ends it; an open bracket, heredoc or `@foreach` never.
    """
    lines = list(read_lines(f"{text}\n"))
    if not text.strip():
        return True
    if any(line.open for line in lines) or (lines[-1].kind == "response" and lines[-1].end == lines[-1].word):
        return False
    parser = Parser(SourceText("<prompt>", text), prompt=True)
    for line in lines:
        parser.read(line)
    if len(parser.loops) > 1:
        return False
    block = parser.block
    if block is None or any(problem.code in ("E103", "E112") for problem in parser.reading.problems):
        return True
    if not block.begun:
        return len(lines) > 2 and lines[-1].kind == lines[-2].kind == "blank"
    return block.connection is None and block.inline == len(block.items)


def needs_more(text: str) -> bool:
    """Whether Enter at the end of `text` starts a new line."""
    return not is_complete(text)


def _read_on(parser: Parser, block: OpenBlock | None, lines: Iterator[LogicalLine]) -> None:
    """Reads the rest of the block, for the parameters below the cursor."""
    if block is not None:
        for line in lines:
            if parser.block is not block:
                return
            parser.read(line)


def _in_block(context: CursorContext, text: str, offset: int, block: OpenBlock | None) -> CursorContext:
    """Returns the context with the connection, words and parameters of the block around it."""
    if block is None:
        return context
    params = [item for item in block.items if isinstance(item, Param)]
    others = [param for param in params if not param.span.start <= offset <= param.span.end]
    literals = {param.key.path: param.value.literal for param in others}
    return replace(
        context,
        connection=None if context.kind == "connection" else block.connection,
        action=literals.get(("action",)),
        entity=literals.get(("entity",)),
        used=tuple(format_key(param.key) for param in others),
        in_block=True,
    )


def _word_at(text: str, offset: int, line: LogicalLine, in_block: bool) -> CursorContext:
    """Returns the context of the word at the offset, in its logical line."""
    if offset < line.body or line.kind in ("comment", "response"):
        return _nothing(offset)
    if line.kind == "blank":
        return (
            CursorContext("key", offset, offset, "")
            if in_block
            else CursorContext("action", offset, offset, "", inline=True)
        )
    if reference := _open_reference(text, offset, line):
        return reference
    if line.kind == "param":
        return _in_param(text, offset, line)
    if line.kind == "directive":
        return _in_directive(text, offset, line, in_block)
    if line.kind == "header":
        return _in_header(text, offset, line)
    if in_block:
        return _word_context("key", text, offset, line.body, line.end)
    return _in_words(text, offset, line.body, max(line.end, offset))


def _open_reference(text: str, offset: int, line: LogicalLine) -> CursorContext | None:
    start = text.rfind("${", line.body, offset)
    if start < 0 or "}" in text[start:offset] or text[start - 1 : start] == "$" or text.startswith("'", line.value):
        return None
    if ":-" in text[start:offset] or offset < start + 2:
        return _nothing(offset)
    rest = _REFERENCE_REST.match(text, offset)
    return CursorContext("reference", start + 2, rest.end() if rest else offset, text[start + 2 : offset])


def _in_param(text: str, offset: int, line: LogicalLine) -> CursorContext:
    if offset <= line.word:
        return _word_context("key", text, offset, line.body, line.word)
    key = _key_text(text, line.body, line.word)
    if offset < line.value or text[offset - 1] == ":" or key is None:
        return _nothing(offset)
    return _in_value(text, offset, key, line.value, line.end)


def _in_value(text: str, offset: int, key: str, start: int, end: int) -> CursorContext:
    """Returns the context of a single-line value, without its quotes; `none` inside JSON and heredocs."""
    if "\n" in text[start:end] or text.startswith(("{", "[", '"""', "'''"), start):
        return _nothing(offset)
    quote = ""
    if text.startswith(('"', "'"), start) and start < offset:
        quote = text[start]
        closed = end > start + 1 and text[end - 1] == quote and offset < end
        start, end = start + 1, end - closed
    kind: CursorKind = "action" if key == "action" else "entity" if key == "entity" else "value"
    return replace(_word_context(kind, text, offset, start, end), key=key, quote=quote)


def _in_directive(text: str, offset: int, line: LogicalLine, in_block: bool) -> CursorContext:
    if offset <= line.word:
        if offset == line.body:
            return _nothing(offset)
        return _word_context("directive" if in_block else "command", text, offset, line.body + 1, line.word)
    if offset < line.value or (text[offset - 1] not in BLANKS and offset == line.value):
        return _nothing(offset)
    start = offset
    while start > line.value and text[start - 1] not in BLANKS:
        start -= 1
    end = offset
    while end < line.end and text[end] not in " \t\r\n":
        end += 1
    found = _word_context("directive_argument", text, offset, start, end)
    return replace(found, directive=text[line.body + 1 : line.word], before=text[line.value : start])


def _in_header(text: str, offset: int, line: LogicalLine) -> CursorContext:
    stop = line.body + 1
    while stop < line.end and text[stop] not in BLANKS:
        stop += 1
    if offset == line.body:
        return _nothing(offset)
    if offset <= stop:
        return _word_context("connection", text, offset, line.body + 1, stop)
    return _in_words(text, offset, stop, max(line.end, offset))


def _in_words(text: str, offset: int, pos: int, end: int) -> CursorContext:
    """Returns the context of the word at the offset among action, entity and `key=value` …"""
    positional: list[CursorKind] = ["entity", "action"]
    while True:
        while pos < offset and text[pos] in BLANKS:
            pos += 1
        named = INLINE_NAME.match(text, pos, end)
        value = named.end() if named else pos
        stop = _inline_end(text, value, end)
        if offset <= stop:
            break
        if named is None and positional:
            positional.pop()
        elif named and text[pos : named.end(1)] in positional:
            del positional[positional.index(text[pos : named.end(1)]) :]  # type: ignore[arg-type]
        pos = stop
    if named and offset >= value:
        key = _key_text(text, pos, named.end(1))
        found = _nothing(offset) if key is None else _in_value(text, offset, key, value, stop)
    elif named:
        found = _word_context("key", text, offset, pos, named.end(1))
    else:
        found = _word_context(positional[-1] if positional else "key", text, offset, pos, stop)
    return replace(found, inline=True)


def _inline_end(text: str, start: int, end: int) -> int:
    """Returns the end of a word; an open quote extends to the end of the line."""
    if start >= end or text[start] in BLANKS:
        return start
    stop = word_end(text, start, end)
    return end if text[start] in "\"'" and (stop == start + 1 or text[stop - 1] != text[start]) else stop


def _key_text(text: str, start: int, end: int) -> str | None:
    try:
        return format_key(parse_key(Reading(SourceText("<cursor>", text)), start, end))
    except Mistake:
        return None


def _word_context(kind: CursorKind, text: str, offset: int, start: int, end: int) -> CursorContext:
    return CursorContext(kind, start, max(end, offset), text[start:offset])


def _nothing(offset: int) -> CursorContext:
    return CursorContext("none", offset, offset, "")
