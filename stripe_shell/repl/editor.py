"""Edits a text in the user's editor."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from stripe_shell.errors import UsageError
from stripe_shell.repl.interrupts import left_to_child


def edit_text(text: str, environ: Mapping[str, str]) -> str:
    """Returns the text as edited (VISUAL, EDITOR, else `vi`). Raises UsageError if the editor cannot be run.

    `environ` is the editor's environment.
    """
    editor = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")
    with TemporaryDirectory(prefix="stripe-shell-") as folder:  # readable by this user only
        path = Path(folder) / "block.stripe"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        try:
            with left_to_child():
                ended = subprocess.run([*editor, str(path)], env=dict(environ), check=False)  # noqa: S603 (the person's own choice)
        except OSError as error:
            raise UsageError(f"{editor[0]} cannot be started: {error.strerror}; set EDITOR") from error
        if ended.returncode:
            raise UsageError(f"{editor[0]} ended with {ended.returncode}; nothing was changed")
        try:
            return path.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise UsageError(f"{editor[0]} left no text: {error.strerror}; nothing was changed") from error
