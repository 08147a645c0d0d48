"""`@more`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _more(session: ReplSession, _: str) -> None:
    """The next page of the list; Enter on an empty line right after it is the same."""
    from stripe_shell.repl.paging import show_more

    show_more(session)


COMMAND = PromptCommand(_more)
