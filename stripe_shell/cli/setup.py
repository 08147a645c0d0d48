"""From arguments and environment to an engine and the scope of its first line."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from stripe_shell.cli.arguments import Arguments
from stripe_shell.connections import Connections, load_connections
from stripe_shell.engine.interpreter import Engine
from stripe_shell.engine.rows import RowSink
from stripe_shell.engine.scope import Scope, Settings
from stripe_shell.records import record
from stripe_shell.spec.table import load_table


@record
class Setup:
    """What every command that talks to Stripe needs."""

    engine: Engine
    scope: Scope
    connections: Connections


def set_up(arguments: Arguments, environ: Mapping[str, str]) -> Setup:
    """Nothing is opened or contacted yet. Raises ConfigurationError for settings that cannot be used."""
    connections = load_connections(
        environ,
        default=arguments.connection,
        database=":memory:" if arguments.memory else arguments.db,
    )
    engine = Engine(load_table(), connections, _open_rows, live=arguments.live)
    scope = Scope(
        now=int(time.time()),
        seed=new_run_id(),
        environment=environ,
        variables=dict(arguments.variables),
        given=frozenset(name for name, _ in arguments.variables),
        settings=Settings(spec=arguments.spec or connections.spec),
    )
    return Setup(engine, scope, connections)


def new_run_id() -> str:
    """A name for a run that no other run has: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def _open_rows(path: str, fields: tuple[str, ...]) -> RowSink:
    """`render.files.open_rows`, imported when the first file is written."""
    from stripe_shell.render.files import open_rows

    return open_rows(path, fields)
