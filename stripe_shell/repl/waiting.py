"""Waiting for what is under way so that Ctrl-C ends the wait at once: what was sent stays sent, nothing more is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeVar

from stripe_shell.records import record

T = TypeVar("T")


@record
class StreamEnd:
    """Nothing more comes; `error` is what ended it, if something did."""

    error: BaseException | None = None


#: Hears of what comes when nobody waits for it any more: every item, and the end.
OnLate = Callable[[T | StreamEnd], None]


class BackgroundStream(Generic[T]):
    """The items of an iterator, which goes on in a thread of its own."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._arrived: SimpleQueue[T | StreamEnd] = SimpleQueue()
        self._lock = Lock()
        self._on_late: OnLate[T] | None = None

    def __iter__(self) -> Iterator[T]:
        """Begin, and give each item as it comes. Raises what the iterator raises, and KeyboardInterrupt on Ctrl-C."""
        Thread(target=self._work, daemon=True).start()
        while not isinstance(item := self._arrived.get(), StreamEnd):
            yield item
        if item.error is not None:
            raise item.error

    def abandon(self, on_late: OnLate[T]) -> None:
        """Stop waiting. What still comes goes to `on_late`, in the thread of the iterator; nothing new is begun."""
        with self._lock:
            while not self._arrived.empty():
                on_late(self._arrived.get())
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
            with suppress(RuntimeError):  # a loop whose rows end with a block of their own would rather go on
                self._items.close()
        self._deliver(StreamEnd(error))

    def _deliver(self, item: T | StreamEnd) -> None:
        with self._lock:
            if self._on_late is None:
                self._arrived.put(item)
            else:
                self._on_late(item)
