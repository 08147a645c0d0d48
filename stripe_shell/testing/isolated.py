"""A test's own sandbox: an account with its key, clock, events and webhooks, gone at the end of the test."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage.rows import StoredRow

from .clock import OffsetClock, StripeClock
from .events import StripeEvents
from .seeds import Captures, run_seed
from .server import TestServer
from .webhooks import StripeWebhooks


class IsolatedSandbox:
    """A sandbox in memory, with one account. Requests with its `key` to `base_url` reach it, and no other ones.

    `clock`, `events` and `webhooks` are what the fixtures `stripe_clock`, `stripe_events` and `stripe_webhooks` return.
    """

    def __init__(self, server: TestServer) -> None:
        self.base_url = server.url
        self.key = f"sk_test_{token_hex(16)}"
        self._server = server
        self._mistakes: list[Exception] = []
        clock = OffsetClock()
        self.sandbox = Sandbox(table=server.table, clock=clock, on_events=self._notice, on_error=self._mistakes.append)
        self.webhooks = StripeWebhooks(self.sandbox, self._mistakes.append)
        self.events = StripeEvents(self.sandbox, self._settle)
        self.clock = StripeClock(self.sandbox, clock, self._settle)
        self._admit()

    @property
    def account(self) -> str:
        """The id of the account (`acct_…`)."""
        return self.sandbox.account

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that lead a program to this sandbox."""
        host, _, port = self.base_url.removeprefix("http://").rpartition(":")
        return {
            "STRIPE_API_BASE": self.base_url,
            "STRIPE_API_KEY": self.key,
            "STRIPE_SECRET_KEY": self.key,
            "STRIPE_MOCK_HOST": host,
            "STRIPE_MOCK_PORT": port,
        }

    def seed(self, path: str | Path) -> Captures:
        """Fills the sandbox with what a script makes; returns the responses that it saved with `@as`, by name.

        The first seed of an unused sandbox is run once for all tests, and its result is copied. Raises SeedFailed.
        """
        if self._is_used():
            return run_seed(self.sandbox, Path(path))
        template, captures = self._server.snapshots.find(Path(path), self._server.table)
        self.sandbox.load(template)
        self._admit()
        return captures

    def close(self) -> None:
        """Ends the sandbox. Raises the first unexpected exception that occurred in it."""
        self._server.router.remove(self.key)
        self.webhooks.close()
        self.sandbox.store.close()
        if self._mistakes:
            raise self._mistakes[0]

    def _admit(self) -> None:
        """Makes the key that of the account, and serves it."""
        self.sandbox.accounts.set_key(self.account, self.key)
        self._server.router.add(self.key, self.sandbox)

    def _is_used(self) -> bool:
        with self.sandbox.store.read() as session:
            return bool(session.kinds(self.sandbox.accounts.number(self.account)))

    def _notice(self, rows: list[StoredRow]) -> None:
        self.events.notice(rows)
        self.webhooks.notice(rows)

    def _settle(self) -> None:
        self.sandbox.catch_up()
        self.webhooks.deliver()
