"""Creates the engine and the first scope from the arguments and the environment."""

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
from stripe_shell.errors import ConfigurationError, UsageError
from stripe_shell.render.console import Console
from stripe_shell.secrets import Secrets, secrets_of_environment
from stripe_shell.wire import Request, Response

if TYPE_CHECKING:
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.run.row_selection import RowSelection
    from stripe_shell.engine.run.row_target import RowSink, RowTarget

#: Waits longer than this are announced, in seconds.
WORTH_SAYING = 2.0


class Setup:
    """The engine, scope and connections of a command. The engine is built on first use."""

    def __init__(self, arguments: Arguments, scope: Scope, connections: Connections) -> None:
        self._arguments = arguments
        self.scope = scope
        self.connections = connections

    @cached_property
    def engine(self) -> Engine:
        """The engine that runs blocks and scripts."""
        from stripe_shell.engine.run.interpreter import Engine
        from stripe_shell.spec.table import load_table

        chosen = frozenset(tag.strip() for tag in self._arguments.tags.split(",") if tag.strip())
        return Engine(
            load_table(),
            self.connections,
            _open_rows,
            live=self._arguments.live,
            tags=chosen,
            rows=_parse_rows(self._arguments.rows),
            jobs=_parse_jobs(self._arguments.jobs),
        )


class LazyEngine:
    """A proxy for an engine that is built on first use, so that the first prompt appears before it."""

    def __init__(self, build: Callable[[], Engine]) -> None:
        self._build = build

    def __getattr__(self, name: str) -> Any:
        return getattr(self._build(), name)


def set_up(
    arguments: Arguments, environ: Mapping[str, str], console: Console, *, announce: bool = True, undo: bool = False
) -> Setup:
    """Returns the setup of a command. Opens no connection. Raises ConfigurationError for invalid settings.

    From then on the console masks every credential, announces waits and, with `announce`, the connections as they open.
    `undo`: sandboxes log their writes, so that the last ones can be undone.
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
        hidden=secrets_of_environment(environ),
    )
    console.mask(scope.hidden)
    return Setup(arguments, scope, connections)


def observer_for(arguments: Arguments, console: Console, *, announce: bool) -> ConnectionObserver:
    """Returns an observer that reports on connections to the user; with `--verbose`, on every exchange."""

    def say_wait(words: str, seconds: float) -> None:
        if arguments.verbose or (seconds >= WORTH_SAYING and console.on_delay is None):
            console.message(words)

    def show_exchange(request: Request, response: Response | None, problem: str) -> None:
        from stripe_shell.render.exchange import render_exchange

        console.message(render_exchange(request, response, problem))

    return ConnectionObserver(
        retry=console.delayed,
        secret=lambda value: console.mask(Secrets().plus(value)),
        exchange=show_exchange if arguments.verbose else None,
        wait=say_wait,
        connect=console.message if announce else lambda words: None,
    )


def ask_credential(arguments: Arguments, name: str) -> str:
    """Reads a line of standard input, without echo on a terminal.

    Raises ConfigurationError if standard input is missing or contains the script.
    """
    if sys.stdin is None:
        raise ConfigurationError("its key should come from standard input, and there is none")
    if "-" in arguments.words or (arguments.command == "prompt" and not sys.stdin.isatty()):
        raise ConfigurationError("its key should come from standard input, and there stands the script")
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"key of /{name}: ").strip()
    return sys.stdin.readline().strip()


def new_run_id() -> str:
    """Returns a unique id for a run: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def _parse_rows(text: str | None) -> RowSelection | None:
    """Returns the selection of `--rows`. Raises UsageError."""
    if text is None:
        return None
    from stripe_shell.engine.run.row_selection import parse_rows

    selection = parse_rows(text)
    if selection is None:
        raise UsageError(f"--rows is a number of rows such as 10, a range such as 101-200, or keys, not `{text}`")
    return selection


def _parse_jobs(text: str | None) -> int | None:
    """Returns the number of `--jobs`; None leaves it to the loops. Raises UsageError."""
    if text is None or text == "auto":
        return None
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise UsageError(f"--jobs is how many rows run at once, such as 4, not `{text}`")
    return int(text)


def _open_rows(target: RowTarget) -> RowSink:
    """Calls `render.files.open_rows`, imported with the first file."""
    from stripe_shell.render.files import open_rows

    return open_rows(target)
