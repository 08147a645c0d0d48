"""The lexer's second half: splits each line into tokens, which cover every character of the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from stripe_shell.durations import MILLISECONDS
from stripe_shell.lang.directives import DIRECTIVES
from stripe_shell.lang.lines import (
    BLANKS,
    INLINE_NAME,
    LITERAL_STRING,
    REFERENCE_PATTERN,
    STRING_PATTERN,
    WORD,
    LogicalLine,
    read_lines,
    value_end,
)
from stripe_shell.lang.values import word_end
from stripe_shell.patterns import pattern

TokenKind = Literal[
    "whitespace", "newline", "comment", "connection", "action", "entity", "key", "punctuation", "text", "string",
    "escape", "reference", "directive", "operator", "keyword", "number", "json_key", "json_string", "json_number",
    "json_word", "command", "error",
]  # fmt: skip


class LexerToken(NamedTuple):
    """A token: the range `[start, end)` of a text, and its kind."""

    kind: TokenKind
    start: int
    end: int


_SPACE = pattern(r"[ \t\r\n\ufeff]+")
_KEY_PIECE = pattern(rf"[\[\].]|(?:{STRING_PATTERN}|[^\[\].])+")
_REFERENCE = rf"\$\$\{{|{REFERENCE_PATTERN}|\$\{{[^}}\n]*"
_BARE_PIECE = pattern(rf"(?P<reference>{_REFERENCE})|(?P<text>(?:[^$]|\$(?!\$?\{{))+)")
_STRING_PIECE = pattern(rf"(?P<reference>{_REFERENCE})|(?P<escape>\\(?:u[0-9a-fA-F]{{4}}|.?))|(?P<string>[^\\$]+|\$)")
_JSON_PIECE = pattern(
    rf"""(?P<string>{STRING_PATTERN})(?P<key>(?=[ \t\r\n]*:))?|(?P<punctuation>[{{}}\[\],:]+)
    |(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)|(?P<word>true|false|null)\b|(?P<space>[ \t\r\n]+)
    |(?P<other>[^\s"{{}}\[\],:]+|.)""",
    re.VERBOSE,
)
_ARGUMENT_PIECE = pattern(
    rf"""(?P<space>[ \t\r]+)|(?P<string>{STRING_PATTERN}|'[^'\n]*')|(?P<reference>{_REFERENCE}|\$[a-z_]+)
    |(?P<operator>[=!]=|[<>]=?|!?~|=)|(?P<punctuation>[\[\],]+)
    |(?P<keyword>(?:all|any|in|contains|startswith|endswith|exists|absent|is|count|every|until)(?=[ \t\r]|\Z))
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?:{"|".join(MILLISECONDS)})?(?=[ \t\r,\]]|\Z))|(?P<text>[^\s"'$=!<>~\[\],]+|.)""",
    re.VERBOSE,
)
_ASSIGNMENT = pattern(r"([^\s=]+)[ \t\r]*=[ \t\r]*")
_BARE_COMMAND = pattern(r"(?:help|exit|quit|\?)(?=[ \t\r]|\Z)")


def tokenize(text: str) -> list[LexerToken]:
    """Returns the tokens of `text`, in order and without gaps: joined, they are the text."""
    lexer = _Lexer(text)
    for line in read_lines(text):
        lexer.line(line)
    return lexer.tokens


class _Lexer:
    """Collects tokens; the text between two of them becomes a token of its own."""

    __slots__ = ("pos", "text", "tokens")

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[LexerToken] = []
        self.pos = 0

    def line(self, line: LogicalLine) -> None:
        """Adds all tokens of a logical line, with its indentation and its line end."""
        self.space(line.body)
        _LINES[line.kind](self, line)
        self.space(line.next)

    def add(self, kind: TokenKind, end: int) -> None:
        """Adds a token that ends at `end`."""
        if end > self.pos:
            self.tokens.append(LexerToken(kind, self.pos, end))
            self.pos = end

    def space(self, end: int) -> None:
        """Adds blanks and line ends up to `end`; any other text there is an error token."""
        while self.pos < end:
            match = _SPACE.match(self.text, self.pos, end)
            if match is None:
                self.add("error", end)
            elif self.text[self.pos] == "\n":
                self.add("newline", self.pos + 1)
            else:
                newline = self.text.find("\n", self.pos, match.end())
                self.add("whitespace", newline if newline >= 0 else match.end())

    # --- lines ------------------------------------------------------------------------------------------

    def comment(self, line: LogicalLine) -> None:
        self.add("comment", line.end)

    def param(self, line: LogicalLine) -> None:
        self.key(line.word)
        self.add("punctuation", line.word + 1)
        self.space(line.value)
        self.value(line.end)

    def header(self, line: LogicalLine) -> None:
        name = WORD.match(self.text, line.body, line.end)
        self.add("connection", name.end() if name else line.end)
        self.words(line.end)

    def directive(self, line: LogicalLine) -> None:
        definition = DIRECTIVES.get(self.text[line.body + 1 : line.word])
        highlight = definition.highlight if definition else "words"
        self.add("directive", line.word)
        if self.text.startswith(":", line.word) and line.value > line.word:
            self.add("punctuation", line.word + 1)
        self.space(line.value)
        if highlight == "assignment" and (match := _ASSIGNMENT.match(self.text, line.value, line.end)):
            self.add("key", match.end(1))
            self.space(self.text.index("=", self.pos))
            self.add("operator", self.pos + 1)
            self.space(match.end())
            self.value(line.end)
        elif highlight == "value":
            self.value(line.end)
        else:
            self.argument(line.end)

    def response(self, line: LogicalLine) -> None:
        self.add("keyword", line.word)
        self.json(line.end)

    def other(self, line: LogicalLine) -> None:
        """Adds a bare command, or an inline form without its header, which are valid at the prompt only."""
        if command := _BARE_COMMAND.match(self.text, self.pos, line.end):
            self.add("command", command.end())
            self.argument(line.end)
        elif "a" <= self.text[self.pos : self.pos + 1] <= "z":
            self.words(line.end)
        else:
            self.add("error", line.end)

    # --- pieces -----------------------------------------------------------------------------------------

    def key(self, end: int) -> None:
        for piece in _KEY_PIECE.finditer(self.text, self.pos, end):
            self.add("punctuation" if piece[0] in ".[]" else "key", piece.end())

    def words(self, end: int) -> None:
        """Adds action, entity and `name=value` on one line."""
        positional: list[TokenKind] = ["entity", "action"]
        while self.pos < end:
            if self.text[self.pos] in BLANKS:
                space = _SPACE.match(self.text, self.pos, end)
                self.add("whitespace", space.end() if space else end)
            elif named := INLINE_NAME.match(self.text, self.pos, end):
                self.key(named.end(1))
                self.add("operator", named.end())
                self.value(word_end(self.text, self.pos, end))
            else:
                self.add(positional.pop() if positional else "error", word_end(self.text, self.pos, end))

    def value(self, end: int) -> None:
        first = self.text[self.pos : self.pos + 1] if self.pos < end else ""
        if first == "'" and (LITERAL_STRING.match(self.text, self.pos, end) or self.text.startswith("'''", self.pos)):
            self.add("string", end)
        elif first == '"':
            self.pieces(_STRING_PIECE, end)
        elif first and first in "{[" and value_end(self.text, self.pos, end) in (end, -1):
            self.json(end)
        else:
            self.pieces(_BARE_PIECE, end)

    def pieces(self, form: re.Pattern[str], end: int) -> None:
        for piece in form.finditer(self.text, self.pos, end):
            self.add("escape" if piece[0] == "$${" else piece.lastgroup, piece.end())  # type: ignore[arg-type]
        self.add("text", end)

    def json(self, end: int) -> None:
        for piece in _JSON_PIECE.finditer(self.text, self.pos, end):
            group = piece.lastgroup
            if group == "key":
                self.add("json_key", piece.end())
            elif group == "string":
                self.json_string(piece.end())
            elif group == "space":
                self.space(piece.end())
            else:
                self.add(_JSON_KINDS[group or "other"], piece.end())
        self.add("text", end)

    def json_string(self, end: int) -> None:
        for piece in _STRING_PIECE.finditer(self.text, self.pos, end):
            kind: TokenKind = "json_string" if piece.lastgroup == "string" else piece.lastgroup  # type: ignore[assignment]
            self.add("escape" if piece[0] == "$${" else kind, piece.end())

    def argument(self, end: int) -> None:
        for piece in _ARGUMENT_PIECE.finditer(self.text, self.pos, end):
            kind = piece.lastgroup
            if kind == "string" and self.text[self.pos] == '"':
                self.pieces(_STRING_PIECE, piece.end())
            elif kind == "space":
                self.space(piece.end())
            else:
                self.add("escape" if piece[0] == "$${" else kind, piece.end())  # type: ignore[arg-type]
        self.add("text", end)


_JSON_KINDS: dict[str, TokenKind] = {
    "punctuation": "punctuation",
    "number": "json_number",
    "word": "json_word",
    "other": "text",
}
_LINES: dict[str, Callable[[_Lexer, LogicalLine], None]] = {
    "param": _Lexer.param,
    "blank": lambda lexer, line: None,
    "comment": _Lexer.comment,
    "header": _Lexer.header,
    "directive": _Lexer.directive,
    "response": _Lexer.response,
    "other": _Lexer.other,
}
