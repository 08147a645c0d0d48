"""A server on the loopback interface that remembers what it was asked, and a sandbox in this process to forward to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response


@dataclass(frozen=True)
class Seen:
    """A request as it came: `target` is path and query, header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class Refused(Exception):
    """A request that is not as it should be; the reply says how."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(f"{status} {body}")
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.reply = Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **names})


Answer = Callable[[Seen], Reply]


class Loopback:
    """The running server: its address, and every request that came, in order."""

    def __init__(self, answer: Answer) -> None:
        self.seen: list[Seen] = []
        self.refused: list[str] = []
        self._answer = answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for an answer

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, self.rfile.read(length))
                reply = outer.answer(seen)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = do_DELETE = handle_one  # noqa: N815 (the library's names)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        try:
            return self._answer(seen)
        except Refused as refused:
            self.refused.append(str(refused))
            return refused.reply

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(answer: Answer) -> Iterator[Loopback]:
    """A server that answers so."""
    server = Loopback(answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Backend:
    """The sandbox behind a fake, and how often it was asked to carry something out."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(Store.open(None), load_table())
        self.lock = threading.Lock()

    def send(self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str) -> Response:
        """Carry it out; the headers are those of Stripe, by lower-case name."""
        named = {name.title(): value for name, value in headers.items() if name.startswith("stripe-")}
        request = Request(
            method, path, query, body, headers=named, idempotency_key=headers.get("idempotency-key") or None
        )
        with self.lock:
            return self.sandbox.send(request)

    def forward(self, seen: Seen, path: str, query: str, body: bytes) -> Reply:
        """The request of a client, carried out."""
        answer = self.send(seen.method, path, query, body, **seen.headers)
        return Reply(answer.status, answer.body, dict(answer.headers))

    def create(self, path: str, form: str) -> dict[str, Any]:
        """An object that was there before."""
        answer = self.send("POST", path, body=form.encode(), **{"stripe-version": load_table().version})
        assert answer.ok, answer.body
        created: dict[str, Any] = answer.json()
        return created

    def count(self, path: str) -> int:
        """How many objects there are in a list."""
        answer = self.send("GET", path, "limit=100", **{"stripe-version": load_table().version})
        return len(answer.json()["data"])


def wanted(found: bool, status: int, body: Any, **headers: str) -> None:
    """Refuse unless it is so."""
    if not found:
        raise Refused(status, body, **headers)
