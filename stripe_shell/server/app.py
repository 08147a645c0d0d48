"""The ASGI application that serves the sandbox over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qsl

from stripe_shell.escaping import log_line
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.control.faults import Fault, Faults
from stripe_shell.sandbox.control.routes import PRIVATE, answer_private
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.listing import PAGING
from stripe_shell.sandbox.resources.v2_billing_meter_event_session import TOKEN
from stripe_shell.sandbox.storage.store import StoreBusy
from stripe_shell.server.hosts import check_host
from stripe_shell.server.indentation import indented_for
from stripe_shell.server.keys import key_of
from stripe_shell.server.limits import RateLimit
from stripe_shell.wire import Request, Response

AsgiScope = MutableMapping[str, Any]
AsgiMessage = MutableMapping[str, Any]
AsgiReceive = Callable[[], Awaitable[AsgiMessage]]
AsgiSend = Callable[[AsgiMessage], Awaitable[None]]

#: The maximum size of a request body, in bytes; uploaded files may have 16 MB.
MAX_BODY: Final = 17 * 1024 * 1024

#: The key in the scope's `extensions` for a function that closes the connection without a response.
ABORT: Final = "stripe_shell.abort"

#: The path at which a meter event session token authenticates instead of a key.
METER_STREAM: Final = "/v2/billing/meter_event_stream"

#: The maximum size of parameters that are decoded and checked in the event loop, in bytes.
QUICK_SIZE: Final = 16_384

#: The threads for requests that read, and as many for those that write, which may have to wait for each other.
_THREADS: Final = 8


class Application:
    """Serves HTTP requests from a sandbox.

    A quick call runs in the event loop. One that may take longer (a search, a filtered list, advancing a test clock),
    and one that has to wait for another writer, runs in a thread, so that the event loop is never blocked. `hosts` are
    the names besides those of a local network that `Host` may have (see hosts.py). `latency` is in seconds; `log` is
    called with a line for each response.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        faults: Faults | None = None,
        latency: float = 0.0,
        limit: RateLimit | None = None,
        hosts: Iterable[str] = (),
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.faults = faults or Faults()
        self.latency = latency
        self.limit = limit
        self.log = log
        self._hosts = frozenset(hosts)
        self._accounts: dict[str, str] = {}
        self._readers = ThreadPoolExecutor(_THREADS, "reads")
        self._writers = ThreadPoolExecutor(_THREADS, "writes")

    def answer_now(self, request: Request) -> Response | None:
        """Returns the response to a request that needs no waiting, None if it must go through `__call__`."""
        if self.faults.active or self.latency or self.limit is not None or not _is_quick(request):
            return None
        response = self._without_waiting(request, None)
        if response is not None:
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
        fault = self._strike(request)
        response = await self._answer(request, fault)
        self._log_request(request, response, fault)
        if self.latency:
            await asyncio.sleep(self.latency)
        await _deliver(response, fault, scope, send)

    def _strike(self, request: Request) -> Fault | None:
        """Returns the fault that strikes a request; none strikes the private routes, one of which ends faults."""
        if not self.faults.active or request.path.startswith(PRIVATE):
            return None
        return self.faults.strike(request.method, request.path)

    async def _answer(self, request: Request, fault: Fault | None) -> Response:
        if fault is not None and fault.kind == "drop":
            return Response(0, {}, b"")
        try:
            self._take(request)
        except StripeError as error:
            return self.sandbox.refuse(error)
        response = self._without_waiting(request, fault) if _is_quick(request) else None
        if response is not None:
            return response
        threads = self._readers if request.method == "GET" else self._writers
        return await asyncio.get_running_loop().run_in_executor(threads, self._respond, request, fault)

    def _without_waiting(self, request: Request, fault: Fault | None) -> Response | None:
        """Returns the response, or None when the request would have to wait for another writer."""
        try:
            with self.sandbox.store.without_waiting():
                return self._respond(request, fault)
        except StoreBusy:
            return None

    def _respond(self, request: Request, fault: Fault | None) -> Response:
        """Returns the response to a request. Raises StoreBusy inside `Store.without_waiting`, and nothing else."""
        try:
            if request.path.startswith(PRIVATE):
                return self._private(request)
            account = self._admit(request)
            if fault is not None and fault.error is not None:
                raise fault.error
            return indented_for(request, self.sandbox.send(request, account=account))
        except StripeError as error:
            return self.sandbox.refuse(error)
        except StoreBusy:
            raise
        except Exception as error:  # noqa: BLE001 - uvicorn would take it for a mistake of the client's
            return self.sandbox.fail(error)

    def _take(self, request: Request) -> None:
        """Counts a request towards the limit of its key. Raises StripeError without a valid key, or over the limit."""
        if self.limit is not None and not request.path.startswith(PRIVATE):
            self.limit.take(_token_of(request) or key_of(request.headers.get("authorization")), monotonic())

    def _admit(self, request: Request) -> str:
        """Returns the account of a request. Raises StripeError without a valid key or host, or for a huge body."""
        check_host(request.headers.get("host"), self._hosts)
        if len(request.body) > MAX_BODY:
            raise StripeError("The request is too large.", status=413, validation=True)
        token = _token_of(request)
        account = self.sandbox.account_of_meter_token(token) if token else None
        return account or self._account(key_of(request.headers.get("authorization")))

    def _log_request(self, request: Request, response: Response, fault: Fault | None = None) -> None:
        if self.log is not None:
            self.log(_log_line(request, response, fault))

    def _account(self, key: str) -> str:
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = self.sandbox.account_of_key(key)
        return account

    # --- the sandbox's own routes ----------------------------------------------------------------------------

    def _private(self, request: Request) -> Response:
        """Handles reset, seed and fault requests. Raises StripeError for those of web pages, as any could send them."""
        headers = request.headers
        check_host(headers.get("host"), self._hosts)
        if "origin" in headers or "sec-fetch-site" in headers:
            raise StripeError("These routes are not for web pages.", status=403)
        account = self._account(key_of(headers["authorization"])) if "authorization" in headers else None
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


def _token_of(request: Request) -> str | None:
    """Returns the session token of a request to a meter event stream, which stands for a key; None without one."""
    stated = request.headers.get("authorization") or ""
    is_token = request.path == METER_STREAM and stated.startswith(f"Bearer {TOKEN}")
    return stated.removeprefix("Bearer ") if is_token else None


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
    return f"{request.method} {log_line(request.target)} {response.status or '-'} {response.elapsed:.1f} ms{ordered}"


def encoded_headers(response: Response) -> Iterable[tuple[bytes, bytes]]:
    """Yields the headers of a response as bytes."""
    for name, value in response.headers.items():
        yield name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace")
    yield b"content-length", str(len(response.body)).encode()
