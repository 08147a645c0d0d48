"""Detects whether a request has started to be sent, which decides between `NotSent` and `OutcomeUnknown`.

The type of an exception does not: a `ValueError` is raised for a header that cannot be sent and for a response with two
lengths, an `SSLError` for a handshake and for a record after the request.
"""

from __future__ import annotations

import socket
from threading import local
from typing import Any


class Departure(local):
    """The progress of the request that the current thread sends.

    `begun` is False until the first byte of the request is handed to an established connection, then True. It is None
    if the socket is not watched.
    """

    begun: bool | None = None


class WatchedConnection:
    """A mixin for a connection class of urllib3 that sets `departure.begun` right before a request is sent.

    Everything in `connect` happens before the request: name lookup, TCP, CONNECT to a proxy, TLS handshake.
    """

    departure: Departure
    sock: socket.socket | None
    auto_open: int
    _connecting = False

    def connect(self) -> None:
        """Connects, as in `http.client`."""
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        """Sends data, as in `http.client`, which passes every byte through here; connects first if necessary."""
        if self.sock is None and self.auto_open:
            self.connect()
        if not self._connecting:
            self.departure.begun = True
        super().send(data)  # type: ignore[misc]


def watched(connection: type[Any], departure: Departure) -> type[Any]:
    """Returns a subclass of `connection`, a connection class of urllib3, that reports to `departure`."""
    if issubclass(connection, WatchedConnection):
        return connection
    return type(f"Watched{connection.__name__}", (WatchedConnection, connection), {"departure": departure})
