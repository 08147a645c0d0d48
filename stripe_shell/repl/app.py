"""Starts the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stripe_shell.connections import Connections
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.render.console import Console

#: What prompt_toolkit and asyncio import, and the first prompt does not need.
_LATE = (
    "ssl",
    "tokenize",
    "locale",
    "shutil",
    "tempfile",
    "shlex",
    "datetime",
    "xml",
    "xml.dom",
    "xml.dom.minidom",
    "asyncio",
    "asyncio.sslproto",
    "prompt_toolkit",
    "prompt_toolkit.shortcuts",
)


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
    _import_prompt_toolkit()
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


def _import_prompt_toolkit() -> None:
    """Imports prompt_toolkit without what the first prompt does not need, which takes a fifth of the time to it."""
    from stripe_shell.late_modules import defer
    from stripe_shell.repl.late_bindings import late_vi_bindings

    defer(_LATE)
    with late_vi_bindings():
        import prompt_toolkit.application  # noqa: F401 (first, as the package itself would: its modules are circular)
