"""`@python`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _python(session: ReplSession, _: str) -> None:
    """The last call as a program for Stripe's Python library."""
    from stripe_shell.repl.last_call import as_python

    session.console.result(as_python(session))


COMMAND = PromptCommand(_python)
