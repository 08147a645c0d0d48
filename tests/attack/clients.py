"""Thirty-two clients that measure how long answers take while something else attacks the server."""

from __future__ import annotations

import asyncio
import threading
from time import perf_counter
from urllib.parse import urlsplit

CLIENTS = 32

_HEAD = "Host: 127.0.0.1\r\nAuthorization: Bearer sk_test_load{number}\r\n"
_READS = ("GET /v1/customers?limit=3 HTTP/1.1", "GET /v1/account HTTP/1.1", "GET /v1/products HTTP/1.1")
_BODY = b"name=Ann&metadata[a]=b"


class Crowd:
    """Clients that send a request every `pause` seconds each, in a thread of their own; results after `stop`.

    `writes`: every fourth request is a create. `times` are seconds from sending to the complete answer.
    """

    def __init__(self, address: str, *, writes: bool = True, pause: float = 0.1) -> None:
        parts = urlsplit(address)
        self._host, self._port = str(parts.hostname), parts.port or 0
        self._writes, self._pause = writes, pause
        self.times: list[float] = []
        self.errors: list[str] = []
        self._ended = False
        self._ready = threading.Semaphore(0)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)

    def __enter__(self) -> Crowd:
        self._thread.start()
        for _ in range(CLIENTS):
            assert self._ready.acquire(timeout=30), self.errors
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join(timeout=60)

    @property
    def p99(self) -> float:
        """The 99th percentile of the times, in milliseconds."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000

    async def _all(self) -> None:
        await asyncio.gather(*(self._client(number) for number in range(CLIENTS)))

    async def _client(self, number: int) -> None:
        try:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            await self._exchange(reader, writer, number, 0)  # the key's account is made
            self.times.clear()
            self._ready.release()
            await asyncio.sleep(number * self._pause / CLIENTS)
            turn = 1
            while not self._ended:
                await self._exchange(reader, writer, number, turn)
                turn += 1
                await asyncio.sleep(self._pause)
            writer.close()
        except Exception as error:  # noqa: BLE001 - it is reported as an error of the server
            self.errors.append(f"{type(error).__name__}: {error}")

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, turn: int
    ) -> None:
        create = self._writes and turn % 4 == 3
        line = "POST /v1/customers HTTP/1.1" if create else _READS[turn % 3]
        form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(_BODY)}\r\n" if create else ""
        began = perf_counter()
        head = f"{line}\r\n{_HEAD.format(number=number)}{form}\r\n".encode()
        writer.write(head + (_BODY if create else b""))
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        self.times.append(perf_counter() - began)
        if not answer.startswith(b"HTTP/1.1 200"):
            self.errors.append(answer.decode("latin-1").partition("\r\n")[0])
