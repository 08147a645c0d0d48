"""A session without a terminal: a transport that answers as it is told, console that remember."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from stripe_shell.connections import Connection, Connections
from stripe_shell.connections.credentials import CredentialResult
from stripe_shell.connections.settings.schema import SandboxProfile, StripeProfile
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.records import replace
from stripe_shell.render.console import Console
from stripe_shell.render.files import open_rows
from stripe_shell.render.run_printer import RunPrinter
from stripe_shell.repl.session import NOWHERE, ReplSession
from stripe_shell.secrets import Credential
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response, decode_form

Answer = Callable[[Request], Response]


def respond(body: Any, status: int = 200, **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"Request-Id": "req_1", **names}, json.dumps(body).encode(), 3.0)


def echo(request: Request) -> Response:
    """An object that has what was asked for."""
    kind = {"customers": "customer", "products": "product"}.get(request.path.split("/")[2], "thing")
    fields = decode_form((request.body or b"").decode())
    if request.method == "GET" and request.path.count("/") == 2:
        return respond({"object": "list", "data": [{"id": f"{kind[:3]}_1", "object": kind}], "has_more": False})
    return respond({"id": f"{kind[:3]}_1", "object": kind, **fields})


class FakeTransport:
    """Remembers what was sent; `answer` says what comes back."""

    def __init__(self, answer: Answer = echo) -> None:
        self.answer = answer
        self.sent: list[Request] = []

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.sent if request.writes]

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answer(request)


class FakeConsole(Console):
    """Both console as one text; results name their format."""

    def __init__(self) -> None:
        self.written = io.StringIO()
        super().__init__(self.written, self.written)

    @property
    def text(self) -> str:
        return self.written.getvalue()

    def render(self, body: Any, format_name: str | None) -> None:
        self.result(f"[{format_name or 'table'}] {json.dumps(body)}")


def connection(name: str, transport: FakeTransport, key: str = "") -> Connection:
    profile = StripeProfile() if key else SandboxProfile(kind="sandbox")
    found = CredentialResult(Credential(key) if key else None)
    made = Connection(name, profile, "a test", find=lambda: found, opener=lambda _: transport)
    made.resolve_credential()
    return made


def connections(transport: FakeTransport, default: str = "sandbox") -> Connections:
    ways = [
        connection("sandbox", transport),
        connection("stripe", transport, "sk_live_abcdefghijklmnop1234"),
        connection("eu-test", transport, "sk_test_abcdefghijklmnop1234"),
    ]
    return Connections(ways, default)


def session(
    answer: Answer = echo, *, default: str = "sandbox", live: bool = False, environment: dict[str, str] | None = None
) -> tuple[ReplSession, FakeTransport, FakeConsole]:
    transport, console = FakeTransport(answer), FakeConsole()
    links = connections(transport, default)
    engine = Engine(load_table(), links, open_rows, live=live)
    scope = Scope(now=0, seed="seed", environment=environment or {})
    console.secrets = links.secrets
    around = replace(NOWHERE, seed="session", clock=lambda: 1_700_000_000.0)
    return ReplSession(engine, scope, links, RunPrinter(console, repeats=True), around), transport, console
