"""Peers that answer, or send, a byte now and then: servers on the loopback interface."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: The answers of which a peer sends a part at once, and the rest byte by byte: in its headers, or in its body.
DRIPS = {
    "status line": (b"", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 10_000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Slow: " + b"a" * 60_000),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n", b" " * 60_000),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 10_000),
    "nothing": (b"", b""),
}


@contextmanager
def dripping(at_once: bytes, drops: bytes, interval: float = 0.05) -> Iterator[str]:
    """A server that answers every request with `at_once`, and then a byte of `drops` each interval; its address."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65_536)
            connection.sendall(at_once)
            for byte in drops:
                if ended.wait(interval):
                    return
                connection.sendall(bytes([byte]))
            ended.wait()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.close()
