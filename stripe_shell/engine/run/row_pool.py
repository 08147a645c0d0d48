"""Runs rows on several threads, which a run can leave behind when it must not wait for them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")

_Task = tuple["Future[T]", Callable[[], T]]


class RowPool(Generic[T]):
    """A pool of daemon threads, started as tasks come, `jobs` at most.

    `concurrent.futures` joins its threads when the process ends: a process that was told to stop would wait for every
    response that is still under way.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._tasks: SimpleQueue[_Task[T] | None] = SimpleQueue()
        self._threads: list[Thread] = []

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Returns the future result of a task, which a free thread runs."""
        future: Future[T] = Future()
        self._tasks.put((future, task))
        if len(self._threads) < self._jobs:
            thread = Thread(target=self._work, name=f"row-{len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return future

    def close(self) -> None:
        """Lets the threads end after their tasks; does not wait for them."""
        for _ in self._threads:
            self._tasks.put(None)

    def _work(self) -> None:
        while (entry := self._tasks.get()) is not None:
            future, task = entry
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(task())
            except BaseException as error:  # noqa: BLE001 (raised again where the result is asked for)
                future.set_exception(error)
