"""A server in the place of Stripe on the loopback interface, and the program in a terminal that talks to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from stripe_shell.wire import Request, Response, decode_form
from tests.repl.terminal import Terminal

LIVE_KEY, TEST_KEY = "sk_live_" + "a1" * 12, "sk_test_" + "a1" * 12

#: What the server does with a request; None: it closes the connection without a word.
RemoteAnswer = Callable[[Request], Response | None]


def respond(body: Any, status: int = 200, **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"Request-Id": "req_1", **names}, json.dumps(body).encode())


def echo(request: Request) -> Response:
    """An object of the kind and the id that the path names, with the parameters of the request."""
    parts = request.path.split("/")
    kind = parts[2].removesuffix("s")
    if request.method == "GET" and len(parts) == 3 and kind not in {"account", "balance"}:
        rows = [{"id": f"{kind[:3]}_{number}", "object": kind} for number in range(1, 4)]
        return respond({"object": "list", "data": rows, "has_more": False, "url": request.path})
    identifier = parts[3] if len(parts) > 3 else f"{kind[:3]}_1"
    fields = decode_form(request.body.decode())
    return respond({"id": identifier, "object": kind, "livemode": False, **fields})


def at_prompt(text: str) -> bool:
    """The last prompt on the screen is empty and waits."""
    lines = [line for line in text.split("\n") if ">" in line]
    return bool(lines) and lines[-1].endswith(">")


class Remote:
    """The server: what was sent to it, and how it answers from now on."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.answer: RemoteAnswer = echo
        self.url = ""

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.sent if request.writes]

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a request that nothing answers must not keep the test from ending

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that has gone."""


@contextmanager
def listening() -> Iterator[Remote]:
    remote = Remote()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = self.headers.get("Idempotency-Key")
            request = Request(self.command, path, query, body, dict(self.headers), idempotency_key=key)
            remote.sent.append(request)
            response = remote.answer(request)
            if response is None:
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_POST = do_DELETE = reply  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    http = _Quiet(("127.0.0.1", 0), Door)
    thread = Thread(target=http.serve_forever, daemon=True)
    thread.start()
    remote.url = f"http://127.0.0.1:{http.server_port}"
    try:
        yield remote
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@contextmanager
def remote_shell(
    home: Path, remote: Remote, *options: str, key: str = TEST_KEY, size: tuple[int, int] = (80, 24), **environ: str
) -> Iterator[Terminal]:
    """The program on the server, in a terminal of so many columns and lines."""
    command = [sys.executable, "-m", "stripe_shell", *options]
    environment = {"STRIPE_API_KEY": key, "STRIPE_API_BASE": remote.url, **environ}
    terminal = Terminal(command, home, columns=size[0], lines=size[1], environment=environment)
    terminal.child.delaybeforesend = None
    try:
        terminal.wait(at_prompt)
        yield terminal
    finally:
        terminal.close()
