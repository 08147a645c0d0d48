"""Long results: through the pager of the person, if there is one and the result is taller than the screen."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from typing import TYPE_CHECKING

from stripe_shell.render.terminal_size import terminal_size
from stripe_shell.repl.interrupts import left_to_child
from stripe_shell.secrets import public_environment

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

#: What `@pager on` runs where `$PAGER` says nothing; and how less behaves where `$LESS` does not say it.
_PAGER, _LESS = "less", "FRX"
#: Exit codes of a shell that could not start a command.
_NOT_STARTED = (126, 127)


def show_lines(session: ReplSession, lines: Iterable[str]) -> None:
    """Shows lines of a result: by the pager if they are more than the screen has, else as they are."""
    text = "\n".join(lines)
    pager = pager_for(session, text.count("\n") + 1)
    if not pager or not _page(session, pager, text):
        session.console.result(text)


def pager_for(session: ReplSession, lines: int) -> str:
    """Returns the command that so many lines go through; empty for none.

    `@pager auto`, which is the default, takes `$PAGER` for what is taller than the screen; `on` takes `$PAGER`, else
    less.
    """
    chosen, setting = session.results.pager, session.scope.environment.get("PAGER", "").strip()
    if chosen == "off" or not session.console.terminal or setting == "cat":
        return ""
    if lines < terminal_size().lines:
        return ""
    return setting or (_PAGER if chosen == "on" else "")


def _page(session: ReplSession, pager: str, text: str) -> bool:
    """Runs the pager; False if it cannot be started, so that the text is shown without it."""
    environ = public_environment(session.scope.environment, session.console.secrets)
    masked = session.console.secrets.mask(text)
    session.console.out.flush()
    with session.environment.lend_terminal(), left_to_child():
        done = subprocess.run(  # noqa: S602 (the person's own command, as git and psql run it)
            pager,
            shell=True,
            input=f"{masked}\n".encode("utf-8", "replace"),
            env={"LESS": _LESS, **environ, "PATH": environ.get("PATH", os.defpath)},
            check=False,
        )
    return done.returncode not in _NOT_STARTED
