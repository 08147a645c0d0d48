"""Runs rows on several threads, which a run can leave behind when it must not wait for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Generic, TypeVar

T = TypeVar("T")

#: A thread that may not run a task yet looks so often, in seconds, whether it may.
_LOOK = 0.05

_Task = tuple["Future[T]", Callable[[], T]]


class RowPool(Generic[T]):
    """A pool of daemon threads, started as tasks come. `jobs` returns how many tasks may run at once now.

    `concurrent.futures` joins its threads when the process ends: a process that was told to stop would wait for every
    response that is still under way.
    """

    def __init__(self, jobs: Callable[[], int]) -> None:
        self._jobs = jobs
        self._changed = Condition()
        self._running = 0
        self._tasks: SimpleQueue[_Task[T] | None] = SimpleQueue()
        self._threads: list[Thread] = []

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Returns the future result of a task, which a free thread runs."""
        future: Future[T] = Future()
        self._tasks.put((future, task))
        if len(self._threads) < self._jobs():
            thread = Thread(target=self._work, name=f"row-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def close(self) -> None:
        """Lets the threads end after their tasks; does not wait for them."""
        for _ in self._threads:
            self._tasks.put(None)

    def _work(self) -> None:
        while True:
            # A thread that may not run takes no task: others would overtake it, and wait for the result of its row.
            with self._changed:
                while self._running >= self._jobs():
                    self._changed.wait(_LOOK)
                self._running += 1
            entry = self._tasks.get()
            if entry is not None:
                self._run(*entry)
            with self._changed:
                self._running -= 1
                self._changed.notify()
            if entry is None:
                return

    def _run(self, future: Future[T], task: Callable[[], T]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(task())
        except BaseException as error:  # noqa: BLE001 (raised again where the result is asked for)
            future.set_exception(error)
