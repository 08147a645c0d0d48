"""The sandbox as a transport, with its file in a private folder."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stripe_shell.errors import ConfigurationError
from stripe_shell.records import record
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.control.routes import PRIVATE, answer_private
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, Response, Transport


def open_sandbox(path: Path | None, table: Table, *, undo: bool = False, traits: str | None = None) -> Transport:
    """Opens the sandbox in the file `path`, created with its folder if missing; None keeps it in memory.

    `undo`: its writes are kept, so that the last ones can be taken back. `traits` are those of the account in a new
    file, as a text such as `legacy,country=DE`. Raises ConfigurationError if the file cannot be used, or for a text
    that is none.
    """
    with usable(path):
        return SandboxTransport(Sandbox(open_store(path), table, undo=undo, traits=_traits(traits)))


def _traits(text: str | None) -> Mapping[str, Any]:
    if not text:
        return {}
    from stripe_shell.sandbox.payments.accounts.traits import parse_traits

    try:
        return parse_traits(text)
    except ValueError as error:
        raise ConfigurationError(f"traits of the sandbox: {error}") from error


@contextmanager
def usable(path: Path | None) -> Iterator[None]:
    """Raises ConfigurationError for what SQLite finds wrong with the sandbox's file within the block."""
    try:
        yield
    except sqlite3.Error as error:
        raise ConfigurationError(f"the sandbox file {path} cannot be used: {error}") from error


def open_store(path: Path | None) -> Store:
    """Opens the store in the file `path`, which is created with its folder if missing; None keeps it in memory.

    Raises ConfigurationError if the file cannot be used.
    """
    if path is not None:
        _make_private(path)
    return Store.open(path)


@record
class SandboxTransport:
    """The sandbox in this process, including its private routes; `account` None is its first account."""

    sandbox: Sandbox
    account: str | None = None

    def send(self, request: Request) -> Response:
        """Sends the request as `wire.Transport`; never raises a transport error."""
        if request.path.startswith(PRIVATE):
            try:
                return answer_private(self.sandbox, request, account=self.account)
            except Exception as error:  # noqa: BLE001 - as the server does
                return self.sandbox.fail(error)
        return self.sandbox.send(request, account=self.account)


def _make_private(path: Path) -> None:
    """Creates the folder (0700) and the file (0600) if missing; existing ones keep their mode, and may be read-only."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigurationError(f"The sandbox file {path} cannot be used: {error.strerror}.") from error
