"""What can go wrong after the first byte of a write has left: its outcome is unknown (exit 5), whatever was raised.

With the idempotency key that the message names, it can be sent again and takes effect once.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3

from stripe_shell.errors import NotSent, OutcomeUnknown
from stripe_shell.secrets import Credential
from stripe_shell.transports.departure import Departure
from stripe_shell.transports.retry import AttemptFailure, RetryPolicy
from stripe_shell.transports.sending import Sender
from stripe_shell.transports.tokens import IssuedToken
from stripe_shell.wire import Response
from tests.fakes.broken import BROKEN, HEAD, WHOLE, body, head
from tests.fakes.certificates import certificate
from tests.fakes.raw import Raw, Serve, answering, in_turn, over_tls, raw, reset_at_close, take, through_tunnel

from .conftest import WRITE, Command, outcome, proxied, transport


def test_there_are_many() -> None:
    assert len(BROKEN) >= 75
    assert len(set(BROKEN.values())) == len(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_a_write_whose_answer_is_broken_is_unknown(name: str, command: Command) -> None:
    with raw(answering(BROKEN[name])) as server:
        assert command.run(server.url) == 5, command.err
        (request,) = server.requests
    key = re.search(rb"Idempotency-Key: (\S+)", request)
    assert key is not None
    assert key[1].decode() in command.err
    assert "error[E502]: create customer" in command.err
    assert "not sent" not in command.err.lower()


def test_an_answer_that_is_whole_passes(command: Command) -> None:
    with raw(answering(WHOLE)) as server:
        assert command.run(server.url) == 0, command.err


def test_an_answer_of_a_hundred_levels_passes(command: Command) -> None:
    with raw(answering(body(b'{"a":' * 99 + b"1" + b"}" * 99))) as server:
        assert command.run(server.url) == 0, command.err


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 402 X\r\nContent-Length: 34\r\n\r\n{"error": {"type": "card_error"}}  ',
        b"HTTP/1.1 400 X\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.0 404 X\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_error_that_is_readable_is_no_unknown_outcome(answer: bytes, command: Command) -> None:
    with raw(answering(answer)) as server:
        assert command.run(server.url) == 3
    assert "error[E403]" in command.err


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("whole", [WHOLE, WHOLE.replace(b"200 OK", b"402 X")], ids=["a success", "an error"])
def test_an_answer_cut_off_at_any_byte_is_unknown(whole: bytes, reset: bool) -> None:
    for length in range(len(whole)):
        with raw(answering(whole[:length], reset=reset)) as server, pytest.raises(OutcomeUnknown, match="ss1-0123"):
            transport(server.url).send(WRITE)


@pytest.mark.parametrize("byte", [b"\0", b"\n", b" ", b"9", b"\xff"], ids=repr)
def test_one_wrong_byte_never_makes_it_not_sent(byte: bytes) -> None:
    for place in range(len(WHOLE)):
        answer = WHOLE[:place] + byte + WHOLE[place + 1 :]
        with raw(answering(answer)) as server:
            seen = outcome(transport(server.url))
        assert isinstance(seen, Response | OutcomeUnknown), (answer, seen)


# --- after the first byte, over TLS -----------------------------------------------------------------------------


def closes(_secure: ssl.SSLSocket) -> None:
    """Close it without a word."""


def resets(secure: ssl.SSLSocket) -> None:
    reset_at_close(secure)


def says_goodbye(secure: ssl.SSLSocket) -> None:
    secure.unwrap()


def speaks_plainly(secure: ssl.SSLSocket) -> None:
    with socket.socket(fileno=secure.detach()) as plain:
        plain.sendall(WHOLE)


def alerts(secure: ssl.SSLSocket) -> None:
    with socket.socket(fileno=secure.detach()) as plain:
        plain.sendall(b"\x15\x03\x03\x00\x02\x02\x46")  # protocol version


def sends_half(secure: ssl.SSLSocket) -> None:
    secure.sendall(WHOLE[:-5])


def sends_two_lengths(secure: ssl.SSLSocket) -> None:
    secure.sendall(BROKEN["two lengths that differ"])


AFTER_TLS = [closes, resets, says_goodbye, speaks_plainly, alerts, sends_half, sends_two_lengths]


def taking(then: Callable[[ssl.SSLSocket], None]) -> Callable[[ssl.SSLSocket, Raw], None]:
    def serve(secure: ssl.SSLSocket, server: Raw) -> None:
        server.requests.append(take(secure))
        then(secure)

    return serve


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS that is trusted."""
    made = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return made


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
@pytest.mark.parametrize("tunnel", [False, True], ids=["directly", "through a proxy"])
@pytest.mark.parametrize("then", AFTER_TLS)
def test_what_breaks_after_the_handshake_is_unknown(
    then: Callable[[ssl.SSLSocket], None],
    tunnel: bool,
    version: ssl.TLSVersion,
    context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context.maximum_version = version
    serve = over_tls(context, taking(then))
    with raw(through_tunnel(serve) if tunnel else serve) as server:
        if tunnel:
            monkeypatch.setenv("HTTPS_PROXY", server.url)
        with pytest.raises(OutcomeUnknown, match="ss1-0123"):
            transport(server.url.replace("http:", "https:")).send(WRITE)
        assert server.requests[0].startswith(b"POST /v1/customers")


def test_a_connection_that_was_kept_and_has_gone_is_unknown() -> None:
    served: list[bytes] = []

    def serve_on(server: Raw) -> Serve:
        def serve(connection: socket.socket) -> None:
            served.append(take(connection))
            connection.sendall(WHOLE)
            served.append(take(connection))

        return serve

    with raw(serve_on) as server:
        line = transport(server.url)
        assert line.send(WRITE).ok
        with pytest.raises(OutcomeUnknown):
            line.send(WRITE)
    assert served[0] == served[1]


# --- several attempts -------------------------------------------------------------------------------------------


def test_an_attempt_that_left_keeps_the_outcome_unknown_though_the_last_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with raw(answering(BROKEN["two lengths that differ"])) as server:
        line = transport(server.url, retries=1)
        original = urllib3.util.connection.create_connection
        attempts = iter((original,))

        def connect(*given: Any, **options: Any) -> Any:
            for connect_once in attempts:
                return connect_once(*given, **options)
            raise ConnectionRefusedError(111, "Connection refused")

        monkeypatch.setattr(urllib3.util.connection, "create_connection", connect)
        error = outcome(line)
    assert isinstance(error, OutcomeUnknown)
    assert "no connection (connection refused) (2 attempts" in str(error)
    assert "ss1-0123" in str(error)


def test_a_torn_answer_is_asked_for_again_under_the_same_key() -> None:
    with raw(in_turn(BROKEN["two lengths that differ"], WHOLE)) as server:
        assert transport(server.url, retries=1).send(WRITE).ok
        assert len(server.requests) == 2
        assert all(b"Idempotency-Key: ss1-0123\r\n" in request for request in server.requests)


# --- proxies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in BROKEN if name not in {"500", "999"}])
def test_a_write_through_a_proxy_whose_answer_is_broken_is_unknown(name: str) -> None:
    with raw(answering(BROKEN[name])) as server:
        error = outcome(proxied(server.url, lambda exchange: IssuedToken(Credential("t"), 60)))
        assert isinstance(error, OutcomeUnknown), error
        assert "ss1-0123" in str(error)


@pytest.mark.parametrize(
    "content", [b'{"output": "{\\"id\\": \\"\\ud800\\"}"}', b'{"message": "\\ud800"}'], ids=["output", "message"]
)
@pytest.mark.parametrize("code", [200, 400])
def test_half_a_character_in_an_answer_does_no_harm(content: bytes, code: int) -> None:
    answer = head(b"Content-Length: %d" % len(content), status=b"HTTP/1.1 %d X" % code) + content
    with raw(answering(answer)) as server:
        seen = outcome(proxied(server.url, lambda exchange: IssuedToken(Credential("t"), 60)))
    assert isinstance(seen, Response)
    seen.json()


def test_a_token_that_fails_after_an_attempt_that_left_keeps_it_unknown() -> None:
    tokens = [IssuedToken(Credential("t"), 0), IssuedToken(Credential("\u00fc"), 0)]
    with raw(answering(HEAD)) as server:
        error = outcome(proxied(server.url, lambda exchange: tokens.pop(0), retries=1))
    assert isinstance(error, OutcomeUnknown)
    assert "the header auth-token must be printable ASCII" in str(error)


# --- what an attempt raises itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("raised", [ValueError, KeyError, RecursionError, MemoryError, UnicodeError, OSError])
def test_whatever_an_attempt_raises_it_counts_as_sent(raised: type[Exception]) -> None:
    def attempt() -> Response | AttemptFailure:
        raise raised("sk_test_secret")

    with pytest.raises(OutcomeUnknown, match=raised.__name__) as caught:
        Sender(RetryPolicy(0)).send(WRITE, "host", attempt)
    assert "secret" not in str(caught.value)


def test_not_sent_raised_by_an_attempt_is_not_sent_unless_an_earlier_one_left() -> None:
    def refuse() -> Response | AttemptFailure:
        raise NotSent("Not sent: a header is wrong.")

    def send(*attempts: Callable[[], Response | AttemptFailure]) -> None:
        left = list(attempts)

        def attempt() -> Response | AttemptFailure:
            return left.pop(0)()

        Sender(RetryPolicy(1), sleep=lambda seconds: None).send(WRITE, "host", attempt)

    with pytest.raises(NotSent, match=r"Not sent: POST /v1/customers to host: a header is wrong\. \(1 attempt"):
        send(refuse)
    with pytest.raises(OutcomeUnknown, match="a header is wrong"):
        send(lambda: AttemptFailure("lost", sent=True), refuse)


def test_what_one_thread_sends_says_nothing_of_what_another_one_sends() -> None:
    departure = Departure()
    departure.begun = True
    seen: list[bool | None] = []
    thread = threading.Thread(target=lambda: seen.append(departure.begun))
    thread.start()
    thread.join()
    assert seen == [None]


@pytest.mark.parametrize("when", ["Mon, 99999999999999999999 Jan 2026 00:00:00 GMT", "1e999", "nan", "-5", "\xff"])
def test_a_retry_after_that_is_none_is_not_waited_for(when: str) -> None:
    seen = Response(429, {"Retry-After": when, "Date": when}, b"")
    decided = RetryPolicy().decide(1, seen, repeatable=True, random=0.0)
    assert getattr(decided, "seconds", None) == 0.5
