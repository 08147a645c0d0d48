"""Workers on threads whose transactions are carried out in an order that the test decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from stripe_shell.sandbox.storage.session import StoreSession
from stripe_shell.sandbox.storage.store import Store

#: A worker that gets no turn for so long waits for something that never happens.
_STUCK_AFTER = 30.0


class Turns:
    """Lets one worker at a time run one transaction: the schedule says whose turn is next, then they alternate."""

    def __init__(self, schedule: Sequence[int], workers: int) -> None:
        self._schedule = iter([*schedule, *list(range(workers)) * 1000])
        self._running = set(range(workers))
        self._changed = threading.Condition()
        self._own = threading.local()
        self._holder = next(self._schedule)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for the turn of the worker on this thread, and hands it on at the end."""
        worker = self._own.worker
        with self._changed:
            assert self._changed.wait_for(lambda: self._holder == worker, _STUCK_AFTER), f"worker {worker} is stuck"
        try:
            yield
        finally:
            with self._changed:
                self._pass_on()

    def run(self, works: Sequence[Callable[[], object]]) -> None:
        """Runs each work on a thread of its own to its end. Raises what one of them raised."""
        raised: list[BaseException] = []

        def run_one(worker: int) -> None:
            self._own.worker = worker
            try:
                works[worker]()
            except BaseException as error:  # noqa: BLE001 - it is raised below
                raised.append(error)
            finally:
                with self._changed:
                    self._running.discard(worker)
                    if self._holder == worker:
                        self._pass_on()

        threads = [threading.Thread(target=run_one, args=(worker,)) for worker in range(len(works))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if raised:
            raise raised[0]

    def _pass_on(self) -> None:
        self._holder = next((worker for worker in self._schedule if worker in self._running), -1)
        self._changed.notify_all()


class SteppedStore(Store):
    """A store whose transactions wait for their turn while there are turns."""

    turns: Turns | None = None

    @contextmanager
    def write(self) -> Iterator[StoreSession]:
        with self._in_turn(), super().write() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[StoreSession]:
        with self._in_turn(), super().read() as session:
            yield session

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self.turns is None:
            yield
            return
        with self.turns.turn():
            yield


def take_turns(stores: Sequence[SteppedStore], schedule: Sequence[int], works: Sequence[Callable[[], object]]) -> None:
    """Runs the works, one for each worker, over these stores in the order of the schedule."""
    turns = Turns(schedule, len(works))
    for store in stores:
        store.turns = turns
    try:
        turns.run(works)
    finally:
        for store in stores:
            store.turns = None
