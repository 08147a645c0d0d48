"""Detects whether a request has started to be sent, which decides between `NotSent` and `OutcomeUnknown`.

The type of an exception does not: a `ValueError` is raised for a header that cannot be sent and for a response with two
lengths, an `SSLError` for a handshake and for a record after the request.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import local
from typing import Any

from urllib3.exceptions import ConnectTimeoutError

from stripe_shell.transports.deadline import Deadline, run_within

#: The longest body, in bytes, that leaves together with the head of its request.
_SHORT = 16 * 1024


class Departure(local):
    """The progress of the request that the current thread sends.

    `begun` is False until the first byte of the request is handed to an established connection, then True. It is None
    if the socket is not watched. `deadline` is the time limit of the attempt.
    """

    begun: bool | None = None
    deadline: Deadline | None = None


class WatchedConnection:
    """A mixin for a connection class of urllib3 that sets `departure.begun` right before a request is sent.

    Everything in `connect` happens before the request: name lookup, TCP, CONNECT to a proxy, TLS handshake.
    """

    departure: Departure
    sock: socket.socket | None
    auto_open: int
    timeout: Any
    _connecting = False
    _held: list[bytes] | None = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        """Sends a request, as in urllib3, but the head and a short body together: one system call, one segment."""
        self._held = [] if isinstance(body, bytes) and len(body) <= _SHORT else None
        try:
            super().request(method, url, body, headers, **options)  # type: ignore[misc]
            whole, self._held = b"".join(self._held or ()), None
            if whole:
                self.send(whole)
        finally:
            self._held = None

    def connect(self) -> None:
        """Connects, as in `http.client`."""
        self._watch()
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        """Sends data, as in `http.client`, which passes every byte through here; connects first if necessary."""
        if self._held is not None and not self._connecting:
            self._held.append(data)
            return
        if self.sock is None and self.auto_open:
            self.connect()
        if not self._connecting:
            self._watch()
            self.departure.begun = True
        super().send(data)  # type: ignore[misc]

    def _watch(self) -> None:
        if self.departure.deadline is not None:
            self.departure.deadline.watch(self)

    def _new_conn(self) -> socket.socket:
        """Returns a new socket, as in urllib3; looking the name up and trying its addresses counts as connecting."""
        connect: Callable[[], socket.socket] = super()._new_conn  # type: ignore[misc]
        deadline = self.departure.deadline
        if deadline is None:
            return connect()
        seconds = min(self.timeout, deadline.left) if isinstance(self.timeout, int | float) else deadline.left
        try:
            return run_within(connect, seconds, discard=lambda late: late.close())
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"not connected within {seconds:g} s") from error


def watched(connection: type[Any], departure: Departure) -> type[Any]:
    """Returns a subclass of `connection`, a connection class of urllib3, that reports to `departure`."""
    if issubclass(connection, WatchedConnection):
        return connection
    return type(f"Watched{connection.__name__}", (WatchedConnection, connection), {"departure": departure})
