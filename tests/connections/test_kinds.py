"""The eleven documented commands through every kind of connection, in every form that a proxy can want."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connections.conftest import Load
from tests.fakes import paragon, pinkconnect, stripe
from tests.fakes.commands import NAMES, new_price, run_commands
from tests.fakes.web import Backend, Loopback, serving

ALL_PASSED = ["passed"] * len(NAMES)


def test_stripe(backend: Backend, load: Load) -> None:
    with serving(stripe.FakeStripe(backend)) as server:
        config = f'[connections.eu]\nkind = "stripe"\nkey = "env:EU"\nurl = "{server.url}"\n'
        connections = load(config, default="eu", EU=stripe.KEY)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert_all_taken(server)


def test_the_sandbox_in_this_process(load: Load) -> None:
    connections = load('[connections.box]\nkind = "sandbox"\npath = ":memory:"\n', default="box")
    from stripe_shell.wire import Request

    form = b"unit_amount=2000&currency=usd&recurring[interval]=month&product_data[name]=Gold"
    box = connections.get("box")
    assert box is not None
    headers = {"Content-Type": stripe.FORM}
    price = box.send(Request("POST", "/v1/prices", body=form, headers=headers, idempotency_key="k")).json()["id"]
    assert run_commands(connections, price) == ALL_PASSED


def test_a_sandbox_that_is_served(backend: Backend, load: Load) -> None:
    with serving(stripe.FakeStripe(backend, "sk_test_sandbox")) as server:
        connections = load(f'[connections.box]\nkind = "sandbox"\nurl = "{server.url}"\n', default="box")
        assert connections.default.mode == "sandbox"
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert_all_taken(server)


def assert_all_taken(server: Loopback) -> None:
    """The server has found nothing wrong with any request, and there were as many as there should be."""
    assert server.refused == []
    assert len([seen for seen in server.seen if "/oauth/" not in seen.path]) == len(NAMES)


# --- Paragon ----------------------------------------------------------------------------------------------------

PARAGON = f"""
[connections.through]
kind = "paragon"
project = "{paragon.PROJECT}"
token = "env:PARAGON_USER_TOKEN"
"""


def on(server: Loopback, header_form: bool) -> str:
    """The address of the fake in place of Paragon's own."""
    path = "" if header_form else "{path}"
    return f'url = "{server.url}/projects/{{project}}/sdk/proxy/{{service}}{path}"\n'


@pytest.mark.parametrize("query_in", ["url", "header:X-Paragon-Proxy-Url"])
@pytest.mark.parametrize(("body", "takes"), [("form", "form"), ("json", "json"), ("auto", "form"), ("auto", "json")])
def test_paragon(backend: Backend, load: Load, query_in: str, body: str, takes: str) -> None:
    in_header = query_in != "url"
    fake = paragon.FakeParagon(backend, form="header" if in_header else "path", body=takes)
    with serving(fake) as server:
        config = f'{PARAGON}{on(server, in_header)}query_in = "{query_in}"\nbody = "{body}"\n'
        connections = load(config, default="through", PARAGON_USER_TOKEN=paragon.USER_TOKEN)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        tried = 1 if (body, takes) == ("auto", "json") else 0
        assert len(server.refused) == tried, "auto tries a form once, and remembers"
        assert len(server.seen) == len(NAMES) + tried


@pytest.mark.parametrize("in_one_line", [False, True])
def test_paragon_with_a_token_signed_here(
    backend: Backend, load: Load, keys: tuple[str, Any], in_one_line: bool
) -> None:
    pem, public = keys
    key = pem.strip().replace("\n", "\\n") if in_one_line else pem
    with serving(paragon.FakeParagon(backend, public_key=public)) as server:
        config = PARAGON.replace('token = "env:PARAGON_USER_TOKEN"', 'user = "user-9"') + on(server, False)
        config += 'token = { rs256_jwt = { key = "env:PARAGON_SIGNING_KEY" } }\n'
        connections = load(config, default="through", PARAGON_SIGNING_KEY=key)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert_all_taken(server)


def test_paragon_without_raw_responses_and_with_a_credential(backend: Backend, load: Load) -> None:
    fake = paragon.FakeParagon(backend, service="custom/int-5", credential="cred-3")
    with serving(fake) as server:
        config = PARAGON + on(server, False) + 'service = "custom/int-5"\n'
        config += 'headers = { "x-paragon-use-raw-response" = "", X-Paragon-Credential = "cred-3" }\n'
        connections = load(config, default="through", PARAGON_USER_TOKEN=paragon.USER_TOKEN)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert_all_taken(server)


# --- PinkConnect ------------------------------------------------------------------------------------------------

PINK = f"""
[connections.through]
kind = "pinkconnect"
connection_id = "{pinkconnect.CONNECTION}"
"""


def pink_on(server: Loopback) -> str:
    return f'url = "{server.url}/connect/{{service}}/{{connection_id}}{{path}}"\n'


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("adds_v1", [False, True])
@pytest.mark.parametrize(("body", "takes"), [("form", "form"), ("json", "json"), ("auto", "form"), ("auto", "json")])
def test_pinkconnect(  # noqa: PLR0917 (each is a way in which proxies differ)
    backend: Backend, load: Load, body: str, takes: str, adds_v1: bool, wrap: bool
) -> None:
    with serving(pinkconnect.FakePinkConnect(backend, body=takes, wrap=wrap, adds_v1=adds_v1)) as server:
        config = f'{PINK}{pink_on(server)}token = "env:PINK"\nbody = "{body}"\n'
        config += f'strip_prefix = "{"/v1" if adds_v1 else ""}"\nunwrap = "{"output" if wrap else "auto"}"\n'
        connections = load(config, default="through", PINK=pinkconnect.TOKEN)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert len(server.refused) == (1 if (body, takes) == ("auto", "json") else 0)


def oauth(server: Loopback) -> str:
    asked = f'client_id = "{pinkconnect.CLIENT_ID}", client_secret = "env:PINK_SECRET", scope = "{pinkconnect.SCOPE}"'
    return f'token.oauth2_client_credentials = {{ url = "{server.url}/oauth/token", {asked} }}\n'


def test_pinkconnect_with_client_credentials(backend: Backend, load: Load) -> None:
    fake = pinkconnect.FakePinkConnect(backend, token="oauth", header="Authorization", prefix="Bearer ")
    with serving(fake) as server:
        config = (
            f'{PINK}{pink_on(server)}{oauth(server)}headers = {{ auth-token = "", Authorization = "Bearer {{token}}" }}'
        )
        connections = load(config, default="through", PINK_SECRET=pinkconnect.CLIENT_SECRET)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert_all_taken(server)
        assert len(fake.given_out) == 1, "the token is kept"


def test_pinkconnect_with_a_token_signed_here(backend: Backend, load: Load, keys: tuple[str, Any]) -> None:
    pem, public = keys
    with serving(pinkconnect.FakePinkConnect(backend, token="jwt", public_key=public)) as server:
        config = f"{PINK}{pink_on(server)}"
        config += '[connections.through.token.rs256_jwt]\nkey = "env:PINK_KEY"\n'
        config += '[connections.through.token.rs256_jwt.claims]\nproviderId = "p-1"\nselectedOrg = "o-1"\n'
        connections = load(config, default="through", PINK_KEY=pem)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert_all_taken(server)


# --- any proxy --------------------------------------------------------------------------------------------------


def test_a_proxy_of_another_make(backend: Backend, load: Load) -> None:
    """Nothing but data: PinkConnect's own block of the documentation, written as the general kind."""
    with serving(pinkconnect.FakePinkConnect(backend)) as server:
        config = f"""
[connections.through]
kind = "proxy"
host = "{server.host}"
service = "stripe"
connection_id = "{pinkconnect.CONNECTION}"
url = "http://{{host}}/connect/{{service}}/{{connection_id}}{{path}}"
headers = {{ auth-token = "{{token}}" }}
query_in = "url"
body = "form"
unwrap = "auto"
strip_prefix = ""
token = "env:PINKCONNECT_TOKEN"
"""
        connections = load(config, default="through", PINKCONNECT_TOKEN=pinkconnect.TOKEN)
        assert run_commands(connections, new_price(backend)) == ALL_PASSED
        assert_all_taken(server)
