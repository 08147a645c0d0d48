"""`@run FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.load import load_program, read_text
from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.arguments import suggest_script_files

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _run(session: ReplSession, name: str) -> bool:
    """Run a script here; its failures are shown, and how many blocks have passed."""
    from stripe_shell.repl.running import is_sound, run_items

    program = load_program(_open(name))
    session.quiet = True
    try:
        return is_sound(session, program) and run_items(session, program.items)
    finally:
        session.quiet = False


def _open(name: str) -> SourceText:
    """Reads the script. Raises UsageError if it cannot be read."""
    if not name:
        raise UsageError("which file? e.g. @run setup.stripe")
    try:
        return SourceText(name, read_text(Path(name).expanduser()))
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text (byte {error.start})") from error


COMMAND = PromptCommand(_run, "FILE", completes=suggest_script_files)
