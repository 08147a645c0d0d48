"""The Pygments lexer, based on the tokens of the language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
    _TokenType,
)

from stripe_shell.lang.tokens import TokenKind, tokenize

_STYLES: dict[TokenKind, _TokenType] = {
    "whitespace": Whitespace,
    "newline": Whitespace,
    "comment": Comment.Single,
    "connection": Name.Namespace,
    "action": Keyword,
    "entity": Name.Class,
    "key": Name.Attribute,
    "punctuation": Punctuation,
    "text": Text,
    "string": String,
    "escape": String.Escape,
    "reference": Name.Variable,
    "directive": Name.Decorator,
    "operator": Operator,
    "keyword": Keyword.Reserved,
    "number": Number,
    "json_key": Name.Tag,
    "json_string": String.Double,
    "json_number": Number,
    "json_word": Keyword.Constant,
    "command": Name.Builtin,
    "error": Error,
}


class StripeLexer(Lexer):
    """Highlights `.stripe` scripts, prompt input, and blocks in documentation pages."""

    name = "Stripe shell"
    aliases: ClassVar[list[str]] = ["stripe"]
    filenames: ClassVar[list[str]] = ["*.stripe"]
    mimetypes: ClassVar[list[str]] = []
    url = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"stripnl": False, "ensurenl": False} | options))

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """Yields every token of `text`, in order and without gaps."""
        for kind, start, end in tokenize(text):
            yield start, _STYLES[kind], text[start:end]
