"""Total deadlines: ends an attempt at its time limit in whatever phase it is, however often its peer sends a byte.

The time-outs of sockets start anew with every byte. A watchdog thread shuts the socket down when the time is over,
which ends a blocked read or write at once. Connections are made in a thread of their own, as a look-up of names, and
one address after the other, have no time-out together.
"""

from __future__ import annotations

import math
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")


class Deadline:
    """The time limit of one attempt: `seconds` from now on. Use it as a context; `over` says whether it has passed."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._end = monotonic() + seconds
        self._lock = threading.Lock()
        self._connection: Any = None

    def __enter__(self) -> Deadline:
        _watchdog().add(self)
        return self

    def __exit__(self, *_: object) -> None:
        _watchdog().remove(self)
        with self._lock:
            self._connection = None

    @property
    def end(self) -> float:
        """Returns when the time is over, in seconds of the monotonic clock."""
        return self._end

    @property
    def left(self) -> float:
        """The seconds that are left, at least a millisecond. Raises TimeoutError when there are none."""
        self.check()
        return max(self._end - monotonic(), 0.001)

    def check(self) -> None:
        """Raises TimeoutError when the time is over."""
        if self.over:
            raise TimeoutError("the time limit is over")

    def watch(self, connection: Any) -> None:
        """Ends the connection (a `http.client.HTTPConnection`) at the time limit. Raises TimeoutError after it."""
        with self._lock:
            self._connection = connection
        self.check()

    def expire(self) -> None:
        """Ends the attempt."""
        with self._lock:
            self.over = True
            sock = getattr(self._connection, "sock", None)
            if sock is not None:
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # a TLS socket would first end TLS in good order


class _Watchdog:
    """A thread that ends attempts at their time limits; one for the process, as a thread for each would cost more.

    It wakes at the earliest limit that it has seen, and looks which ones are over then.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: set[Deadline] = set()
        self._wakes = math.inf
        self._process: int | None = None

    def add(self, deadline: Deadline) -> None:
        """Watches a deadline."""
        with self._changed:
            self._deadlines.add(deadline)
            if self._process != os.getpid():  # a fork has no threads
                self._process = os.getpid()
                threading.Thread(target=self._watch, name="deadlines", daemon=True).start()
            elif deadline.end < self._wakes:
                self._changed.notify()

    def remove(self, deadline: Deadline) -> None:
        """Watches a deadline no longer."""
        with self._changed:
            self._deadlines.discard(deadline)

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = monotonic()
                over = [each for each in self._deadlines if each.end <= now]
                self._deadlines.difference_update(over)
                if not over:
                    self._wakes = min([each.end for each in self._deadlines], default=math.inf)
                    self._changed.wait(None if self._wakes == math.inf else self._wakes - now)
            for deadline in over:
                deadline.expire()


@cache
def _watchdog() -> _Watchdog:
    return _Watchdog()


def run_within(work: Callable[[], T], seconds: float, discard: Callable[[T], None]) -> T:
    """Returns the result of `work`, which runs in a thread. Raises TimeoutError after `seconds`, and what it raises.

    A result that comes too late is given to `discard`.
    """
    done, lock = threading.Event(), threading.Lock()
    results: list[T] = []
    errors: list[BaseException] = []
    late = False

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            errors.append(error)
        else:
            with lock:
                (discard(result) if late else results.append(result))
        done.set()

    threading.Thread(target=run, daemon=True).start()
    if not done.wait(seconds):
        with lock:
            late = not results
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError("the time limit is over")
    return results[0]
