"""A server like Stripe's whose answers go wrong on the way, before or after the request has been carried out."""

from __future__ import annotations

import os
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.fakes.web import Answer, Refused, Reply, Seen

#: What becomes of one request: the connection, what was asked, and what carries it out.
Fault = Callable[[socket.socket, Seen, Answer], None]


def wire(reply: Reply) -> bytes:
    """A reply as it goes over the wire."""
    lines = [f"HTTP/1.1 {reply.status} X", *(f"{name}: {value}" for name, value in reply.headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(reply.body)}", "", ""]).encode() + reply.body


def answers(status: int, body: bytes = b"{}", kind: str = "application/json", **headers: str) -> Fault:
    """Answer this; nothing is carried out."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}

    def fault(connection: socket.socket, _seen: Seen, _carry_out: Answer) -> None:
        connection.sendall(wire(Reply(status, body, {"Content-Type": kind, **names})))

    return fault


def acts_then(change: Callable[[Reply], Reply]) -> Fault:
    """Carry it out, and answer something else."""

    def fault(connection: socket.socket, seen: Seen, carry_out: Answer) -> None:
        connection.sendall(wire(change(carry_out(seen))))

    return fault


def acts_and_resets(connection: socket.socket, seen: Seen, carry_out: Answer) -> None:
    """Carry it out, send half of the answer, and reset the connection."""
    whole = wire(carry_out(seen))
    connection.sendall(whole[: len(whole) - 20])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())  # at once, whatever else still holds it


def acts_and_says_two_lengths(connection: socket.socket, seen: Seen, carry_out: Answer) -> None:
    """Carry it out, and answer with two lengths that contradict each other."""
    connection.sendall(wire(carry_out(seen)).replace(b"Content-Length:", b"Content-Length: 1\r\nContent-Length:"))


def good(connection: socket.socket, seen: Seen, carry_out: Answer) -> None:
    """Nothing goes wrong."""
    connection.sendall(wire(carry_out(seen)))


class Faulty:
    """The running server. `faults` are for the first requests, one each; `always` for those behind them."""

    def __init__(self, carry_out: Answer, always: Fault = good, context: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.always = always
        self.over = threading.Event()
        outer = self

        def careful(seen: Seen) -> Reply:
            try:
                return carry_out(seen)
            except Refused as refused:
                return refused.reply

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    while seen := read_request(self.rfile):
                        outer.seen.append(seen)
                        fault = outer.faults.pop(0) if outer.faults else outer.always
                        fault(self.request, seen, careful)
                except (OSError, ValueError):
                    return  # the client has gone, or the fault has closed the connection

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def get_request(self) -> tuple[socket.socket, Any]:
                connection, address = super().get_request()
                return (context.wrap_socket(connection, server_side=True) if context else connection), address

            def handle_error(self, *_: Any) -> None:
                """Say nothing."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._scheme = "https" if context else "http"

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def acts_and_is_silent(self, _connection: socket.socket, seen: Seen, carry_out: Answer) -> None:
        """Carry it out, and answer nothing until the test is over."""
        carry_out(seen)
        self.over.wait(20)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


def read_request(file: Any) -> Seen | None:
    """The next request of a connection, None when there is none."""
    first = file.readline().decode().split()
    if not first:
        return None
    headers: dict[str, str] = {}
    while line := file.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Seen(first[0], first[1], headers, file.read(int(headers.get("content-length", "0"))))


@contextmanager
def faulty(carry_out: Answer, always: Fault = good, context: ssl.SSLContext | None = None) -> Iterator[Faulty]:
    """A server that goes wrong."""
    server = Faulty(carry_out, always, context)
    server.start()
    try:
        yield server
    finally:
        server.stop()
