"""uvicorn's HTTP protocol with a fast path: quick requests are answered without creating an ASGI task.

A task and ASGI's messages take a sixth of the time of a create. They remain for everything that may have to wait: large
bodies, pipelined requests, faults, searches.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stripe_shell.server.app import ABORT, encoded_headers, request_of

#: The maximum body size of the fast path, in bytes.
SHORT: Final = 65_536

_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class HttpProtocol(HttpToolsProtocol):
    """The server's HTTP protocol. `short` collects the body of a request on the fast path, else None."""

    app: Any
    short: list[bytes] | None = None

    def on_message_begin(self) -> None:
        """Starts a request."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]
        self.short = None

    def on_headers_complete(self) -> None:
        """Defers the request if it is eligible for the fast path."""
        if self._is_short():
            self.short = []
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Receives a part of the body."""
        if self.short is None:
            super().on_body(body)
        else:
            self.short.append(body)

    def on_message_complete(self) -> None:
        """Answers the complete request on the fast path, or passes it on to ASGI."""
        if self.short is None:
            super().on_message_complete()
            return
        parts, self.short = self.short, None
        if not self._answer(b"".join(parts)):
            super().on_headers_complete()
            for part in parts:
                super().on_body(part)
            super().on_message_complete()

    def _is_short(self) -> bool:
        if self.parser.get_http_version() != "1.1" or not self.parser.should_keep_alive() or self.expect_100_continue:
            return False
        if self.parser.should_upgrade() or self.flow.write_paused or not (self.cycle is None or self._is_idle()):
            return False
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"0")
        return b"transfer-encoding" not in headers and length.isdigit() and int(length) <= SHORT

    def _is_idle(self) -> bool:
        return self.cycle.response_complete and not self.pipeline

    def _answer(self, body: bytes) -> bool:
        """Sends the response if the application returns it immediately; returns whether it did."""
        path, _, query = self.url.partition(b"?")
        request = request_of(self.parser.get_method().decode("ascii"), path, query, self.headers, body)
        # An application wrapped in a middleware of uvicorn's has no `answer_now`.
        answer_now = getattr(self.app, "answer_now", None)
        response = answer_now(request) if answer_now and request.method != "HEAD" else None
        if response is None:
            return False
        found: list[Any] = [_LINES[response.status]]
        for name, value in (*self.server_state.default_headers, *encoded_headers(response)):
            found += (name, b": ", value, b"\r\n")
        found += (b"\r\n", response.body)
        self.transport.write(b"".join(found))
        self.server_state.total_requests += 1
        self._unset_keepalive_if_required()
        if not self.transport.is_closing():
            wait = self.timeout_keep_alive
            self.timeout_keep_alive_task = self.loop.call_later(wait, self.timeout_keep_alive_handler)
        return True
