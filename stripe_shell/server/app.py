"""The ASGI application that serves the sandbox over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qsl

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.control.faults import Fault, Faults
from stripe_shell.sandbox.control.routes import PRIVATE, answer_private
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.listing import PAGING
from stripe_shell.sandbox.resources.v2_billing_meter_event_session import TOKEN
from stripe_shell.server.keys import key_of
from stripe_shell.server.limits import RateLimit
from stripe_shell.wire import Request, Response

AsgiScope = MutableMapping[str, Any]
AsgiMessage = MutableMapping[str, Any]
AsgiReceive = Callable[[], Awaitable[AsgiMessage]]
AsgiSend = Callable[[AsgiMessage], Awaitable[None]]

#: The maximum size of a request body, in bytes; uploaded files may have 16 MB.
MAX_BODY: Final = 32 * 1024 * 1024

#: The key in the scope's `extensions` for a function that closes the connection without a response.
ABORT: Final = "stripe_shell.abort"

#: The path at which a meter event session token authenticates instead of a key.
METER_STREAM: Final = "/v2/billing/meter_event_stream"

#: The maximum size of parameters that are decoded and checked in the event loop, in bytes.
QUICK_SIZE: Final = 16_384

_THREADS: Final = 8


class Application:
    """Serves HTTP requests from a sandbox.

    A quick call runs in the event loop; one that may take longer (a search, a filtered list, advancing a test clock),
    and any request during it, runs in a thread, so that the event loop is never blocked. `latency` is in seconds; `log`
    is called with a line for each response.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        faults: Faults | None = None,
        latency: float = 0.0,
        limit: RateLimit | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.faults = faults or Faults()
        self.latency = latency
        self.limit = limit
        self.log = log
        self._accounts: dict[str, str] = {}
        self._threads = ThreadPoolExecutor(_THREADS, "sandbox")
        self._running = 0

    def answer_now(self, request: Request) -> Response | None:
        """Returns the response to a request that needs no waiting, None if it must go through `__call__`."""
        if self.faults.active or self.latency or self._running or not _is_quick(request):
            return None
        try:
            response = self.sandbox.send(request, account=self._admit(request))
        except StripeError as error:
            response = self.sandbox.refuse(error)
        except Exception as error:  # noqa: BLE001 - uvicorn would take it for a mistake of the client's
            response = self.sandbox.fail(error)
        self._log_request(request, response)
        return response

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Handles one request, as an ASGI application."""
        if scope["type"] != "http":
            return
        names = {name for name, _ in scope["headers"]}
        body = b""
        if b"content-length" in names or b"transfer-encoding" in names:
            read = await _read_body(receive)
            if read is None:
                return
            body = read
        path = scope.get("raw_path") or scope["path"].encode()
        request = request_of(scope["method"], path, scope["query_string"], scope["headers"], body)
        fault = self.faults.strike(request.method, request.path) if self.faults.active else None
        try:
            response = await self._answer(request, fault)
        except Exception as error:  # noqa: BLE001 - uvicorn would answer in plain text
            response = self.sandbox.fail(error)
        self._log_request(request, response, fault)
        if self.latency:
            await asyncio.sleep(self.latency)
        await _deliver(response, fault, scope, send)

    async def _answer(self, request: Request, fault: Fault | None) -> Response:
        if request.path.startswith(PRIVATE):
            return self._private(request)
        if fault is not None and fault.kind == "drop":
            return Response(0, {}, b"")
        try:
            account = self._admit(request)
            if fault is not None and fault.error is not None:
                raise fault.error
        except StripeError as error:
            return self.sandbox.refuse(error)
        return await self._send(request, account)

    def _admit(self, request: Request) -> str:
        """Returns the account of a request. Raises StripeError without a valid key, or over the rate limit."""
        if len(request.body) > MAX_BODY:
            raise StripeError("The request is too large.", status=413, validation=True)
        key = self._key(request)
        if self.limit is not None:
            self.limit.take(key, monotonic())
        return self._account(key)

    def _log_request(self, request: Request, response: Response, fault: Fault | None = None) -> None:
        if self.log is not None:
            self.log(_log_line(request, response, fault))

    def _key(self, request: Request) -> str:
        """Returns the key, or the session token of a meter event stream, which stands for one."""
        stated = request.headers.get("authorization")
        if request.path == METER_STREAM and stated and stated.startswith(f"Bearer {TOKEN}"):
            token = stated.removeprefix("Bearer ")
            account = self.sandbox.account_of_meter_token(token)
            if account is not None:
                self._accounts[token] = account
                return token
        return key_of(stated)

    def _account(self, key: str) -> str:
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = self.sandbox.account_of_key(key)
        return account

    async def _send(self, request: Request, account: str) -> Response:
        if not self._running and _is_quick(request):
            return self.sandbox.send(request, account=account)
        self._running += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, lambda: self.sandbox.send(request, account=account))
        finally:
            self._running -= 1

    # --- the sandbox's own routes ----------------------------------------------------------------------------

    def _private(self, request: Request) -> Response:
        """Handles reset, seed and fault requests; refuses those of browsers, since any web page could send them."""
        headers = request.headers
        if "origin" in headers or "sec-fetch-site" in headers:
            return self.sandbox.refuse(StripeError("These routes are not for web pages.", status=403))
        try:
            account = self._account(key_of(headers["authorization"])) if "authorization" in headers else None
        except StripeError as error:
            return self.sandbox.refuse(error)
        return answer_private(self.sandbox, request, account=account, faults=self.faults)


async def _read_body(receive: AsgiReceive) -> bytes | None:
    """Returns the body, cut off once it exceeds the limit; None if the client disconnected."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > MAX_BODY or not message.get("more_body", False):
            return b"".join(parts)


def request_of(method: str, path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Request:
    """Returns a Request for an HTTP request; the names of `headers` are in lower case."""
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    key = found.get("idempotency-key") or None
    return Request(method, path.decode("latin-1"), query.decode("latin-1"), body, found, key)


def _is_quick(request: Request) -> bool:
    if request.path.startswith(PRIVATE) or len(request.body) + len(request.query) > QUICK_SIZE:
        return False
    if request.method == "GET":
        if not request.query:
            return True
        return not request.path.endswith("/search") and _names(request.query) <= PAGING
    return not request.path.endswith("/advance")


def _names(query: str) -> set[str]:
    return {name.partition("[")[0] for name, _ in parse_qsl(query, keep_blank_values=True)}


async def _deliver(response: Response, fault: Fault | None, scope: AsgiScope, send: AsgiSend) -> None:
    """Sends the response, or the part of it that a connection fault lets through."""
    kind = fault.kind if fault is not None else ""
    if fault is not None and fault.seconds:
        await asyncio.sleep(fault.seconds)
    if kind in ("drop", "lose"):
        scope["extensions"][ABORT]()
        await asyncio.sleep(0)
        return
    await send({"type": "http.response.start", "status": response.status, "headers": list(encoded_headers(response))})
    if kind == "cut":
        await send({"type": "http.response.body", "body": response.body[: len(response.body) // 2], "more_body": True})
        scope["extensions"][ABORT]()
        await asyncio.sleep(0)
        return
    await send({"type": "http.response.body", "body": response.body})


def _log_line(request: Request, response: Response, fault: Fault | None) -> str:
    ordered = f" (fault {fault.kind})" if fault is not None else ""
    return f"{request.method} {request.target} {response.status or '-'} {response.elapsed:.1f} ms{ordered}"


def encoded_headers(response: Response) -> Iterable[tuple[bytes, bytes]]:
    """Yields the headers of a response as bytes."""
    for name, value in response.headers.items():
        yield name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace")
    yield b"content-length", str(len(response.body)).encode()
