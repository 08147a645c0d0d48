"""Starts the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stripe_shell.connections import Connections
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.render.console import Console


def run_prompt(
    engine: Engine,
    scope: Scope,
    connections: Connections,
    console: Console,
    *,
    format_name: str | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Reads and runs input until the user leaves. Shows every failure and continues; returns the exit code 0."""
    _import_asyncio_without_tls()
    from stripe_shell.render.run_printer import RunPrinter
    from stripe_shell.repl.chosen_fields import read_fields
    from stripe_shell.repl.prompt import Prompt
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.repl.settings import read_prompt_settings

    settings, problems = read_prompt_settings(scope.environment)
    console.diagnostics(problems)
    session = ReplSession(engine, scope, connections, RunPrinter(console, repeats=True))
    session.use(settings)
    session.printer.format = format_name or session.printer.format
    session.results.fields = read_fields(scope.environment)
    return Prompt(session, clock).run()


def _import_asyncio_without_tls() -> None:
    """Imports asyncio without `ssl`, which the prompt does not use: loading OpenSSL takes a twentieth of the start."""
    import sys

    missing: Any = None
    if "ssl" not in sys.modules and "asyncio" not in sys.modules:
        sys.modules["ssl"] = missing  # As in a Python built without `ssl`, asyncio continues without it.
        try:
            import asyncio  # noqa: F401
        finally:
            del sys.modules["ssl"]
