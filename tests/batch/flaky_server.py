"""A sandbox over HTTP on this machine that goes wrong as it is told to, for runs of a batch as child processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_sandbox
from stripe_shell.wire import Request, Response

ROOT = Path(__file__).parents[2]

#: Decides about a request by its number (from 1, reads included): None lets it pass, a status refuses it, 0 cuts the
#: connection before it is carried out.
Decide = Callable[[int, Request], int | None]

_BODIES = {
    401: b'{"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}',
    429: b'{"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many"}}',
}


class FlakyServer(ThreadingHTTPServer):
    """Serves a sandbox in memory; `seen` are the requests with what became of each, in order."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, decide: Decide) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.decide = decide
        self.lock = threading.Lock()
        self.sandbox = open_sandbox(None, load_table())
        self.seen: list[tuple[Request, int | None]] = []

    def answer(self, request: Request) -> Response | None:
        """Returns the response to a request; None if the connection is cut."""
        with self.lock:
            decision = self.decide(len(self.seen) + 1, request)
            self.seen.append((request, decision))
            if decision is None:
                return self.sandbox.send(request)
            return Response(decision, {}, _BODIES.get(decision, b"{}")) if decision else None

    def made(self, kind: str, member: str) -> list[str]:
        """Returns a member of every object of a kind, sorted."""
        found: list[str] = []
        after = ""
        while True:
            page: Any = self.sandbox.send(Request("GET", f"/v1/{kind}", f"limit=100{after}")).json()
            found += [str(each[member]) for each in page["data"]]
            if not page["has_more"]:
                return sorted(found)
            after = f"&starting_after={page['data'][-1]['id']}"

    def handle_error(self, *_: Any) -> None:
        """Ignores clients that are gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FlakyServer

    def reply(self) -> None:
        path, _, query = self.path.partition("?")
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.startswith("Stripe-")}
        request = Request(self.command, path, query, content, headers, self.headers.get("Idempotency-Key"))
        response = self.server.answer(request)
        if response is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(response.status)
        for name, value in {**response.headers, "Content-Length": str(len(response.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_POST = reply  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Writes no log."""


@contextmanager
def serving(decide: Decide) -> Iterator[FlakyServer]:
    """Serves in a thread."""
    server = FlakyServer(decide)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run_against(server: FlakyServer, folder: Path, *options: str) -> tuple[int, str]:
    """Runs `b.stripe` of a folder as a child process; returns its exit code and what it said."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "STRIPE_API_KEY": "sk_test_51FlakyServerFlakyServer",
        "STRIPE_API_BASE": f"http://127.0.0.1:{server.server_port}",
    }
    command = [sys.executable, "-m", "stripe_shell", "run", str(folder / "b.stripe"), *options]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stderr
