"""A server that speaks bytes: what it does with a connection is a function of the socket."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

#: What becomes of one connection. It is closed afterwards, unless that has been done.
Serve = Callable[[socket.socket], None]


class Raw:
    """The running server: its `port`, and the `requests` that it has taken."""

    def __init__(self, listener: socket.socket) -> None:
        self.port: int = listener.getsockname()[1]
        self.requests: list[bytes] = []

    @property
    def url(self) -> str:
        """Its address over plain HTTP."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def raw(serve: Callable[[Raw], Serve]) -> Iterator[Raw]:
    """A server on the loopback interface that serves every connection, one after the other, as `serve` says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server, over = Raw(listener), threading.Event()

        def run() -> None:
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    if over.is_set():
                        return
                    connection.settimeout(10)
                    serve(server)(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            socket.create_connection(("127.0.0.1", server.port)).close()
            thread.join(timeout=10)
            assert not thread.is_alive()


def take(connection: socket.socket) -> bytes:
    """One request with its body; what came of it where the other side has gone."""
    data = b""
    while not _is_complete(data):
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data


def _is_complete(data: bytes) -> bool:
    head, found, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and len(body) >= (int(lengths[0].partition(b":")[2]) if lengths else 0)


def answering(answer: bytes, *, reset: bool = False) -> Callable[[Raw], Serve]:
    """Take the request, send these bytes, and close or reset the connection."""

    def serve_on(server: Raw) -> Serve:
        def serve(connection: socket.socket) -> None:
            request = take(connection)
            if not request:
                return
            server.requests.append(request)
            connection.sendall(answer)
            if reset:
                reset_at_close(connection)

        return serve

    return serve_on


def in_turn(*answers: bytes) -> Callable[[Raw], Serve]:
    """Answer the first, the second, … connection so."""
    left = list(answers)

    def serve_on(server: Raw) -> Serve:
        return answering(left.pop(0))(server)

    return serve_on


def reset_at_close(connection: socket.socket) -> None:
    """Have the connection reset when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def over_tls(context: ssl.SSLContext, then: Callable[[ssl.SSLSocket, Raw], None]) -> Callable[[Raw], Serve]:
    """Agree on TLS, then do what `then` says."""

    def serve_on(server: Raw) -> Serve:
        def serve(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as secure:
                then(secure, server)

        return serve

    return serve_on


def through_tunnel(inner: Callable[[Raw], Serve], answer: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Callable[[Raw], Serve]:
    """Answer a CONNECT with these bytes, then be the server behind the proxy as well."""

    def serve_on(server: Raw) -> Serve:
        def serve(connection: socket.socket) -> None:
            take(connection)
            connection.sendall(answer)
            inner(server)(connection)

        return serve

    return serve_on
