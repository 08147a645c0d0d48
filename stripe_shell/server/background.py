"""Background work of the server: webhook deliveries, Stripe's scheduled changes, and database checkpoints."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage.queues import Delivery
from stripe_shell.sandbox.storage.session import StoredRow
from stripe_shell.sandbox.webhooks.deliveries import Deliveries

#: The interval between checks for due work, in seconds.
INTERVAL = 1.0

_THREADS = 8


class BackgroundWorker:
    """A thread that runs due work, and a pool that delivers webhooks; each endpoint gets its events one at a time.

    `on_error` is called with unexpected exceptions; the work continues.
    """

    def __init__(self, sandbox: Sandbox, deliveries: Deliveries, on_error: Callable[[Exception], None]) -> None:
        self._sandbox = sandbox
        self._deliveries = deliveries
        self._on_error = on_error
        self._busy: set[str] = set()
        self._wake = threading.Event()
        self._ended = False
        self._senders = ThreadPoolExecutor(_THREADS, "webhooks")
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._sandbox.store.relieve_commits()
        self._sandbox.load_pending_accounts()
        self._deliveries.release_abandoned()
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread. Waits for deliveries in progress; pending ones stay in the database."""
        self._ended = True
        self._wake.set()
        self._thread.join()
        self._senders.shutdown(cancel_futures=True)

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
            self._busy.add(endpoint)
            self._senders.submit(self._deliver, endpoint, deliveries)

    def _deliver(self, endpoint: str, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if not self._ended:
                self._guarded(lambda delivery=delivery: self._deliveries.deliver(delivery))  # type: ignore[misc]
        self._busy.discard(endpoint)
        self._wake.set()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - one mistake must not end all deliveries
            self._on_error(error)
