#!/usr/bin/env python3
"""A server on loopback that answers every create at once; it may answer late, and refuse what exceeds a rate.

usage: .venv/bin/python scripts/quick_server.py [--latency SECONDS] [--limit N] [--operation-limit N]

It stores nothing, so that clients are measured and not the server. The limits hold in any second: a request is refused
(429) when that many were admitted within the second before it, of all operations or of its own. Prints its port.
`GET /counts` returns how many requests were admitted and refused, and when the first and the last came.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: What an answer holds beside `id`, `object` and what was sent: about as much as a customer of Stripe.
COMMON = {
    "address": None,
    "balance": 0,
    "created": 1_790_000_000,
    "currency": None,
    "default_source": None,
    "delinquent": False,
    "description": None,
    "discount": None,
    "invoice_prefix": "ABCDEF12",
    "invoice_settings": {
        "custom_fields": None,
        "default_payment_method": None,
        "footer": None,
        "rendering_options": None,
    },
    "livemode": False,
    "metadata": {},
    "next_invoice_sequence": 1,
    "phone": None,
    "preferred_locales": [],
    "shipping": None,
    "tax_exempt": "none",
    "test_clock": None,
}
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
PREFIXES = {"customers": "cus", "invoiceitems": "ii", "products": "prod", "coupons": "cpn"}


class SlidingWindow:
    """Admits at most `limit` requests in any second."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.admitted: deque[float] = deque()

    def has_room(self, now: float) -> bool:
        """Whether another request may be admitted now."""
        while self.admitted and self.admitted[0] <= now - 1:
            self.admitted.popleft()
        return self.limit is None or len(self.admitted) < self.limit


class Desk:
    """Answers requests: admits or refuses them, and counts."""

    def __init__(self, limit: int | None, operation_limit: int | None) -> None:
        self.all = SlidingWindow(limit)
        self.operation_limit = operation_limit
        self.operations: dict[str, SlidingWindow] = {}
        self.counts: Counter[int] = Counter()
        self.first = self.last = 0.0

    def answer(self, line: bytes, body: bytes) -> bytes:
        """Returns the response to a request."""
        method, path, _ = line.decode().split(" ", 2)
        if path == "/counts":
            return _response(200, {"counts": self.counts, "seconds": self.last - self.first})
        if method == "GET":
            return _response(200, {"id": "acct_quick", "object": "account"})
        now = time.monotonic()
        refused = self._refusal(f"{method} {path}", now)
        self.counts[429 if refused else 200] += 1
        self.first, self.last = self.first or now, now
        if refused:
            error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}
            return _response(429, {"error": error}, f"Stripe-Rate-Limited-Reason: {refused}\r\n")
        kind = path.rpartition("/")[2]
        given = dict(re.findall(r"([a-z_]+)=([^&]*)", body.decode()))
        made = f"{PREFIXES.get(kind, 'obj')}_{self.counts[200]:014d}"
        return _response(200, {"id": made, "object": kind.removesuffix("s"), **COMMON, **given})

    def _refusal(self, operation: str, now: float) -> str:
        own = self.operations.setdefault(operation, SlidingWindow(self.operation_limit))
        if not self.all.has_room(now):
            return "global-rate"
        if not own.has_room(now):
            return "endpoint-rate"
        self.all.admitted.append(now)
        own.admitted.append(now)
        return ""


def _response(status: int, body: Any, headers: str = "") -> bytes:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {'OK' if status == 200 else 'Too Many Requests'}\r\nContent-Type: application/json\r\n"
    head += f"Request-Id: req_{time.monotonic_ns():014d}\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    return head.encode() + content


class Peer(asyncio.Protocol):
    """One connection."""

    def __init__(self, desk: Desk, latency: float) -> None:
        self.desk, self.latency = desk, latency
        self.received = b""

    def connection_made(self, transport: Any) -> None:
        """Keeps the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers a request once it is complete."""
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.received[:end]
        length = _LENGTH.search(head)
        size = end + 4 + (int(length[1]) if length else 0)
        if len(self.received) < size:
            return
        body, self.received = self.received[end + 4 : size], self.received[size:]
        answer = self.desk.answer(head.partition(b"\r\n")[0], body)
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.transport.write, answer)
        else:
            self.transport.write(answer)


@contextmanager
def quick_server(*options: str) -> Iterator[str]:
    """Yields the address of such a server in a process of its own."""
    command = [sys.executable, __file__, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


def counts_of(address: str) -> dict[str, Any]:
    """Returns `{"counts": {"200": …, "429": …}, "seconds": …}` of a server."""
    with urllib.request.urlopen(f"{address}/counts") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


async def serve(desk: Desk, latency: float) -> None:
    """Listens on a free port, and prints it."""
    server = await asyncio.get_running_loop().create_server(lambda: Peer(desk, latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--operation-limit", type=int)
    given = parser.parse_args()
    asyncio.run(serve(Desk(given.limit, given.operation_limit), given.latency))


if __name__ == "__main__":
    main()
