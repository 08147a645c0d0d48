"""Scripts that fill a sandbox, and snapshots of what they made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stripe_shell.batch.runner import prepare, run_prepared
from stripe_shell.diagnostics import Diagnostic, SourceText, Span, excerpt, format_diagnostics, has_errors
from stripe_shell.engine.links import Link
from stripe_shell.engine.load import read_text
from stripe_shell.engine.outcome import RunStep
from stripe_shell.engine.run.interpreter import Engine, secrets_of
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import ConfigurationError
from stripe_shell.escaping import Drawn
from stripe_shell.render.files import open_rows
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.secrets import Secrets, secrets_of_environment
from stripe_shell.spec.table import Table
from stripe_shell.transports.sandbox import SandboxTransport

#: The responses that a script saved with `@as`, by name.
Captures = Mapping[str, Any]


class SeedFailed(ConfigurationError):
    """The error for a seed that cannot be read, does not pass the check, or fails; its message has the diagnostics."""


def run_seed(sandbox: Sandbox, path: Path, account: str | None = None) -> Captures:
    """Runs a script on an account of the sandbox (None: the first) and returns the responses saved with `@as`.

    Connections other than the sandbox are refused: nothing is sent anywhere. Raises SeedFailed.
    """
    try:
        source = SourceText(str(path), read_text(path))
    except OSError as error:
        raise SeedFailed(f"the seed {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SeedFailed(f"the seed {path} is not UTF-8 text (byte {error.start})") from error
    transport = SandboxTransport(sandbox, account)
    engine = Engine(sandbox.table, _SandboxOnly(Link("sandbox", transport, "sandbox", lasting=False)), open_rows)
    hidden = secrets_of_environment(os.environ)
    scope = Scope(now=sandbox.clock.now(), seed=os.urandom(16).hex(), environment=os.environ, hidden=hidden)
    prepared = prepare(engine, source, scope)
    if not prepared.sound:
        raise SeedFailed(Drawn(prepared.secrets.mask(format_diagnostics(prepared.diagnostics))))
    failures = _Failures(prepared.secrets)
    run = run_prepared(engine, prepared, run_id=os.urandom(16).hex(), on_step=failures.add)
    if run.exit_code:
        raise SeedFailed(failures.text() or f"the seed {path} failed")
    return {name: capture.body for name, capture in run.scope.captures.items()}


class _Failures:
    """The errors of a run, with its secrets masked."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._found: list[Diagnostic] = []

    def add(self, step: RunStep) -> None:
        self._secrets = self._secrets.plus(*secrets_of(step.scope).values)
        if step.outcome is not None and has_errors(step.outcome.diagnostics):
            self._found += step.outcome.diagnostics

    def text(self) -> str:
        return self._secrets.mask("\n".join(map(excerpt, self._found)))


class _SandboxOnly:
    """The connections of a seed: the sandbox, which is the default too."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        """Returns the sandbox; E208 for another connection."""
        if name in (None, self._link.name):
            return self._link
        return Diagnostic(
            "E208",
            f"a seed runs on the sandbox alone, not on `/{name}`",
            span,
            label="write /sandbox, or no connection",
        )

    def placeholder(self, name: str | None) -> bool:
        """Whether the name is a placeholder (`your-…`) for the default connection."""
        return name is not None and name.startswith("your-")


class SeedSnapshots:
    """The sandboxes that seeds made, one for each file, to be copied for each test."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, int, int], tuple[Sandbox, Captures]] = {}

    def find(self, path: Path, table: Table) -> tuple[Sandbox, Captures]:
        """Returns the sandbox that the script made, and its saved responses. Runs it once. Raises SeedFailed."""
        try:
            status = path.stat()
        except OSError as error:
            raise SeedFailed(f"the seed {path} cannot be read: {error.strerror or error}") from error
        key = str(path), status.st_mtime_ns, status.st_size
        if key not in self._made:
            sandbox = Sandbox(table=table)
            self._made[key] = sandbox, run_seed(sandbox, path)
        return self._made[key]
