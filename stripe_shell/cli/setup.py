"""From arguments and environment to an engine and the scope of its first line."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.streams import Streams
from stripe_shell.connections import Connections, Witness, load_connections
from stripe_shell.engine.scope import Scope, Settings
from stripe_shell.errors import ConfigurationError
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


class LateEngine:
    """Stands for an engine that is built when something of it is first used: the first prompt stands before that."""

    def __init__(self, build: Callable[[], Engine]) -> None:
        self._build = build

    def __getattr__(self, name: str) -> Any:
        return getattr(self._build(), name)


def set_up(arguments: Arguments, environ: Mapping[str, str], streams: Streams, *, announce: bool = True) -> Setup:
    """Nothing is opened or contacted yet. Raises ConfigurationError for settings that cannot be used.

    From now on the streams hide every credential, and say what is waited for and, with `announce`, which connections
    are opened.
    """
    connections = load_connections(
        environ,
        default=arguments.connection,
        database=":memory:" if arguments.memory else arguments.db,
        witness=witness_for(arguments, streams, announce=announce),
        ask=lambda name: ask_credential(arguments, name),
    )
    scope = Scope(
        now=int(time.time()),
        seed=new_run_id(),
        environment=environ,
        variables=dict(arguments.variables),
        given=frozenset(name for name, _ in arguments.variables),
        written=frozenset(name for name, _ in arguments.variables),
        settings=Settings(spec=arguments.spec or connections.spec),
    )
    return Setup(arguments, scope, connections)


def witness_for(arguments: Arguments, streams: Streams, *, announce: bool) -> Witness:
    """What connections do, said to the person; every exchange with `--verbose`."""

    def say_wait(words: str, seconds: float) -> None:
        if arguments.verbose or seconds >= WORTH_SAYING:
            streams.say(words)

    def show_exchange(request: Request, response: Response | None, problem: str) -> None:
        from stripe_shell.render.exchange import render_exchange

        streams.say(render_exchange(request, response, problem))

    return Witness(
        secret=lambda value: streams.hide(Secrets().plus(value)),
        exchange=show_exchange if arguments.verbose else None,
        wait=say_wait,
        connect=streams.say if announce else lambda words: None,
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
