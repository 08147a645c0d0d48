"""Total deadlines: ends an attempt at its time limit in whatever phase it is, however often its peer sends a byte.

The time-outs of sockets start anew with every byte. A watchdog thread shuts the socket down when the time is over,
which ends a blocked read or write at once. Connections are made in a thread of their own, as a look-up of names, and
one address after the other, have no time-out together.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
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
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._connection = None

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

    def _expire(self) -> None:
        with self._lock:
            self.over = True
            sock = getattr(self._connection, "sock", None)
            if sock is not None:
                with suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # a TLS socket would first end TLS in good order


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
