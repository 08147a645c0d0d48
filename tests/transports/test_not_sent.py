"""What can go wrong before the first byte of a write has left: it is not sent (exit 3), and nothing was changed."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3

from stripe_shell.errors import NotSent
from stripe_shell.secrets import Credential
from stripe_shell.transports.retry import RetryPolicy
from stripe_shell.transports.sending import Sender
from stripe_shell.transports.stripe import HttpClient, Limits
from stripe_shell.transports.tokens import ClientCredentials, IssuedToken, fetch_token
from stripe_shell.wire import Request, Response
from tests.fakes.broken import BROKEN, WHOLE, body, head
from tests.fakes.certificates import certificate
from tests.fakes.raw import Serve, answering, in_turn, over_tls, raw, reset_at_close

from .conftest import Command, outcome, proxied, transport


def bad_name(patch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    patch.setattr(socket, "getaddrinfo", resolve)


def unencodable_name(patch: pytest.MonkeyPatch) -> None:
    def resolve(*_: Any, **__: Any) -> None:
        raise UnicodeError("label empty or too long")

    patch.setattr(socket, "getaddrinfo", resolve)


def connecting(error: Exception) -> Callable[[pytest.MonkeyPatch], None]:
    def break_it(patch: pytest.MonkeyPatch) -> None:
        def connect(*_: Any, **__: Any) -> None:
            raise error

        patch.setattr(urllib3.util.connection, "create_connection", connect)

    return break_it


def without_bundle(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")


def bad_proxy(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HTTPS_PROXY", "http://[")


def lost_proxy(patch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        patch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")


#: What the command does not send: what is done first, the address, and words of the message.
UNSENT: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str, str]] = {
    "an unknown name": (bad_name, "https://localhost:1", "the host name is not known (DNS)"),
    "a name that cannot be encoded": (unencodable_name, "https://localhost:1", "the address or a header"),
    "no connection in time": (connecting(TimeoutError()), "https://localhost:1", "no connection within 15 s"),
    "refused": (connecting(ConnectionRefusedError(111, "Connection refused")), "http://localhost:1", "refused"),
    "reset while connecting": (connecting(ConnectionResetError(104, "Reset")), "http://localhost:1", "(reset)"),
    "no way there": (connecting(OSError(101, "Network is unreachable")), "http://localhost:1", "unreachable"),
    "no memory for a socket": (connecting(MemoryError()), "http://localhost:1", "cannot be used"),
    "a mistake while connecting": (connecting(KeyError()), "http://localhost:1", "cannot be used"),
    "no CA bundle": (without_bundle, "https://localhost:1", "/nonexistent/ca.pem"),
    "a proxy that is none": (bad_proxy, "https://localhost:1", "cannot be used"),
    "a proxy that does not listen": (lost_proxy, "https://localhost:1", "the proxy cannot be used"),
}


@pytest.mark.parametrize("name", UNSENT)
def test_a_write_that_cannot_leave_is_not_sent(name: str, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, url, words = UNSENT[name]
    prepare(monkeypatch)
    assert command.run(url) == 3, command.err
    assert "error[E501]: create customer: not sent" in command.err
    assert "Nothing was changed" in command.err
    assert words in command.err


def silent(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.recv(65536)


def closing(connection: socket.socket) -> None:
    connection.recv(65536)


def resetting(connection: socket.socket) -> None:
    connection.recv(65536)
    reset_at_close(connection)


def saying(answer: bytes) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return serve


#: How a handshake, or a proxy that is asked for a tunnel, fails: what the server does, words of the message of each.
NO_HANDSHAKE: dict[str, tuple[Serve, str, str]] = {
    "silent": (silent, "no connection within 0.1 s", "no connection within 0.1 s"),
    "closing": (closing, "before TLS was agreed on", "before TLS was agreed on"),
    "resetting": (resetting, "before TLS was agreed on", ""),
    "an alert": (saying(b"\x15\x03\x03\x00\x02\x02\x28"), "handshake failure", ""),
    "plain HTTP": (saying(WHOLE), "wrong version number", "TLS"),
    "403": (saying(b"HTTP/1.1 403 Forbidden\r\n\r\n"), "TLS failed", "the proxy cannot be used"),
    "407": (saying(b"HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n"), "TLS failed", "the proxy cannot be used"),
    "no HTTP": (saying(b"220 mail.example.com ESMTP\r\n"), "TLS failed", "no connection"),
    "a status that is none": (saying(b"HTTP/1.1 abc\r\n\r\n"), "TLS failed", "no connection"),
    "a line without end": (saying(b"HTTP/1.1 200 " + b"x" * 70_000), "TLS failed", "no connection"),
    "NUL": (saying(b"\0" * 100), "TLS failed", "no connection"),
}


@pytest.mark.parametrize("tunnel", [False, True], ids=["TLS", "CONNECT"])
@pytest.mark.parametrize("name", NO_HANDSHAKE)
def test_what_breaks_before_the_handshake_is_over_is_not_sent(
    name: str, tunnel: bool, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve, directly, through_proxy = NO_HANDSHAKE[name]
    with raw(lambda server: serve) as server:
        if tunnel:
            monkeypatch.setenv("HTTPS_PROXY", server.url)
            monkeypatch.setenv("NO_PROXY", "")
        url = server.url.replace("http:", "https:")
        assert command.run(url, "connect_timeout = 0.1\n") == 3, command.err
    assert "error[E501]: create customer: not sent" in command.err
    assert (through_proxy if tunnel else directly) in command.err


def test_a_certificate_that_nobody_vouches_for_is_not_sent(command: Command, tmp_path: Path) -> None:
    with raw(over_tls(certificate(tmp_path), lambda secure, server: server.requests.append(secure.recv(1)))) as server:
        assert command.run(server.url.replace("http:", "https:")) == 3
        assert server.requests == []
    assert "its TLS certificate is not trusted" in command.err


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999", "http://[::1", "http://", "ftp://127.0.0.1", "http://a b", "127.0.0.1", ""]
)
def test_an_address_that_is_none_is_not_sent(url: str) -> None:
    assert isinstance(outcome(transport(url)), NotSent)


@pytest.mark.parametrize("headers", [{"X\n": "1"}, {"X": "\u00fc"}, {"X": "a\r\nY: b"}, {"\u20ac": "1"}], ids=repr)
def test_a_header_that_is_none_is_not_sent(headers: dict[str, str]) -> None:
    with raw(answering(WHOLE)) as server:
        assert isinstance(outcome(transport(server.url), Request("POST", "/v1/x", headers=headers)), NotSent)
        assert server.requests == []


def test_a_missing_key_sends_nothing(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IT")
    with raw(answering(WHOLE)) as server:
        assert command.run(server.url) == 2, "the check tells it"
        assert server.requests == []


# --- proxies that take a token ----------------------------------------------------------------------------------


def fetched(url: str) -> Callable[[HttpClient], IssuedToken]:
    wanted = ClientCredentials(f"{url}/token", "id", Credential("secret"))
    sender = Sender(RetryPolicy(0))
    return lambda exchange: fetch_token(wanted, lambda request: lambda: exchange.attempt(request, Limits()), sender)


NO_TOKENS = {
    "refused": head(b"Content-Length: 0", status=b"HTTP/1.1 401 X"),
    "two lengths": BROKEN["two lengths that differ"],
    "closed": b"",
    "no token": body(b"{}"),
    "no JSON": body(b"<html>"),
    "nested without end": BROKEN["JSON nested without end"],
    "a token that no header can hold": body(b'{"access_token": "a\\nb"}'),
    "a redirect": BROKEN["a redirect"],
}


@pytest.mark.parametrize("name", NO_TOKENS)
def test_without_a_token_nothing_is_sent(name: str) -> None:
    with raw(answering(NO_TOKENS[name])) as server:
        error = outcome(proxied(server.url, fetched(server.url)))
        assert isinstance(error, NotSent), error
        assert [request.split(b" ")[1] for request in server.requests] == [b"/token"]


def test_a_token_that_lives_longer_than_any_clock_is_one() -> None:
    token = body(b'{"access_token": "a", "expires_in": 1' + b"0" * 400 + b"}")
    with raw(in_turn(token, WHOLE)) as server:
        assert isinstance(outcome(proxied(server.url, fetched(server.url))), Response)


def broken_token(exchange: HttpClient) -> IssuedToken:
    raise KeyError("secret")


def test_a_mistake_while_a_token_is_made_is_not_sent_and_tells_no_secret() -> None:
    error = outcome(proxied("http://127.0.0.1:1", broken_token))
    assert isinstance(error, NotSent)
    assert "no token (KeyError)" in str(error)
    assert "secret" not in str(error)
