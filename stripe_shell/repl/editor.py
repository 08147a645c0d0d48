"""Changing a text in the person's own editor."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from stripe_shell.errors import UsageError


def edit_text(text: str, environ: Mapping[str, str]) -> str:
    """The text as the editor leaves it (VISUAL, EDITOR, else `vi`). Raises UsageError when there is no editor.

    `environ` is what the editor sees.
    """
    editor = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")
    with TemporaryDirectory(prefix="stripe-shell-") as folder:  # readable by this person alone
        path = Path(folder) / "block.stripe"
        path.write_text(text, encoding="utf-8")
        try:
            ended = subprocess.run([*editor, str(path)], env=dict(environ), check=False)  # noqa: S603 (the person's own choice)
        except OSError as error:
            raise UsageError(f"{editor[0]} cannot be started: {error.strerror}; set EDITOR") from error
        if ended.returncode:
            raise UsageError(f"{editor[0]} ended with {ended.returncode}; nothing was changed")
        return path.read_text(encoding="utf-8")
