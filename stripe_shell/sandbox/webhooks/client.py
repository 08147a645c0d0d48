"""The HTTP client of webhook deliveries: one POST at a time, within a total time limit."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from stripe_shell.loopback import is_local_name

#: The time limit of a delivery, in seconds: for connecting, sending and the complete answer together.
TIME_LIMIT: Final = 10.0

#: How much of an answer is read, in bytes.
_READ: Final = 65_536


class DeliveryAborted(Exception):
    """The error for a delivery that `close` has broken off; it counts as not attempted."""


class WebhookClient:
    """Posts events. Thread-safe; `close` breaks off what is under way, and everything later."""

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._under_way: set[Any] = set()
        self._closed = False

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Sends a POST request and returns the status code; follows no redirects.

        Raises OSError (TimeoutError above the time limit) or HTTPException, and DeliveryAborted after `close`.
        """
        connection, target, host = _connection_to(url, self._time_limit)
        expired = threading.Event()
        timer = threading.Timer(self._time_limit, self._expire, (connection, expired))
        timer.daemon = True
        timer.start()
        try:
            with self._lock:
                self._under_way.add(connection)
            self._refuse_broken_off(expired)
            connection.request("POST", target, body, {"Host": host, **headers})
            answer = connection.getresponse()
            answer.read(_READ)
            self._refuse_broken_off(expired)  # `http.client` takes a broken head for a complete one
        except Exception:
            self._refuse_broken_off(expired)
            raise
        else:
            return int(answer.status)
        finally:
            timer.cancel()
            with self._lock:
                self._under_way.discard(connection)
            connection.close()

    def close(self) -> None:
        """Breaks off the deliveries under way."""
        with self._lock:
            self._closed = True
            for connection in self._under_way:
                _break_off(connection)

    def _refuse_broken_off(self, expired: threading.Event) -> None:
        if self._closed:
            raise DeliveryAborted
        if expired.is_set():
            raise TimeoutError(f"no complete answer within {self._time_limit:g} s")

    def _expire(self, connection: Any, expired: threading.Event) -> None:
        expired.set()
        with self._lock:
            if connection in self._under_way:
                _break_off(connection)


def _connection_to(url: str, time_limit: float) -> tuple[Any, str, str]:
    """Returns a connection that is not open yet, the target of the request, and its `Host`."""
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import quote, urlsplit

    parts = urlsplit(url)
    host = parts.hostname or ""
    reached = "127.0.0.1" if is_local_name(host) else host
    kind: Any = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (f"?{parts.query}" if parts.query else "")
    return kind(reached, parts.port, timeout=time_limit), target, parts.netloc.rpartition("@")[2]


def _break_off(connection: Any) -> None:
    """Shuts the socket down, which ends a blocked read or write of another thread at once."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
