"""`@curl` takes the way of its connection, and names the variable that holds the key."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess

import pytest

from stripe_shell.repl.curl import curl_for
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request
from tests.connections.conftest import Load
from tests.fakes import paragon, pinkconnect, stripe
from tests.fakes.web import Answer, Backend, Reply, Seen, serving

REQUEST = Request(
    "POST",
    "/v1/customers",
    body=b"email=a%40b.co&name=Ann",
    headers={"Stripe-Version": load_table().version, "Content-Type": stripe.FORM},
    idempotency_key="k",
)


def command(load: Load, profile: str) -> str:
    connection = load(f"[connections.it]\n{profile}", T="tok-0123456789").get("it")
    assert connection is not None
    return curl_for(connection, REQUEST)


def test_stripe(load: Load) -> None:
    assert command(load, 'kind = "stripe"\nkey = "env:T"\n').startswith(
        "curl --globoff -X POST https://api.stripe.com/v1/customers \\\n"
        '  -H "Authorization: Bearer $T" \\\n'
        "  -H 'Idempotency-Key: k' \\\n"
    )
    assert '"Authorization: Bearer $STRIPE_API_KEY"' in command(load, 'kind = "sandbox"\n')


def test_a_proxy(load: Load) -> None:
    text = command(load, 'kind = "pinkconnect"\nconnection_id = "c"\ntoken = "env:T"\nbody = "json"\n')
    assert text.startswith("curl --globoff -X POST https://proxy.pinkfish.ai/connect/stripe/c/v1/customers")
    assert '-H "auth-token: $T"' in text
    assert "Authorization" not in text
    assert '{"email": "a@b.co", "name": "Ann"}' in text
    assert "tok-0123456789" not in text


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("kind", ["paragon", "pinkconnect"])
def test_the_command_works(load: Load, backend: Backend, kind: str) -> None:
    fake: Answer = paragon.FakeParagon(backend, form="header")
    token = paragon.USER_TOKEN
    if kind == "pinkconnect":
        fake, token = pinkconnect.FakePinkConnect(backend, body="json"), pinkconnect.TOKEN

    def as_ours(seen: Seen) -> Reply:
        """curl has a name of its own and compresses nothing."""
        ours = {"user-agent": "stripe-shell/curl", "accept-encoding": "gzip"}
        return fake(dataclasses.replace(seen, headers={**seen.headers, **ours}))

    with serving(as_ours) as server:
        profile = {
            "paragon": f'project = "{paragon.PROJECT}"\nquery_in = "header:X-Paragon-Proxy-Url"\n'
            f'url = "{server.url}/projects/{{project}}/sdk/proxy/stripe"\n',
            "pinkconnect": f'connection_id = "{pinkconnect.CONNECTION}"\nbody = "json"\n'
            f'url = "{server.url}/connect/{{service}}/{{connection_id}}{{path}}"\n',
        }[kind]
        text = command(load, f'kind = "{kind}"\n{profile}token = "env:T"\n')
        environ = {"T": token, "PATH": "/usr/bin:/bin"}
        line = ["sh", "-c", f"{text} -sS --noproxy '*'"]
        done = subprocess.run(line, capture_output=True, env=environ, check=True)
        assert b'"name":"Ann"' in done.stdout.replace(b'": "', b'":"'), done.stdout
        assert server.refused == []
