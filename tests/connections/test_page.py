"""docs/connections.md: the table of what goes over the wire is what goes over the wire, and its profiles are valid.

`UPDATE_GOLDEN=1` writes the table anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from stripe_shell.connections import ConnectionObserver
from stripe_shell.connections.settings.read import parse_settings
from stripe_shell.secrets import Secrets
from stripe_shell.wire import Request, Response
from tests.connections.conftest import Load
from tests.fakes import paragon, pinkconnect, stripe
from tests.fakes.commands import NAMES, new_price, run_commands
from tests.fakes.web import Answer, Backend, serving

PAGE = Path(__file__).parents[2] / "docs" / "connections.md"
BEGIN, END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"


@dataclass(frozen=True)
class Shown:
    """A kind of connection as the page shows it: its profile, the address that stands for the fake's, a remark."""

    kind: str
    profile: str
    address: str
    secret: str
    remark: str


KINDS = (
    Shown("stripe", 'key = "env:STRIPE_KEY_EU"', "https://api.stripe.com", stripe.KEY, "Stripe itself."),
    Shown("sandbox", 'path = ":memory:"', "", "", "In this process: no wire, no credential; the request is the same."),
    Shown(
        "paragon",
        f'project = "{paragon.PROJECT}"\ntoken = "env:PARAGON_USER_TOKEN"',
        "https://proxy.useparagon.com",
        paragon.USER_TOKEN,
        "The path form; the path includes `/v1`.",
    ),
    Shown(
        "pinkconnect",
        f'connection_id = "{pinkconnect.CONNECTION}"\ntoken = "env:PINKCONNECT_TOKEN"\nstrip_prefix = "/v1"',
        "https://proxy.pinkfish.ai",
        pinkconnect.TOKEN,
        "With `strip_prefix`, for a proxy that adds `/v1` itself.",
    ),
    Shown(
        "proxy",
        'host = "proxy.example.com"\n'
        f'project = "{paragon.PROJECT}"\n'
        'url = "https://{host}/projects/{project}/sdk/proxy/stripe"\n'
        'headers = { Authorization = "Bearer {token}", X-Paragon-Use-Raw-Response = "1" }\n'
        'query_in = "header:X-Paragon-Proxy-Url"\n'
        'body = "json"\n'
        'token = "env:PROXY_TOKEN"',
        "https://proxy.example.com",
        paragon.USER_TOKEN,
        "Path and query in a header, JSON in the body.",
    ),
)


def fake_for(shown: Shown, backend: Backend) -> Answer:
    match shown.kind:
        case "paragon":
            return paragon.FakeParagon(backend)
        case "pinkconnect":
            return pinkconnect.FakePinkConnect(backend, adds_v1=True)
        case "proxy":
            return paragon.FakeParagon(backend, form="header", body="json")
        case _:
            return stripe.FakeStripe(backend)


def profile_text(shown: Shown) -> str:
    return f'[connections.{shown.kind}-example]\nkind = "{shown.kind}"\n{shown.profile}\n'


def exchanges(shown: Shown, load: Load) -> list[Request]:
    """What goes over the wire for the eleven commands."""
    backend = Backend()
    seen: list[Request] = []

    def note(request: Request, _answer: Response | None, _problem: str) -> None:
        seen.append(request)

    with serving(fake_for(shown, backend)) as server:
        address = {
            "stripe": f'url = "{server.url}"\n',
            "paragon": f'url = "{server.url}/projects/{{project}}/sdk/proxy/{{service}}{{path}}"\n',
            "pinkconnect": f'url = "{server.url}/connect/{{service}}/{{connection_id}}{{path}}"\n',
        }.get(shown.kind, "")
        text = profile_text(shown).replace("https://{host}", "http://{host}").replace("proxy.example.com", server.host)
        variables = dict.fromkeys(re.findall(r"env:(\w+)", text), shown.secret)
        connections = load(text + address, ConnectionObserver(exchange=note), f"{shown.kind}-example", **variables)
        box = connections.default
        if shown.kind == "sandbox":
            form = b"unit_amount=2000&currency=usd&recurring[interval]=month&product_data[name]=Gold"
            headers = {"Content-Type": stripe.FORM}
            created = box.send(Request("POST", "/v1/prices", body=form, headers=headers, idempotency_key="k")).json()
            price = str(created["id"])
            seen.clear()
        else:
            price = new_price(backend)
        assert run_commands(connections, price) == ["passed"] * len(NAMES)
        assert server.refused == []
        return [settled(request, server.url, shown) for request in seen]


def settled(request: Request, url: str, shown: Shown) -> Request:
    """The request without what differs from run to run: ids, keys, the port; and without the token."""

    def settle(text: str) -> str:
        text = re.sub(r"\b(cus|sub|prod|price)_[A-Za-z0-9]{14,}", r"\1_1234567890", text.replace(url, shown.address))
        text = re.sub(r"ss1-[0-9a-f]{40}", "ss1-…", text)
        return Secrets().plus(shown.secret).mask(text).replace("********", "…")

    return Request(
        request.method,
        settle(request.path),
        settle(request.query),
        settle(request.body.decode()).encode(),
        {name: settle(value) for name, value in request.headers.items()},
        settle(request.idempotency_key) if request.idempotency_key else None,
    )


def section(shown: Shown, requests: list[Request]) -> Iterator[str]:
    common = {
        name: value
        for name, value in requests[0].headers.items()
        if all(request.headers.get(name) == value for request in requests)
    }
    yield f"### `{shown.kind}`\n\n{shown.remark}\n\n```toml\n{profile_text(shown)}```\n"
    yield "With every request:\n"
    yield "```\n" + "\n".join(f"{name}: {value}" for name, value in common.items()) + "\n```\n"
    yield "| command | request | besides |\n|---|---|---|"
    for name, request in zip(NAMES, requests, strict=True):
        besides = [f"`{key}: {unquote(value)}`" for key, value in request.headers.items() if key not in common]
        if request.idempotency_key:
            besides.append(f"`Idempotency-Key: {request.idempotency_key}`")
        if request.body:
            besides.append(f"body `{request.body.decode()}`")
        yield f"| {name} | `{request.method} {request.target}` | {'<br>'.join(besides)} |"
    yield ""


def test_the_table_is_what_goes_over_the_wire(load: Load) -> None:
    sections = [line for shown in KINDS for line in section(shown, exchanges(shown, load))]
    generated = "\n".join(sections)
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n{generated}{END}{after}"
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(wanted, "utf-8")
    assert text == wanted or os.environ.get("UPDATE_GOLDEN")


def test_every_profile_on_the_page_is_valid() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) > len(KINDS)
    for block in blocks:
        parse_settings(block, Path("connections.toml"))


@pytest.mark.parametrize("shown", KINDS, ids=lambda shown: shown.kind)
def test_the_page_knows_every_kind(shown: Shown) -> None:
    assert f"### `{shown.kind}`" in PAGE.read_text("utf-8")
