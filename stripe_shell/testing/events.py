"""The events of a test's account, and waiting for one of a type."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage.rows import StoredRow

Json = dict[str, Any]

#: How long `wait` waits, in seconds.
PATIENCE = 5.0


class EventTimeout(AssertionError):
    """The error for an event that did not come in time; its message lists those that did."""


class StripeEvents:
    """The events of the account, oldest first, as `GET /v1/events` shows them; iterable, with a length.

    `notice` is the sandbox's `on_events`. `before_look` is called before each look at the events, so that what is due
    happens first.
    """

    def __init__(self, sandbox: Sandbox, before_look: Callable[[], None]) -> None:
        self._sandbox = sandbox
        self._before_look = before_look
        self._changed = threading.Condition()
        self._count = 0
        self._returned: set[str] = set()

    def __iter__(self) -> Iterator[Json]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self.all())

    @property
    def types(self) -> list[str]:
        """The types of the events, oldest first."""
        return [event["type"] for event in self.all()]

    def all(self, event_type: str | None = None) -> list[Json]:
        """Returns the events, or those of a type such as `invoice.paid`, oldest first."""
        self._sandbox.catch_up()
        with self._sandbox.context() as ctx:
            found: list[Json] = ctx.all("event", oldest_first=True)
        return [event for event in found if event_type is None or event["type"] == event_type]

    def wait(
        self, event_type: str, *, timeout: float = PATIENCE, where: Callable[[Mapping[str, Any]], bool] = lambda _: True
    ) -> Json:
        """Waits for an event of a type and returns it: the oldest that no `wait` has returned before.

        `where` is called with an event's `data.object` and says whether it is the one. Functions given to
        `stripe_webhooks` are called while it waits. Raises EventTimeout after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            with self._changed:
                seen = self._count
            self._before_look()
            for event in self.all(event_type):
                if event["id"] not in self._returned and where(event["data"]["object"]):
                    self._returned.add(event["id"])
                    return event
            left = deadline - time.monotonic()
            with self._changed:
                if left <= 0 or not self._changed.wait_for(lambda seen=seen: self._count != seen, left):  # type: ignore[misc]
                    raise EventTimeout(f"no {event_type} within {timeout:g} s; {self._account_of_types()}")

    def notice(self, rows: list[StoredRow]) -> None:
        """Wakes `wait` after events were stored."""
        with self._changed:
            self._count += len(rows)
            self._changed.notify_all()

    def _account_of_types(self) -> str:
        types = self.types
        return f"there are {', '.join(dict.fromkeys(types))}" if types else "there is no event yet"
