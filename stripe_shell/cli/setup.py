"""From arguments and environment to an engine and the scope of its first line."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stripe_shell.cli.arguments import Arguments
from stripe_shell.connections import ConnectionObserver, Connections, load_connections
from stripe_shell.engine.scope import Scope, ScopeSettings
from stripe_shell.errors import ConfigurationError
from stripe_shell.render.console import Console
from stripe_shell.secrets import Secrets
from stripe_shell.wire import Request, Response

if TYPE_CHECKING:
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.run.rows import RowSink

#: Waits that are longer are said, in seconds.
WORTH_SAYING = 2.0


class Setup:
    """What every command that talks to Stripe needs. The engine is built when it is first asked for."""

    def __init__(self, arguments: Arguments, scope: Scope, connections: Connections) -> None:
        self._arguments = arguments
        self.scope = scope
        self.connections = connections

    @cached_property
    def engine(self) -> Engine:
        """What runs blocks and scripts."""
        from stripe_shell.engine.run.interpreter import Engine
        from stripe_shell.spec.table import load_table

        chosen = frozenset(tag.strip() for tag in self._arguments.tags.split(",") if tag.strip())
        return Engine(load_table(), self.connections, _open_rows, live=self._arguments.live, tags=chosen)


class LazyEngine:
    """Stands for an engine that is built when something of it is first used: the first prompt stands before that."""

    def __init__(self, build: Callable[[], Engine]) -> None:
        self._build = build

    def __getattr__(self, name: str) -> Any:
        return getattr(self._build(), name)


def set_up(
    arguments: Arguments, environ: Mapping[str, str], console: Console, *, announce: bool = True, undo: bool = False
) -> Setup:
    """Nothing is opened or contacted yet. Raises ConfigurationError for settings that cannot be used.

    From now on the streams hide every credential, and say what is waited for and, with `announce`, which connections
    are opened. `undo`: sandboxes keep their writes, so that the last ones can be taken back.
    """
    connections = load_connections(
        environ,
        default=arguments.connection,
        database=":memory:" if arguments.memory else arguments.db,
        observer=observer_for(arguments, console, announce=announce),
        ask=lambda name: ask_credential(arguments, name),
        undo=undo,
    )
    scope = Scope(
        now=int(time.time()),
        seed=new_run_id(),
        environment=environ,
        variables=dict(arguments.variables),
        given=frozenset(name for name, _ in arguments.variables),
        written=frozenset(name for name, _ in arguments.variables),
        settings=ScopeSettings(spec=arguments.spec or connections.spec),
    )
    return Setup(arguments, scope, connections)


def observer_for(arguments: Arguments, console: Console, *, announce: bool) -> ConnectionObserver:
    """What connections do, said to the person; every exchange with `--verbose`."""

    def say_wait(words: str, seconds: float) -> None:
        if arguments.verbose or seconds >= WORTH_SAYING:
            console.message(words)

    def show_exchange(request: Request, response: Response | None, problem: str) -> None:
        from stripe_shell.render.exchange import render_exchange

        console.message(render_exchange(request, response, problem))

    return ConnectionObserver(
        secret=lambda value: console.mask(Secrets().plus(value)),
        exchange=show_exchange if arguments.verbose else None,
        wait=say_wait,
        connect=console.message if announce else lambda words: None,
    )


def ask_credential(arguments: Arguments, name: str) -> str:
    """A line of standard input, not echoed on a terminal. Raises ConfigurationError when a script stands there."""
    if sys.stdin is None:
        raise ConfigurationError("its key should come from standard input, and there is none")
    if "-" in arguments.words or (arguments.command == "prompt" and not sys.stdin.isatty()):
        raise ConfigurationError("its key should come from standard input, and there stands the script")
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"key of /{name}: ").strip()
    return sys.stdin.readline().strip()


def new_run_id() -> str:
    """A name for a run that no other run has: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def _open_rows(path: str, fields: tuple[str, ...]) -> RowSink:
    """`render.files.open_rows`, imported when the first file is written."""
    from stripe_shell.render.files import open_rows

    return open_rows(path, fields)
