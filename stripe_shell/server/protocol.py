"""uvicorn's HTTP protocol with a fast path and a time limit for requests.

Quick requests are answered without creating an ASGI task: a task and ASGI's messages take a sixth of the time of a
create. They remain for everything that may have to wait: large bodies, pipelined requests, faults, searches.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from stripe_shell.server.app import ABORT, encoded_headers, request_of

#: How long a client may take to send a complete request, from its first byte or from connecting, in seconds.
REQUEST_TIMEOUT: Final = 60.0

#: The maximum size of a request's target and headers together, in bytes.
MOST_HEADERS: Final = 65_536

#: The maximum body size of the fast path, in bytes.
SHORT: Final = 65_536

_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


class HttpProtocol(HttpToolsProtocol):
    """The server's HTTP protocol. `short` collects the body of a request on the fast path, else None.

    A connection that has not sent a complete request after `request_timeout` seconds is answered 408 and closed,
    however often it sends a byte.
    """

    app: Any
    short: list[bytes] | None = None
    request_timeout: float = REQUEST_TIMEOUT
    _incomplete = False
    _head: int | None = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins a connection."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends a connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receives a part of a request, or more than one request."""
        super().data_received(data)
        if not self._incomplete or self.transport.is_closing():
            return
        if self._timer is None:
            self._start_timer()
        if self._head is not None:
            self._head += len(data)
            if self._head > MOST_HEADERS:
                self._refuse(431, f"The target and the headers are larger than {MOST_HEADERS:,} bytes.")

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.request_timeout, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        self._timer = None
        if self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
            self._start_timer()  # an earlier request is being answered, and reading may be paused for it
        elif not self.transport.is_closing():
            self._refuse(408, "The request was not complete in time.")

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP in Stripe's format."""
        self._refuse(400, msg)

    def _refuse(self, status: int, message: str) -> None:
        """Sends an error without the application's help and closes the connection."""
        body = json.dumps({"error": {"message": message, "type": "invalid_request_error"}}, indent=2).encode()
        length = str(len(body)).encode()
        head = b"content-type: application/json\r\nconnection: close\r\ncontent-length: " + length + b"\r\n\r\n"
        self.transport.write(_LINES[status] + head + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Starts a request."""
        super().on_message_begin()
        self._incomplete = True
        self._head = 0
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]
        self.short = None

    def on_headers_complete(self) -> None:
        """Defers the request if it is eligible for the fast path."""
        self._head = None
        if not self.url.startswith(b"/"):
            self._read_absolute_target()
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
        self._incomplete = False
        self._stop_timer()
        if self.short is None:
            super().on_message_complete()
            return
        parts, self.short = self.short, None
        if not self._answer(b"".join(parts)):
            super().on_headers_complete()
            for part in parts:
                super().on_body(part)
            super().on_message_complete()

    def _read_absolute_target(self) -> None:
        """Reduces a target such as `http://host/path` to its path and query; its host replaces `Host` (RFC 9112)."""
        try:
            parts = httptools.parse_url(self.url)
        except httptools.HttpParserInvalidURLError:
            return
        if not parts.host:
            return
        self.url = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
        port = b":%d" % parts.port if parts.port else b""
        others = [each for each in self.headers if each[0] != b"host"]
        self.headers[:] = [*others, (b"host", parts.host + port)]

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
