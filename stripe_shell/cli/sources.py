"""Reads the scripts of a command line: files, standard input, and blocks written as arguments."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence

from stripe_shell.cli.arguments import Arguments
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.load import read_text
from stripe_shell.errors import UsageError
from stripe_shell.lang.lines import BLANKS
from stripe_shell.lang.values import is_json
from stripe_shell.patterns import pattern

_PARAM = pattern(r"([^\s=:]+)=(.*)", re.DOTALL)
_BARE_WORD = pattern(r"[^\s\"'\\{\[=]+")


def read_sources(arguments: Arguments) -> list[SourceText]:
    """Returns the texts that the arguments name. Raises UsageError if one cannot be read."""
    if arguments.command == "block":
        return [SourceText("<command line>", block_text(arguments.words))]
    if arguments.command == "text":
        return [SourceText("<-c>", text) for text in arguments.words]
    if arguments.command == "prompt":
        return [read_standard_input()]
    return [read_standard_input() if word == "-" else open_script(word) for word in arguments.words]


def write_script(path: str, text: str) -> None:
    """Writes the file atomically. Raises UsageError on failure."""
    from stripe_shell.files import write_text

    try:
        write_text(path, text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def open_script(path: str) -> SourceText:
    """Reads a script file. Raises UsageError if it cannot be read as UTF-8 text."""
    try:
        return SourceText(path, read_text(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start})") from error


def read_standard_input() -> SourceText:
    """Reads a script from standard input. Raises UsageError if it is not UTF-8 text."""
    if sys.stdin is None:
        raise UsageError("there is no standard input")
    try:
        return SourceText("<stdin>", sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 text (byte {error.start})") from error


def block_text(words: Sequence[str]) -> str:
    """Converts words of a command line to a block: each `KEY=VALUE` becomes a line `KEY: VALUE`.

    The shell has removed the quotes, so a value means the same as in a line of a script; values that would be parsed
    differently are quoted again.
    """
    params = [match.groups() for word in words if (match := _PARAM.fullmatch(word))]
    named = {key: value for key, value in params if key in {"action", "entity"}}
    rest = [word for word in words if not _PARAM.fullmatch(word)]
    header, rest = (rest[:1], rest[1:]) if rest and rest[0].startswith("/") else ([], rest)
    action, entity = ([named[name]] if name in named else [] for name in ("action", "entity"))
    head = " ".join(map(_param_line, (*header, *action, *rest, *entity)))
    lines = (f"{key}: {_quoted(value)}".rstrip(BLANKS) for key, value in params if key not in named)
    return "\n".join((head, *lines))


def _param_line(word: str) -> str:
    return word if _BARE_WORD.fullmatch(word) else json.dumps(word, ensure_ascii=False)


def _quoted(value: str) -> str:
    if value[:1] in {"{", "["} and is_json(value):
        return value.rstrip()
    plain = value.strip(BLANKS) == value and value[:1] not in set("\"'{[") and value.isprintable()
    return value if plain else json.dumps(value, ensure_ascii=False)
