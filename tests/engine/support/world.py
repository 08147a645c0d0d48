"""A world for the engine: a transport that records what it is sent, connections without a network, a frozen scope."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stripe_shell.batch.runner import ScriptRun, run_source
from stripe_shell.diagnostics import Diagnostic, SourceText, Span
from stripe_shell.engine.links import Link
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response

#: 2026-01-31T12:00:00Z: a day that not every month has.
NOW = 1_769_860_800

ENVIRONMENT = {
    "PRICE_ID": "price_env",
    "AMOUNT": "2000",
    "EMPTY": "",
    "KEY": "the-key",
    "LOOKS_LIKE_REFERENCE": "${env:KEY}",
    "LOOKS_LIKE_JSON": '{"a": 1}',
    "LOOKS_LIKE_LIST": "a, b",
    "LOOKS_LIKE_LINES": "x\n@as y\nemail: z",
}

Answer = Response | Exception | Callable[[Request], Response]


class FakeTransport:
    """Records requests and gives the answers in turn; when there are none left, an object with a number of its own."""

    def __init__(self, answers: Sequence[Answer] = ()) -> None:
        self.requests: list[Request] = []
        self._answers = list(answers)

    def send(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self._answers.pop(0) if self._answers else self._usual()
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Response) else answer(request)

    def _usual(self) -> Response:
        number = len(self.requests)
        return answer({"id": f"obj_{number}", "object": "thing"}, request_id=f"req_{number}")


def answer(
    body: Any, status: int = 200, *, request_id: str = "req_x", headers: Mapping[str, str] | None = None
) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {"Request-Id": request_id, **(headers or {})}, content, elapsed=7.0)


def refusal(code: str, *, kind: str = "invalid_request_error", status: int = 400, **more: Any) -> Response:
    return answer({"error": {"type": kind, "code": code, "message": f"Refused: {code}.", **more}}, status)


class FakeLinks:
    """`/sandbox` (the default), `/test` and `/live`, all over one transport; `your-…` stands for the default."""

    def __init__(self, transport: Any, default: str = "sandbox") -> None:
        modes = {"sandbox": "sandbox", "test": "test", "live": "live", "secretive": "unknown"}
        self.links = {name: Link(name, transport, mode) for name, mode in modes.items()}  # type: ignore[arg-type]
        self.default = default

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        wanted = self.default if name is None or self.placeholder(name) else name
        return self.links.get(wanted) or Diagnostic("E208", f"unknown connection `/{name}`", span)

    def placeholder(self, name: str | None) -> bool:
        return name is not None and name.startswith("your-")


class World:
    """An engine over a fake transport, and the scope that its scripts begin with."""

    def __init__(self, answers: Sequence[Answer] = (), *, default: str = "sandbox", live: bool = False) -> None:
        self.transport = FakeTransport(answers)
        self.engine = Engine(load_table(), FakeLinks(self.transport, default), open_rows, live=live)
        self.scope = Scope(now=NOW, seed="seed", environment=ENVIRONMENT)

    def run(self, text: str, *, name: str = "t.stripe", keep_going: bool = False) -> ScriptRun:
        return run_source(self.engine, SourceText(name, text), self.scope, run_id="run", keep_going=keep_going)

    @property
    def requests(self) -> list[Request]:
        return self.transport.requests
