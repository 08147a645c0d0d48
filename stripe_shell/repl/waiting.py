"""Waiting for a request so that Ctrl-C ends the wait at once, though not the request."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Task(Generic[T]):
    """Work in a thread of its own. Once it has begun it cannot be stopped, only no longer waited for."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = Lock()
        self._done = Event()
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._on_late: Callable[[Task[T]], None] | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._done.is_set()

    def run(self) -> T:
        """Begin, and wait. Raises what the work raises, and KeyboardInterrupt on Ctrl-C, even before it has begun."""
        Thread(target=self._work_on, daemon=True).start()
        return self.wait()

    def wait(self) -> T:
        """What the work returns, once it has ended. Raises what the work raises, and KeyboardInterrupt on Ctrl-C."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def abandon(self, on_late: Callable[[Task[T]], None]) -> bool:
        """Stop waiting: `on_late` is called with this task, in its thread, when it ends. False when it has ended."""
        with self._lock:
            if self.done:
                return False
            self._on_late = on_late
            return True

    def _work_on(self) -> None:
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 (raised again where the result is waited for)
            self._error = error
        with self._lock:
            self._done.set()
            on_late = self._on_late
        if on_late is not None:
            on_late(self)
