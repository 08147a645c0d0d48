"""Tells whether a request has begun to leave: the one fact that decides between "not sent" and "outcome unknown".

The type of an exception does not decide it: a `ValueError` comes from a header that cannot be sent and from an answer
with two lengths, an `SSLError` from a handshake and from a record after the request.
"""

from __future__ import annotations

import socket
from threading import local
from typing import Any


class Departure(local):
    """How far the request has come that the calling thread sends.

    `begun` is False until the first byte of the request is handed to an established connection, True from then on, and
    None where nobody watches the socket.
    """

    begun: bool | None = None


class WatchedConnection:
    """Goes before a connection class of urllib3 and sets `departure.begun` right before a request leaves.

    Everything that `connect` does comes before the request: name, TCP, the CONNECT to a proxy, the TLS handshake.
    """

    departure: Departure
    sock: socket.socket | None
    auto_open: int
    _connecting = False

    def connect(self) -> None:
        """As in `http.client`."""
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        """As in `http.client`, whose every byte goes through here; it connects first where that is still to be done."""
        if self.sock is None and self.auto_open:
            self.connect()
        if not self._connecting:
            self.departure.begun = True
        super().send(data)  # type: ignore[misc]


def watched(connection: type[Any], departure: Departure) -> type[Any]:
    """A class like `connection`, a connection class of urllib3, that notes in `departure` when a request leaves."""
    if issubclass(connection, WatchedConnection):
        return connection
    return type(f"Watched{connection.__name__}", (WatchedConnection, connection), {"departure": departure})
