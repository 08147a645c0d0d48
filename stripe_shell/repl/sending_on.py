"""Sends the last result elsewhere: into a file, or into a command of the system."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.files import write_text
from stripe_shell.repl.interrupts import left_to_child
from stripe_shell.repl.shown_rows import last_result, last_rows, note_more
from stripe_shell.secrets import public_environment

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

#: Endings of files that get rows; any other file gets what would be shown off a terminal.
ENDINGS = (".csv", ".json", ".jsonl")


def result_text(session: ReplSession) -> str:
    """Returns the last result as it would be shown off a terminal: as JSON, or in the format that was chosen."""
    from stripe_shell.render import renderer

    masked = session.console.secrets.mask_data(last_result(session).body)
    return renderer(session.printer.format or "json")(masked, width=None, color=False)


def write_result(session: ReplSession, name: str, *, rows: bool = False) -> None:
    """Writes the last result into a file: its rows as CSV, JSON or JSON lines by its ending, else its text.

    `rows` takes no other ending. Raises UsageError if the file cannot be written.
    """
    if not name:
        raise UsageError("which file? e.g. customers.csv")
    if rows and not name.strip("\"'").lower().endswith(ENDINGS):
        raise UsageError(f"end the name of the file in {', '.join(ENDINGS)}")
    path = Path(name.strip("\"'")).expanduser()
    found = last_rows(session)
    try:
        if path.suffix.lower() in ENDINGS:
            write_rows(session, path, found)
        else:
            write_text(path, result_text(session))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    session.console.message(f"{len(found):,} {'row' if len(found) == 1 else 'rows'} → {path}")
    note_more(session)


def write_rows(session: ReplSession, path: Path, rows: list[object]) -> None:
    """Writes rows in the format that the ending of the file names. Raises OSError."""
    from stripe_shell.engine.run.row_target import RowTarget
    from stripe_shell.render.files import open_rows

    file = open_rows(RowTarget(str(path), masks=lambda: session.console.secrets))
    try:
        file.write(rows)
    except BaseException:
        file.discard()
        raise
    file.close()


def pipe_result(session: ReplSession, command: str) -> None:
    """Shows a command line of the system, then runs it with the last result as its input.

    Raises UsageError without a command.
    """
    if not command:
        raise UsageError("which command? e.g. | jq .")
    text = result_text(session)
    session.console.message(f"$ {command}")
    note_more(session)
    environ = public_environment(session.scope.environment, session.console.secrets)
    session.console.out.flush()
    with session.environment.lend_terminal(), left_to_child():
        done = subprocess.run(  # noqa: S602 (the person has typed it, and has just read it)
            command,
            shell=True,
            input=text.encode("utf-8", "replace"),
            env={**environ, "PATH": environ.get("PATH", os.defpath)},
            check=False,
        )
    if done.returncode:
        session.console.message(f"`{command}` ended with code {done.returncode}")
