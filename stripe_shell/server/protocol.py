"""uvicorn's HTTP protocol with a short way: what can be answered at once is answered where it arrives.

The long way, by a task and ASGI's messages, costs a sixth of what a create takes in all. It stays for everything that
may have to wait: large bodies, pipelined requests, faults, searches.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stripe_shell.server.app import ABORT, encoded_headers, request_of

#: The largest body that is kept back until it is there as a whole, in bytes.
SHORT: Final = 65_536

_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class Protocol(HttpToolsProtocol):
    """What the server speaks. `short` is the body of a request that is kept back, None while none is."""

    app: Any
    short: list[bytes] | None = None

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]
        self.short = None

    def on_headers_complete(self) -> None:
        """Keep the request back where it may be answered at once."""
        if self._is_short():
            self.short = []
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self.short is None:
            super().on_body(body)
        else:
            self.short.append(body)

    def on_message_complete(self) -> None:
        """The request is there: answer it, or begin the long way."""
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
        """Answer at once, if that can be done."""
        path, _, query = self.url.partition(b"?")
        request = request_of(self.parser.get_method().decode("ascii"), path, query, self.headers, body)
        # An application that stands inside another one (a middleware of uvicorn's) is reached the long way only.
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
