"""The names of a sandbox's snapshots for the menu, looked up in the background."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Thread
from typing import TYPE_CHECKING

from stripe_shell.errors import ShellError

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def snapshot_names(session: ReplSession, arrived: Callable[[], object]) -> Mapping[str, str]:
    """Returns the names known so far, each with what the snapshot has in it, and looks them up anew in a thread.

    `arrived` is called in that thread if they have changed.
    """
    connection = session.connection
    if connection.kind != "sandbox":
        return {}

    def look_up() -> None:
        found = _ask(session)
        if found is not None and found != session.snapshots.get(connection.name):
            session.snapshots[connection.name] = found
            arrived()

    Thread(target=look_up, daemon=True).start()
    return session.snapshots.get(connection.name, {})


def _ask(session: ReplSession) -> Mapping[str, str] | None:
    """Returns the names with their contents, the newest first; None if the sandbox does not answer."""
    from stripe_shell.repl.travel import ask_sandbox, moment_text

    try:
        rows = ask_sandbox(session, "snapshots")["snapshots"]
    except (ShellError, ValueError, KeyError):
        return None
    return {row["name"]: f"{moment_text(row['taken'])} · {_objects(row['objects'])}" for row in rows}


def _objects(count: int) -> str:
    return f"{count:,} {'object' if count == 1 else 'objects'}"
