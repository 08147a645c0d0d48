"""Waits for running requests so that Ctrl-C ends the wait at once; sent requests continue, no new ones are sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeVar

from stripe_shell.records import record

T = TypeVar("T")

_TICK = 0.1


@record
class StreamEnd:
    """The end of a stream; `error` is the exception that ended it, if any."""

    error: BaseException | None = None


#: Called with each item that arrives after `abandon`, and with the end.
OnLate = Callable[[T | StreamEnd], None]


class BackgroundStream(Generic[T]):
    """Iterates over items that a thread of its own produces.

    `on_tick` is called ten times a second, in the thread that waits. An item counts as taken when the next one is asked
    for: one whose taking was interrupted is late, so that no answer is lost to a Ctrl-C at the wrong moment.
    """

    def __init__(self, items: Iterator[T], on_tick: Callable[[], None] = lambda: None) -> None:
        self._items = items
        self._on_tick = on_tick
        self._arrived: deque[T | StreamEnd] = deque()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._lock = Lock()
        self._on_late: OnLate[T] | None = None

    def __iter__(self) -> Iterator[T]:
        """Starts the thread and yields each item. Raises what the iterator raises, and KeyboardInterrupt on Ctrl-C."""
        Thread(target=self._work, daemon=True).start()
        while not isinstance(item := self._next(), StreamEnd):
            yield item
            self._arrived.popleft()
        if item.error is not None:
            raise item.error

    def _next(self) -> T | StreamEnd:
        while True:
            try:
                self._wake.get(timeout=_TICK)
            except Empty:
                self._on_tick()
            else:
                return self._arrived[0]

    def abandon(self, on_late: OnLate[T]) -> None:
        """Stops waiting. Later items go to `on_late`, in the thread of the iterator, which starts no new ones."""
        with self._lock:
            while self._arrived:
                on_late(self._arrived.popleft())
            self._on_late = on_late

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                self._deliver(item)
                if self._on_late is not None:
                    break
        except BaseException as raised:  # noqa: BLE001 (raised again where the items are waited for)
            error = raised
        if isinstance(self._items, Generator):
            with suppress(RuntimeError):  # A loop whose rows end with a teardown block raises on close.
                self._items.close()
        self._deliver(StreamEnd(error))

    def _deliver(self, item: T | StreamEnd) -> None:
        with self._lock:
            if self._on_late is None:
                self._arrived.append(item)
                self._wake.put(None)
            else:
                self._on_late(item)
