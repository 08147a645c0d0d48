"""`@log FILE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.arguments import suggest_any_file

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _log(session: ReplSession, argument: str) -> None:
    """Write what is typed and shown from now on to a file, secrets masked; `off` ends that."""
    from stripe_shell.repl.session_log import begin_log, end_log, log_path

    if argument == "off" or (not argument and log_path(session.console)):
        path = end_log(session.console)
        session.console.message(f"the log {path} is complete" if path else "there is no log")
    else:
        path = begin_log(session.console, argument)
        session.console.message(f"what is typed and shown goes to {path}; `@log off` ends that")


COMMAND = PromptCommand(_log, "FILE", completes=suggest_any_file)
