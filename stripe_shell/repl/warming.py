"""Prepares for the first Enter, half of whose time would go into imports, tables, patterns and opening the sandbox."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stripe_shell.connections import Connection

_CALL = "create customer email=ann@example.com name=Ann"


class _UnseenTerminal(StringIO):
    def isatty(self) -> bool:
        return True


def warm_up(connection: Connection) -> None:
    """Prepares for the first call on the connection, in a thread while the prompt waits. Sends nothing to it."""
    if connection.kind != "sandbox" or connection.base_url:
        import stripe_shell.transports.stripe  # noqa: F401 (imports requests)

        return
    with suppress(Exception):  # Whatever fails here is told by the first call.
        run_unseen(_CALL)
    connection.open_early()


def run_unseen(text: str) -> str:
    """Runs a text in a session of its own, on a sandbox in memory; returns what a terminal would have shown."""
    from stripe_shell.connections import sandbox_in_memory
    from stripe_shell.diagnostics import SourceText
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.render.console import Console
    from stripe_shell.render.files import open_rows
    from stripe_shell.render.run_printer import RunPrinter
    from stripe_shell.repl.running import run_text
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.spec.table import load_table

    connections = sandbox_in_memory()
    engine = Engine(load_table(), connections, open_rows, live=True)
    shown = _UnseenTerminal()
    printer = RunPrinter(Console(shown, shown), repeats=True)
    run_text(ReplSession(engine, Scope(now=0, seed=""), connections, printer), SourceText("<prompt>", text))
    return shown.getvalue()
