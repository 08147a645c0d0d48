"""The texts that a command line names: files, standard input, and blocks written on the command line itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from stripe_shell.cli.arguments import Arguments
from stripe_shell.diagnostics import Source
from stripe_shell.engine.program import read_text
from stripe_shell.errors import UsageError


def read_sources(arguments: Arguments) -> list[Source]:
    """The texts that the arguments name. Raises UsageError when one cannot be read."""
    if arguments.command == "block":
        return [Source("<command line>", block_text(arguments.words))]
    if arguments.command == "text":
        return [Source("<-c>", text) for text in arguments.words]
    if arguments.command == "prompt":
        return [read_standard_input()]
    return [read_standard_input() if word == "-" else open_script(word) for word in arguments.words]


def open_script(path: str) -> Source:
    """The text of a script file. Raises UsageError when it cannot be read as UTF-8 text."""
    try:
        return Source(path, read_text(Path(path)))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start})") from error


def read_standard_input() -> Source:
    """Standard input as a script. Raises UsageError when it is no UTF-8 text."""
    try:
        return Source("<stdin>", sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 text (byte {error.start})") from error


def block_text(words: Sequence[str]) -> str:
    """The words of a command line as an inline block: the shell has undone the quoting, so it is put back."""
    return " ".join(_quoted_word(word) for word in words)


def _quoted_word(word: str) -> str:
    key, equals, value = word.partition("=")
    if not equals or not value:
        return word
    plain = all(char.isalnum() or char in "_-.:/@+,%~" for char in value)
    return word if plain else f"{key}={json.dumps(value, ensure_ascii=False)}"
