"""Named blocks: texts that are kept under a name, each a script of its own in the folder of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stripe_shell.connections.discovery import config_folder
from stripe_shell.diagnostics import closest
from stripe_shell.errors import UsageError
from stripe_shell.files import write_text
from stripe_shell.patterns import pattern
from stripe_shell.secrets import MASK

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

_NAME = pattern(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_PAIR = pattern(r"([A-Za-z_]\w*)=(\S*)")
_SUFFIX = ".stripe"


def block_folder(environ: Mapping[str, str]) -> Path:
    """Returns `$XDG_CONFIG_HOME/stripe-shell/blocks`, which may not exist."""
    return config_folder(environ) / "blocks"


def block_names(environ: Mapping[str, str]) -> list[str]:
    """Returns the names of the blocks that are kept, sorted."""
    folder = block_folder(environ)
    return sorted(path.stem for path in folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else []


def keep_block(session: ReplSession, name: str, text: str) -> Path:
    """Keeps a text under a name, in place of an older one; only its owner can read it. Returns its file.

    Raises UsageError for a text that is no name, a text that would store a secret, and a file that cannot be written.
    """
    from stripe_shell.repl.redact import redact

    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name}` is no name of a block: it begins with a letter and has letters, digits, `_` and `-`"
        )
    if redact(text, session.console.secrets) != text:
        raise UsageError(
            "the block has a secret in it, which is not stored; write `${name}` for it, and give it to @do"
        )
    path = block_folder(session.scope.environment) / f"{name}{_SUFFIX}"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(path, f"{text.rstrip()}\n", private=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def drop_block(session: ReplSession, name: str) -> None:
    """Forgets a named block. Raises UsageError when there is none of this name."""
    path = _path(session, name)
    try:
        path.unlink()
    except OSError as error:
        raise UsageError(f"{path} cannot be removed: {error.strerror or error}") from error


def named_text(session: ReplSession, word: str) -> str:
    """Returns the text of a named block, or of the history entry with this number.

    Raises UsageError when there is none, or it cannot run again.
    """
    if word.isdecimal():
        return _recalled(session, int(word))
    try:
        return _path(session, word).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the block `{word}` cannot be read: {error}") from error


def values_of(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yields the names and values of `name=value`. Raises UsageError for another word."""
    for word in words:
        match = _PAIR.fullmatch(word)
        if match is None:
            raise UsageError(f"`{word}` is not name=value; e.g. @do refund-last amount=2000")
        yield match[1], match[2]


def _path(session: ReplSession, name: str) -> Path:
    known = block_names(session.scope.environment)
    if name not in known:
        meant = closest(name, known)
        hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(known) or 'none; @name keeps one'}"
        raise UsageError(f"there is no block `{name}`; {hint}")
    return block_folder(session.scope.environment) / f"{name}{_SUFFIX}"


def _recalled(session: ReplSession, number: int) -> str:
    texts = session.environment.recall()
    if not 1 <= number <= len(texts):
        raise UsageError(f"there is no entry {number}; @history shows them")
    text = texts[number - 1]
    if text.lstrip().startswith("@do"):
        raise UsageError(f"entry {number} is a @do itself")
    if MASK in text:
        raise UsageError(f"entry {number} had a secret in it, which is not stored: type it again")
    return text
