"""What goes wrong on the wire, through the whole shell: attempts, keys, message, exit code, and nothing done twice.

Each row of the table in docs/connections.md is a test here.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.cli import main
from stripe_shell.connections.factory import Builder
from stripe_shell.records import replace
from tests.fakes import pinkconnect, stripe
from tests.fakes.certificates import certificate
from tests.fakes.faulty import Fault, Faulty, acts_and_resets, acts_and_says_two_lengths, acts_then, answers, faulty
from tests.fakes.web import Backend, Reply, serving

WRITE = ["create", "customer", "email=a@b.co", "name=Ann"]
READ = ["list", "customers", "limit=3"]
HTML = b"<html><h1>502 Bad Gateway</h1></html>"


class Rig:
    """The command line with a profile of its own; waits are noted, not waited for."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.home, self.capsys, self.patch = home, capsys, patch
        self.waits: list[float] = []
        self.err = ""
        original = Builder._sender
        patch.setattr(Builder, "_sender", lambda *given: replace(original(*given), sleep=self.waits.append))
        patch.setenv("HOME", str(home))
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "STRIPE_API_KEY", "STRIPE_API_BASE"):
            patch.delenv(name, raising=False)

    def run(self, words: list[str], url: str, *, timeout: float = 30, profile: str = "", key: str = stripe.KEY) -> int:
        """The exit code; what went to standard error is in `err`. `timeout` is in seconds, long for a busy machine."""
        text = f'[connections.it]\nkind = "stripe"\nkey = "env:IT"\nurl = "{url}"\ntimeout = {timeout}\n'
        folder = self.home / ".config" / "stripe-shell"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "connections.toml"
        path.write_text(profile or text)
        path.chmod(0o600)
        self.patch.setenv("IT", key)
        code = main(["--connection", "it", *words])
        self.err = self.capsys.readouterr().err
        assert key not in self.err
        return code


@pytest.fixture
def rig(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Rig:
    return Rig(tmp_path, capsys, monkeypatch)


def silent(server: Faulty) -> Fault:
    return server.acts_and_is_silent


def always(fault: Fault) -> Callable[[Faulty], Fault]:
    return lambda server: fault


#: By name: the fault; if it lasts, the attempts, exit code and words for a read and for a write, customers created.
FAULTS: dict[str, tuple[Callable[[Faulty], Fault], int, tuple[int, str], tuple[int, str], int]] = {
    "reset in the answer": (
        always(acts_and_resets), 3, (3, "the connection was lost"), (5, "the connection was lost"), 1,
    ),
    "two lengths": (
        always(acts_and_says_two_lengths), 3, (3, "the answer is not HTTP"), (5, "the answer is not HTTP"), 1,
    ),
    "time-out": (silent, 3, (3, "no answer within 0.2 s"), (5, "no answer within 0.2 s"), 1),
    "429 without Retry-After": (
        always(answers(429, b'{"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "slow"}}')),
        3, (3, "429 rate_limit"), (3, "429 rate_limit"), 0,
    ),
    "429 with Retry-After": (
        always(answers(429, b'{"error": {"type": "api_error", "message": "slow"}}', Retry_After="7")),
        3, (3, "429 api_error"), (3, "429 api_error"), 0,
    ),
    "500": (
        always(answers(500, b'{"error": {"type": "api_error", "message": "oops"}}')),
        3, (3, "500 api_error"), (5, "500 api_error"), 0,
    ),
    "502 in HTML": (
        always(acts_then(lambda reply: Reply(502, HTML, {"Content-Type": "text/html"}))),
        3, (3, "37 bytes of text/html"), (5, "37 bytes of text/html"), 1,
    ),
    "truncated JSON": (
        always(acts_then(lambda reply: Reply(200, reply.body[:-9], dict(reply.headers)))),
        1, (3, "its body is no JSON"), (5, "a body that is not JSON"), 1,
    ),
    "HTML with 200": (
        always(acts_then(lambda reply: Reply(200, HTML, {"Content-Type": "text/html"}))),
        1, (3, "its body is no JSON"), (5, "a body that is not JSON"), 1,
    ),
    "10 MB": (
        always(acts_then(lambda reply: Reply(200, b'{"id": "' + b"x" * 10_000_000 + b'"}'))),
        1, (3, "larger than 8,388,608 bytes"), (5, "larger than 8,388,608 bytes"), 1,
    ),
    "a redirect": (
        always(answers(307, Location="http://evil.example.com/")),
        1, (3, "points to evil.example.com, which is not followed"), (5, "which is not followed"), 0,
    ),
    "408": (always(answers(408)), 3, (3, "answered 408"), (5, "answered 408"), 0),
}  # fmt: skip

#: Seconds after which a request is given up, for the fault that needs it. Every other answer arrives, however late.
TIMEOUTS = {"time-out": 0.2}
#: The same where the next attempt is answered, which takes a while on a busy machine.
ONCE = {"time-out": 2}


@pytest.mark.parametrize("name", FAULTS)
def test_a_write_while_the_fault_lasts(name: str, rig: Rig, backend: Backend) -> None:
    fault, attempts, _, (code, words), created = FAULTS[name]
    with faulty(stripe.FakeStripe(backend)) as server:
        server.always = fault(server)
        assert rig.run(WRITE, server.url, timeout=TIMEOUTS.get(name, 30)) == code, rig.err
        assert words in rig.err
        assert len(server.seen) == attempts
        assert len(rig.waits) == attempts - 1
        keys = {seen.headers["idempotency-key"] for seen in server.seen}
        assert len(keys) == 1
        assert ("error[E502]" in rig.err) == (code == 5)
        assert (keys.pop() in rig.err) == (code == 5), "with the key it can be sent again"
    assert backend.count("/v1/customers") == created


@pytest.mark.parametrize("name", FAULTS)
def test_a_read_while_the_fault_lasts(name: str, rig: Rig, backend: Backend) -> None:
    fault, attempts, (code, words), _, _ = FAULTS[name]
    with faulty(stripe.FakeStripe(backend)) as server:
        server.always = fault(server)
        assert rig.run(READ, server.url, timeout=TIMEOUTS.get(name, 30)) == code, rig.err
        assert words in rig.err
        assert len(server.seen) == attempts
        assert not any("idempotency-key" in seen.headers for seen in server.seen)


@pytest.mark.parametrize("words", [WRITE, READ], ids=["write", "read"])
@pytest.mark.parametrize("name", [name for name, row in FAULTS.items() if row[1] > 1])
def test_a_fault_that_happens_once_costs_one_attempt(name: str, words: list[str], rig: Rig, backend: Backend) -> None:
    with faulty(stripe.FakeStripe(backend)) as server:
        server.faults.append(FAULTS[name][0](server))
        assert rig.run(words, server.url, timeout=ONCE.get(name, 30)) == 0, rig.err
        assert len(server.seen) == 2
        assert len({seen.headers.get("idempotency-key") for seen in server.seen}) == 1
    assert backend.count("/v1/customers") == (1 if words is WRITE else 0)


def test_retry_after_is_waited_for(rig: Rig, backend: Backend) -> None:
    with faulty(stripe.FakeStripe(backend)) as server:
        server.faults += [answers(429, Retry_After="7"), answers(429)]
        assert rig.run(WRITE, server.url) == 0
        assert rig.waits[0] == 7.0
        assert 0.5 <= rig.waits[1] <= 1.0
        assert "/it: Stripe answered 429; sent again in 7.0 s" in rig.err, "a long wait is said"


def test_json_under_another_content_type_is_fine(rig: Rig, backend: Backend) -> None:
    fault = acts_then(lambda reply: Reply(reply.status, reply.body, {"Content-Type": "text/plain"}))
    with faulty(stripe.FakeStripe(backend), fault) as server:
        assert (rig.run(WRITE, server.url), rig.run(READ, server.url)) == (0, 0)
        assert len(server.seen) == 2


@pytest.mark.parametrize("words", [WRITE, READ], ids=["write", "read"])
def test_nobody_listens(rig: Rig, words: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert rig.run(words, url) == 3
    assert "not sent" in rig.err
    assert "no connection (connection refused) (3 attempts in" in rig.err
    assert len(rig.waits) == 2


@pytest.mark.parametrize("words", [WRITE, READ], ids=["write", "read"])
def test_tls_to_a_server_that_speaks_none(rig: Rig, words: list[str]) -> None:
    with plain(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        assert rig.run(words, url) == 3
        assert "not sent" in rig.err
        assert "TLS failed (wrong version number) (1 attempt in" in rig.err


@pytest.mark.parametrize("words", [WRITE, READ], ids=["write", "read"])
def test_a_connection_lost_in_the_handshake_has_sent_nothing(rig: Rig, words: list[str]) -> None:
    with plain(b"") as url:
        assert rig.run(words, url) == 3
        assert "not sent" in rig.err
        assert "the connection was lost before TLS was agreed on (3 attempts in" in rig.err


@contextmanager
def plain(answer: bytes) -> Iterator[str]:
    """A server that speaks no TLS: it answers this to whatever comes, and closes the connection."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_certificate_that_nobody_vouches_for(rig: Rig, backend: Backend, tmp_path: Path) -> None:
    with faulty(stripe.FakeStripe(backend), context=certificate(tmp_path)) as server:
        assert rig.run(WRITE, server.url) == 3
        assert "its TLS certificate is not trusted" in rig.err
        assert "(1 attempt in" in rig.err
        assert server.seen == []
        rig.patch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        assert rig.run(WRITE, server.url) == 0, "a bundle of one's own comes from the environment"


def test_a_refused_key_says_where_it_came_from(rig: Rig, backend: Backend) -> None:
    with faulty(stripe.FakeStripe(backend, key="sk_test_another_0123456789")) as server:
        assert rig.run(WRITE, server.url) == 3
        assert "401" in rig.err
        assert "the credential came from the environment variable IT" in rig.err
        assert len(server.seen) == 1


def test_a_service_that_is_down_is_not_asked_without_end(rig: Rig, backend: Backend, tmp_path: Path) -> None:
    script = tmp_path / "many.stripe"
    script.write_text("/it\naction: list\nentity: customers\n\n" * 40)
    with faulty(stripe.FakeStripe(backend), answers(503)) as server:
        assert rig.run(["run", str(script), "--keep-going"], server.url) == 3
        assert len(server.seen) == 40 + 50, "the budget of retries is used up"


# --- tokens of proxies ------------------------------------------------------------------------------------------


def pink(url: str, lifetime: Any = 3600) -> str:
    return (
        f'[connections.it]\nkind = "pinkconnect"\nconnection_id = "{pinkconnect.CONNECTION}"\n'
        f'url = "{url}/connect/{{service}}/{{connection_id}}{{path}}"\n'
        f'[connections.it.token.oauth2_client_credentials]\nurl = "{url}/oauth/token"\n'
        f'client_id = "{pinkconnect.CLIENT_ID}"\nclient_secret = "env:IT"\nscope = "{pinkconnect.SCOPE}"\n'
    )


class Expiring(pinkconnect.FakePinkConnect):
    """The first token that it gives out has expired at once."""

    def give_out(self, seen: Any) -> Reply:
        reply = super().give_out(seen)
        self.expired.add(self.given_out[0])
        return reply


def test_a_token_that_has_expired_is_renewed_once_and_the_write_goes_out_under_the_same_key(
    rig: Rig, backend: Backend
) -> None:
    fake = Expiring(backend, token="oauth")
    with serving(fake) as server:
        assert rig.run([*WRITE, "--live"], "", profile=pink(server.url), key=pinkconnect.CLIENT_SECRET) == 0, rig.err
        assert [seen.path.rpartition("/")[2] for seen in server.seen] == ["token", "customers", "token", "customers"]
        assert len({seen.headers["idempotency-key"] for seen in server.seen[1::2]}) == 1
        assert len(fake.given_out) == 2
        assert rig.waits == []
    assert backend.count("/v1/customers") == 1


def test_a_token_that_is_never_taken_is_renewed_no_more_than_once(rig: Rig, backend: Backend) -> None:
    fake = pinkconnect.FakePinkConnect(backend, token="given")  # which takes none of those given out
    with serving(fake) as server:
        code = rig.run([*WRITE, "--live"], "", profile=pink(server.url), key=pinkconnect.CLIENT_SECRET)
        assert code == 3
        assert "PinkConnect itself answered, not Stripe; unauthorized" in rig.err
        assert "401 proxy_error" in rig.err
        assert "the credential came from client credentials, their secret from the environment variable IT" in rig.err
        assert len(server.seen) == 4
    assert backend.count("/v1/customers") == 0


def test_a_token_that_is_not_given_out_means_that_nothing_was_sent(rig: Rig, backend: Backend) -> None:
    with serving(pinkconnect.FakePinkConnect(backend, token="oauth")) as server:
        code = rig.run([*WRITE, "--live"], "", profile=pink(server.url), key="another-secret-0123456789")
        assert code == 3
        assert "not sent" in rig.err
        assert "it answered 401 invalid_client: the secret is wrong" in rig.err
        assert "their secret from the environment variable IT" in rig.err
        assert len(server.seen) == 1


def test_a_token_is_replaced_before_it_expires(rig: Rig, backend: Backend, tmp_path: Path) -> None:
    script = tmp_path / "two.stripe"
    script.write_text("/it\naction: list\nentity: customers\n\n" * 2)
    for lifetime, fetched in ((3600, 1), (0.000001, 2), (None, 1)):
        fake = pinkconnect.FakePinkConnect(backend, token="oauth", lifetime=lifetime)
        with serving(fake) as server:
            assert rig.run(["run", str(script)], "", profile=pink(server.url), key=pinkconnect.CLIENT_SECRET) == 0
            assert len(fake.given_out) == fetched


@pytest.mark.parametrize(
    ("fault", "words", "attempts"),
    [
        (
            answers(429, b'{"error": "slow down"}', Retry_After="3"),
            "its own limit of requests is reached; slow down",
            3,
        ),
        (
            answers(429, b'{"error": {"type": "api_error", "code": "rate_limit", "message": "of Stripe"}}'),
            "429 rate_limit",
            3,
        ),
        (answers(502, HTML, "text/html"), "PinkConnect itself answered, not Stripe; 37 bytes of text/html", 3),
        (
            answers(400, b'{"message": ["a", "b"], "code": "7", "meta": {"isIntegrationError": true}}'),
            "PinkConnect could not get an answer from Stripe; a, b",
            1,
        ),
        (answers(403, b""), "PinkConnect itself answered, not Stripe", 1),
    ],
)
def test_errors_of_the_proxy_are_told_apart_from_those_of_stripe(
    fault: Fault, words: str, attempts: int, rig: Rig, backend: Backend
) -> None:
    fake = pinkconnect.FakePinkConnect(backend)
    with faulty(fake, fault) as server:
        profile = f'[connections.it]\nkind = "pinkconnect"\nurl = "{server.url}{{path}}"\ntoken = "env:IT"\n'
        assert rig.run(READ, "", profile=profile, key=pinkconnect.TOKEN) == 3
        assert words in rig.err
        assert len(server.seen) == attempts
