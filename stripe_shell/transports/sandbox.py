"""The sandbox as a transport: its file in a folder that only its owner can read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from stripe_shell.errors import ConfigurationError
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.control.routes import PRIVATE, answer_private
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, Response, Transport


def open_sandbox(path: Path | None, table: Table) -> Transport:
    """The sandbox that lives in the file `path`, made with its folder when they are not there; None keeps it in memory.

    Raises ConfigurationError when the file cannot be used.
    """
    return SandboxTransport(Sandbox(open_store(path), table))


def open_store(path: Path | None) -> Store:
    """The store in the file `path`, made with its folder when they are not there; None keeps it in memory.

    Raises ConfigurationError when the file cannot be used.
    """
    if path is not None:
        _make_private(path)
    return Store.open(path)


@dataclass(frozen=True, slots=True)
class SandboxTransport:
    """The sandbox in this process, its private routes included."""

    sandbox: Sandbox

    def send(self, request: Request) -> Response:
        """As `wire.Transport`; the sandbox always answers."""
        if request.path.startswith(PRIVATE):
            return answer_private(self.sandbox, request)
        return self.sandbox.send(request)


def _make_private(path: Path) -> None:
    """Create the folder (0700) and the file (0600) where they are missing; what exists keeps its rights."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(f"The sandbox file {path} cannot be used: {error.strerror}.") from error
