"""Also: what the server refuses at its doors. Host names, targets, addresses of webhooks, accounts of other keys."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.attack.conftest import Tally
from tests.server.conftest import Client, running

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")

LOCAL = (
    "127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:80", "[::1]:9", "stripe", "a.localhost", "db.internal",
    "x.test.", "api.stripe.com", "meter-events.stripe.com:443",
)  # fmt: skip
PUBLIC = (
    "evil.example", "evil.example:12111", "127.0.0.1.evil.example", "localhost.evil.example", "1.2.3.4.5", "a.b.",
    "stripe.com.evil.example", "evilstripe.com",
)  # fmt: skip
WRONG = (
    "http://", "https:///x", "http://[::1", "http://a b/", "http://a\nb/", "javascript:alert(1)", "ftp://a/", "//a/",
    "a.com", "http://a:99999/", "http://a:x/", "http://a:0/", "http://a..b/", "http://.a/", "http://-a.com/",
    f"http://{'a' * 64}.com/", "http://\u202ea.com/", "http://a/\x00", "http://a/<script>", "", "http://:80/",
    "http://a\\b/", "http://a/ ",
)  # fmt: skip
RIGHT = (
    "http://127.0.0.1:4242/hook", "https://example.com/a%20b?x=1&y=[2]", "http://[::1]:80/", "http://user:pass@example.com/",
    "https://a-b.c_d.example.com./x;y", "http://münchen.example/", "http://localhost",
)  # fmt: skip


def test_host_names_of_the_web_are_refused(tally: Tally, client: Client) -> None:
    for path in ("/v1/customers", "/_sandbox/snapshots", "/v1/customers/search?query=email%3A%27a%27"):
        method = "POST" if "_sandbox" in path else "GET"
        for host in LOCAL:
            tally.count(client.send(method, path, headers={"Host": host}).status != 403, (path, host))
        for host in PUBLIC:
            answer = client.send(method, path, headers={"Host": host})
            tally.count(answer.status == 403 and "--allow-host" in answer.error["message"], (path, host))


def test_a_host_name_may_be_allowed(tally: Tally) -> None:
    with running("--memory", "--allow-host", "Sandbox.example.com") as address:
        client = Client(address)
        for host, status in (("sandbox.example.com:80", 200), ("other.example.com", 403)):
            tally.count(client.send("GET", "/v1/customers", headers={"Host": host}).status == status, host)


def answer_to(address: str, head: str) -> bytes:
    """The answer to a request that is written by hand."""
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), parts.port)) as connection:
        connection.sendall(
            f"{head}\r\nAuthorization: Bearer sk_test_raw\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        found = b""
        while part := connection.recv(65_536):
            found += part
        return found


def test_absolute_targets(tally: Tally, address: str) -> None:
    for head, status in (
        ("GET http://127.0.0.1/v1/customers HTTP/1.1\r\nHost: x", 200),
        ("GET http://localhost:12111/v1/customers?limit=1 HTTP/1.1\r\nHost: evil.example", 200),
        ("GET http://evil.example/v1/customers HTTP/1.1\r\nHost: 127.0.0.1", 403),
        ("GET http://[::1]:80/v1/customers HTTP/1.1\r\nHost: x", 200),
        ("GET http://127.0.0.1 HTTP/1.1\r\nHost: x", 404),
        ("POST http://127.0.0.1/_sandbox/snapshots HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 200),
        ("OPTIONS * HTTP/1.1\r\nHost: x", 404),
        ("GET v1/customers HTTP/1.1\r\nHost: x", 400),
    ):
        found = answer_to(address, head)
        tally.count(
            found.startswith(f"HTTP/1.1 {status}".encode()) and b"application/json" in found, (head, found[:200])
        )


def test_addresses_of_webhooks(tally: Tally, client: Client) -> None:
    made = client.post("/v1/webhook_endpoints", {"url": RIGHT[0], "enabled_events": ["*"]})
    for url in WRONG:
        for path in ("/v1/webhook_endpoints", f"/v1/webhook_endpoints/{made['id']}"):
            answer = client.send("POST", path, {"url": url, "enabled_events": ["customer.created"]})
            tally.count(answer.status == 400 and answer.error.get("param") == "url", (url, answer.body))
    for url in RIGHT:
        answer = client.send("POST", "/v1/webhook_endpoints", {"url": url, "enabled_events": ["customer.created"]})
        tally.count(answer.status == 200, (url, answer.body))


def test_an_account_of_another_key_is_not_reached(tally: Tally, connect: Callable[..., Client]) -> None:
    victim, thief = connect(), connect()
    theirs = victim.get("/v1/account")["id"]
    secret = victim.post("/v1/customers", {"name": "Ann"})["id"]
    connected = victim.post("/v1/accounts", {"type": "custom", "country": "US"})["id"]
    victim.get("/v1/customers", headers={"Stripe-Account": connected})
    for account in (theirs, connected):
        seeds = [{"object": "account", "id": account}, {"object": "v2.core.account", "id": account}]
        for seed in seeds:
            thief.send("POST", "/_sandbox/seed", body=json.dumps({"objects": [seed]}).encode())
            for path in ("/v1/customers", f"/v1/customers/{secret}"):
                answer = thief.send("GET", path, headers={"Stripe-Account": account})
                tally.count(answer.status == 403, (account, answer.body))
            answer = thief.send("POST", "/v1/customers", headers={"Stripe-Account": account})
            tally.count(answer.status == 403, (account, answer.body))
    own = thief.post("/v1/accounts", {"type": "custom", "country": "US"})["id"]
    tally.count(
        thief.send("GET", "/v1/customers", headers={"Stripe-Account": own}).status == 200, "an account of its own"
    )
