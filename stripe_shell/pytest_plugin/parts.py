"""Test files whose parts depend on each other: the base of scripts and pages, their sandbox, how failures look."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.secrets import Secrets


class ItemFailure(Exception):
    """The error for a failed test; its message is what is shown, with secrets masked."""


class FilePart(pytest.Item):
    """A test: a block, a loop, an example, or the check of a whole file."""

    def __init__(self, *, line: int, run: Callable[[FilePart], None], **options: Any) -> None:
        super().__init__(**options)
        self.line = line
        self.run = run

    def runtest(self) -> None:
        """Runs the test. Raises ItemFailure."""
        self.run(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Returns the diagnostic of an ItemFailure instead of a traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, ItemFailure) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Returns path, line (0-based) and name of the test."""
        return self.path, self.line - 1, self.name


class PartedFile(pytest.File):
    """A file whose tests depend on each other, so that pytest-xdist runs them all in one process."""

    def _new_part(self, name: str, line: int, run: Callable[[FilePart], None]) -> FilePart:
        part: FilePart = FilePart.from_parent(self, name=name, line=line, run=run)
        part.add_marker(pytest.mark.xdist_group(str(self.path)))
        return part


def skip(reason: str) -> NoReturn:
    """Skips the test, reported at the test's own location."""
    raise pytest.skip.Exception(reason, _use_item_location=True)


def set_up(node: pytest.Collector) -> tuple[Engine, Scope, Secrets]:
    """Returns an engine over a sandbox of this file's own, or over the connection given on the command line."""
    from stripe_shell.connections import load_connections
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope, ScopeSettings
    from stripe_shell.errors import ConfigurationError
    from stripe_shell.render.files import open_rows
    from stripe_shell.secrets import secrets_of_environment
    from stripe_shell.spec.table import load_table

    variables = dict(text.split("=", 1) for text in node.config.getoption("--stripe-var"))
    chosen = node.config.getoption("--stripe-connection") or "sandbox"
    try:
        connections = load_connections(os.environ, default=chosen, database=":memory:")
    except ConfigurationError as error:
        raise node.CollectError(str(error)) from error
    scope = Scope(
        now=int(time.time()),
        seed=new_run_id(),
        environment=os.environ,
        variables=variables,
        given=frozenset(variables),
        written=frozenset(variables),
        settings=ScopeSettings(spec=connections.spec),
        hidden=secrets_of_environment(os.environ),
    )
    keys = [connection.credential.reveal() for connection in _opened(connections) if connection.credential]
    return Engine(load_table(), connections, open_rows), scope, scope.hidden.plus(*keys)


def _opened(connections: Any) -> Iterator[Any]:
    yield from (connection for name in connections.names if (connection := connections.get(name)))


def new_run_id() -> str:
    return os.urandom(16).hex()


def shown_path(node: pytest.File) -> str:
    """Returns the path as diagnostics show it: relative to the folder where pytest was started, if inside it."""
    try:
        return str(node.path.relative_to(node.config.invocation_params.dir))
    except ValueError:
        return str(node.path)
