"""Background work of the server: webhook deliveries, Stripe's scheduled changes, and database checkpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage.queues import Delivery
from stripe_shell.sandbox.storage.rows import StoredRow
from stripe_shell.sandbox.webhooks.client import DeliveryAborted
from stripe_shell.sandbox.webhooks.deliveries import Deliveries

#: The interval between checks for due work, in seconds.
INTERVAL: Final = 1.0

#: The endpoints that get deliveries at the same time, each in a thread of its own; a slow one occupies only its own.
MOST_ENDPOINTS: Final = 64

#: How long `stop` waits for threads, in seconds; then they are left to end by themselves.
STOPS_WITHIN: Final = 3.0


class BackgroundWorker:
    """A thread that runs due work, and one for each endpoint with due webhooks, which gets them one at a time.

    `close` ends the deliveries under way. `on_error` is called with unexpected exceptions; the work continues.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        deliveries: Deliveries,
        on_error: Callable[[Exception], None],
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._sandbox = sandbox
        self._deliveries = deliveries
        self._on_error = on_error
        self._close = close
        self._busy: dict[str, threading.Thread] = {}
        self._wake = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._sandbox.store.relieve_commits()
        self._sandbox.load_pending_accounts()
        self._deliveries.release_abandoned()
        self._thread.start()

    def stop(self) -> None:
        """Stops the threads within a few seconds. Deliveries under way are broken off, and stay in the database."""
        self._ended = True
        self._wake.set()
        self._sandbox.store.interrupt_waiting()
        self._close()
        deadline = monotonic() + STOPS_WITHIN
        for thread in (self._thread, *tuple(self._busy.values())):
            thread.join(max(0.0, deadline - monotonic()))

    def notice(self, events: list[StoredRow]) -> None:
        """Wakes the thread if a stored event has webhooks to deliver."""
        if not all('"pending_webhooks":0' in event.json for event in events):
            self._wake.set()

    def _work(self) -> None:
        while not self._ended:
            self._guarded(self._sandbox.catch_up)
            self._guarded(self._hand_out)
            if not self._wake.wait(INTERVAL):
                self._guarded(self._sandbox.store.checkpoint)
            self._wake.clear()

    def _hand_out(self) -> None:
        for endpoint, deliveries in self._deliveries.due(tuple(self._busy)).items():
            if len(self._busy) >= MOST_ENDPOINTS:
                return
            thread = threading.Thread(target=self._deliver, args=(endpoint, deliveries), name="webhooks", daemon=True)
            self._busy[endpoint] = thread
            thread.start()

    def _deliver(self, endpoint: str, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if not self._ended:
                self._guarded(lambda delivery=delivery: self._deliveries.deliver(delivery))  # type: ignore[misc]
        self._busy.pop(endpoint, None)
        self._wake.set()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except DeliveryAborted:
            pass  # the server ends; the delivery keeps its place
        except Exception as error:  # noqa: BLE001 - one mistake must not end all deliveries
            if not self._ended:
                self._on_error(error)
