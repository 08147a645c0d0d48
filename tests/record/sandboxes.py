"""The only place in the recorded tests that knows how a sandbox is made: adjust it when modules move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.sandbox.webhooks.deliveries import Deliveries
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response

__all__ = ["NOW", "SEED", "Clock", "Opened", "Request", "Response", "Sandbox", "open_sandbox", "send"]

#: 1 June 2026, 12:00 UTC: where every recorded clock begins.
NOW = 1_780_315_200
SEED = 7


@dataclass
class Clock:
    """A clock that stands at `seconds` until it is set."""

    seconds: int = NOW

    def now(self) -> int:
        """Return the time in epoch seconds."""
        return self.seconds

    def advance(self, seconds: int) -> None:
        """Move the clock on by so many seconds."""
        self.seconds += seconds


@dataclass
class Opened:
    """A sandbox with its clock, and the exceptions that were mistakes of its own."""

    sandbox: Sandbox
    clock: Clock
    mistakes: list[Exception] = field(default_factory=list)

    def close(self) -> None:
        """Close the store."""
        self.sandbox.store.close()


def open_sandbox(path: Path | None = None, *, now: int = NOW, seed: int = SEED) -> Opened:
    """Open a sandbox in a file or in memory (None) with a fixed clock and a seeded source of ids."""
    clock, mistakes = Clock(now), list[Exception]()
    sandbox = Sandbox(Store.open(path), load_table(), clock, RandomIds(seed), on_error=mistakes.append)
    return Opened(sandbox, clock, mistakes)


def send(opened: Opened, request: dict[str, Any], account: str | None) -> Response:
    """Send a request given as the fields of `Request`."""
    return opened.sandbox.send(Request(**request), account=account)


def deliver(opened: Opened, sender: Callable[[str, bytes, Mapping[str, str]], int], *, rounds: int = 50) -> None:
    """Carry out the webhook deliveries that are due, through `sender(url, body, headers)`, until none is left."""
    deliveries = Deliveries(opened.sandbox.store, opened.clock, sender)
    for _ in range(rounds):
        due = deliveries.due()
        if not due:
            return
        for endpoint in due.values():
            for delivery in endpoint:
                deliveries.deliver(delivery)
    raise AssertionError("deliveries stay due")


def lists() -> list[str]:
    """Return the paths of all lists of v1 that need no id."""
    operations = load_table().operations()
    found = {op.path for op in operations if op.action == "list" and not op.path_params and op.version == "v1"}
    return sorted(found)
