"""The log of a session: what is typed and shown, in a file that only its owner can read, secrets masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from stripe_shell.errors import UsageError
from stripe_shell.files import append_private

if TYPE_CHECKING:
    from stripe_shell.render.console import Console

_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r")


class LoggedStream:
    """A stream whose text goes to the log too, without colours; all else is the stream's."""

    def __init__(self, stream: TextIO, path: Path) -> None:
        self.inner = stream
        self.path = path

    def write(self, text: str) -> int:
        """Writes to both. A log that cannot be written is no reason to stop."""
        append_log(self.path, _STYLE.sub("", text))
        return self.inner.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def begin_log(console: Console, name: str) -> Path:
    """Begins a log at the end of a file. Raises UsageError when it cannot be written."""
    if not name:
        raise UsageError("which file? e.g. @log session.txt")
    end_log(console)
    path = Path(name).expanduser()
    try:
        append_private(path, b"")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    console.out, console.err = (cast(TextIO, LoggedStream(each, path)) for each in (console.out, console.err))
    return path


def end_log(console: Console) -> Path | None:
    """Ends the log and returns its file, None when there is none."""
    path = log_path(console)
    if path is not None:
        console.out, console.err = (getattr(each, "inner", each) for each in (console.out, console.err))
    return path


def log_path(console: Console) -> Path | None:
    """Returns the file of the log, None when there is none."""
    stream: object = console.out
    return stream.path if isinstance(stream, LoggedStream) else None


def log_typed(console: Console, prompt: str, text: str) -> None:
    """Writes a typed text to the log, if there is one, as it may be stored."""
    path = log_path(console)
    if path is None:
        return
    from stripe_shell.repl.redact import redact

    lines: Sequence[str] = redact(text, console.secrets).rstrip("\n").split("\n")
    append_log(
        path,
        "".join(f"{prompt if number == 0 else '…'.rjust(len(prompt))} {line}\n" for number, line in enumerate(lines)),
    )


def append_log(path: Path, text: str) -> None:
    """Appends to the log; a full disk is no reason to stop."""
    try:
        append_private(path, text.encode(errors="replace"))
    except OSError:
        return
