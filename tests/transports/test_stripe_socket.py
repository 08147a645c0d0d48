"""Stripe over a real loopback socket: connections that break in the middle, and keep-alive."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from stripe_shell.errors import NoAnswer, NotSent, OutcomeUnknown
from stripe_shell.records import replace
from stripe_shell.secrets import Credential
from stripe_shell.transports.retry import RetryPolicy
from stripe_shell.transports.sending import Sender
from stripe_shell.transports.stripe import Limits, StripeTransport
from stripe_shell.wire import Request

READ = Request("GET", "/v1/customers")
WRITE = Request("POST", "/v1/customers", body=b"email=a%40b.co", idempotency_key="ss1-0123")
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[socket.socket], None]


@contextmanager
def server(*connections: Serve) -> Iterator[str]:
    """The address of a server that treats its first, second, … connection so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            for serve in connections:
                connection, _ = listener.accept()
                with connection:
                    serve(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=10)
        assert not thread.is_alive(), "fewer connections came than were expected"


def take(connection: socket.socket) -> bytes:
    """One request with its body."""
    data = b""
    while b"\r\n\r\n" not in data or (data.startswith(b"POST") and not data.endswith(WRITE.body)):
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data


def answering(answer: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        take(connection)
        connection.sendall(answer)

    return serve


def resetting(answer: bytes = b"") -> Serve:
    def serve(connection: socket.socket) -> None:
        take(connection)
        if answer:
            connection.sendall(answer)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return serve


def transport(base: str, retries: int = 0, seconds: float = 5.0) -> StripeTransport:
    return StripeTransport(
        Credential("sk_test_51Abcdefghijklmnop"),
        bases={"api": base},
        sender=Sender(RetryPolicy(retries), sleep=lambda seconds: None),
        limits=Limits(connect=5, answer=seconds),
    )


BROKEN = {
    "closed before the answer": answering(b""),
    "reset before the answer": resetting(),
    "closed within the headers": answering(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "closed within the body": answering(WHOLE.replace(b"Length: 2", b"Length: 200")),
    "reset within the body": resetting(WHOLE.replace(b"Length: 2", b"Length: 200")),
    "chunks that end too soon": answering(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id'),
    "no gzip": answering(WHOLE.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")),
    "no HTTP": answering(b"220 mail.example.com ESMTP\r\n"),
}


@pytest.mark.parametrize("serve", BROKEN.values(), ids=BROKEN)
def test_a_write_whose_answer_breaks_is_unknown(serve: Serve) -> None:
    with server(serve) as base, pytest.raises(OutcomeUnknown, match="ss1-0123"):
        transport(base).send(WRITE)


@pytest.mark.parametrize("serve", BROKEN.values(), ids=BROKEN)
def test_a_read_whose_answer_breaks_is_asked_again(serve: Serve) -> None:
    with server(serve, answering(WHOLE)) as base:
        assert transport(base, retries=1).send(READ).body == b"{}"


def test_a_read_that_breaks_each_time_has_no_answer() -> None:
    serve = BROKEN["reset within the body"]
    with server(serve, serve) as base, pytest.raises(NoAnswer, match="2 attempts"):
        transport(base, retries=1).send(READ)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(NotSent, match=r"no connection \(connection refused\)"):
        transport(base).send(WRITE)


def test_tls_to_a_server_that_speaks_none_was_not_sent() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(WHOLE)

    with server(serve) as base, pytest.raises(NotSent, match="TLS failed"):
        transport(base.replace("http:", "https:")).send(WRITE)


def test_an_answer_that_does_not_come_in_time() -> None:
    done = threading.Event()

    def serve(connection: socket.socket) -> None:
        take(connection)
        done.wait(10)

    with server(serve) as base:
        with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.05 s"):
            transport(base).send(Request("POST", "/v1/customers", idempotency_key="k", timeout_ms=50))
        done.set()


def test_one_connection_serves_many_requests() -> None:
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        for _ in range(3):
            requests.append(take(connection))
            connection.sendall(WHOLE)

    with server(serve) as base:
        line = transport(base)
        for request in (READ, WRITE, READ):
            assert line.send(request).ok
    assert [data.split(b" ")[0] for data in requests] == [b"GET", b"POST", b"GET"]
    assert b"Authorization: Bearer sk_test_51Abcdefghijklmnop\r\n" in requests[0]
    assert b"Idempotency-Key: ss1-0123\r\n" in requests[1]
    assert requests[1].endswith(b"\r\n\r\nemail=a%40b.co")


def test_a_connection_gone_stale_is_replaced_under_the_same_key() -> None:
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        seen.append(take(connection))
        connection.sendall(WHOLE)

    with server(serve, serve) as base:
        line = transport(base, retries=1)
        assert line.send(WRITE).ok
        assert line.send(WRITE).ok
    assert all(b"Idempotency-Key: ss1-0123\r\n" in data for data in seen)


@pytest.mark.parametrize(("length", "pieces"), [(20, 1), (40_000, 2)])
def test_head_and_a_short_body_are_sent_at_once(monkeypatch: pytest.MonkeyPatch, length: int, pieces: int) -> None:
    """One system call for a request, as every one of them lets other threads take over."""
    sent: list[bytes] = []
    send = HTTPConnection.send

    def noted(self: HTTPConnection, data: bytes) -> None:
        sent.append(data)
        send(self, data)

    monkeypatch.setattr(HTTPConnection, "send", noted)
    body = b"a" * (length - len(WRITE.body)) + WRITE.body
    with server(answering(WHOLE)) as base:
        transport(base).send(replace(WRITE, body=body))
    assert len(sent) == pieces
    assert b"".join(sent).endswith(b"\r\n\r\n" + body)
