"""Kind 2: one request that stops everybody. Others' answers are timed while the worst request of each sort is sent."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stripe_shell.server.app import MAX_BODY
from tests.attack.clients import Crowd
from tests.attack.conftest import Tally
from tests.server.conftest import Client, running

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")

#: The bound for the others' 99th percentile, in milliseconds.
BOUND = 100.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MB = 1_000_000


def worst_forms(size: int) -> dict[str, tuple[str, bytes, dict[str, str]]]:
    """Requests of about `size` bytes, each the worst of its sort: path, body, headers."""
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    part = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n'
    return {
        "one long value": ("/v1/customers", b"name=" + b"a" * size, FORM),
        "one long name": ("/v1/customers", b"a" * size + b"=1", FORM),
        "percent signs": ("/v1/customers", b"name=" + b"%41" * (size // 3), FORM),
        "many names": ("/v1/customers", b"&".join(b"n%d=1" % each for each in range(size // 9)), FORM),
        "4,096 unknown names": ("/v1/customers", b"&".join(b"n%d=1" % each for each in range(4096)), FORM),
        "brackets": ("/v1/customers", b"a" + b"[b]" * (size // 3) + b"=1", FORM),
        "one list": ("/v1/customers", b"&".join([b"preferred_locales[]=en"] * (size // 22)), FORM),
        "list of 4,096": ("/v1/customers", b"&".join([b"preferred_locales[]=en"] * 4096), FORM),
        "ampersands": ("/v1/customers", b"&" * size, FORM),
        "metadata": ("/v1/customers", b"&".join(b"metadata[k%d]=v" % each for each in range(size // 15)), FORM),
        "parts": ("/v1/files", part * (size // len(part)), boundary),
        "one part": ("/v1/files", part.replace(b"x", b"x" * size) + b"--b--\r\n", boundary),
        "one file": (
            "/v1/files",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
            + b"x" * size
            + b"\r\n--b--\r\n",
            boundary,
        ),
        "JSON list": ("/v2/core/accounts", b"[" + b"1," * (size // 2) + b"1]", {"Content-Type": "application/json"}),
        "JSON depth": ("/v2/core/accounts", b"[" * size, {"Content-Type": "application/json"}),
        "JSON names": (
            "/v2/core/accounts",
            json.dumps({f"n{each}": 1 for each in range(size // 13)}).encode(),
            {"Content-Type": "application/json"},
        ),
        "bytes that are no text": ("/v1/customers", b"name=" + b"\xff" * size, FORM),
    }


#: How often a try is repeated when the others' answers are late, since another program may have taken the processor.
ROUNDS = 4


@contextmanager
def crowd_is_served(tally: Tally, address: str, words: str, **options: bool) -> Iterator[None]:
    """Counts a try: the others' 99th percentile and errors while the block runs."""
    with Crowd(address, **options) as crowd:
        yield
    late = is_late(crowd, words) and not is_busy(address, crowd)
    tally.count(not late, f"{words}: p99 {crowd.p99:.0f} ms of {len(crowd.times)}")
    tally.count(not crowd.errors, f"{words}: {crowd.errors[:3]}")


def is_late(crowd: Crowd, words: str) -> bool:
    """Prints the times, and returns whether the 99th percentile is over the bound."""
    print(f"{words}: p99 {crowd.p99:.1f} ms, longest {max(crowd.times) * 1000:.0f} ms, {len(crowd.times)} answers")
    return crowd.p99 > BOUND


def is_busy(address: str, late: Crowd) -> bool:
    """Whether the answers are nearly as late when nothing else is sent: the processor is taken by another program."""
    with Crowd(address) as quiet:
        while len(quiet.times) < min(len(late.times), 200) and not quiet.errors:
            time.sleep(0.02)
    print(f"nothing else sent: p99 {quiet.p99:.1f} ms")
    return late.p99 < 2 * quiet.p99


def test_worst_requests(tally: Tally, address: str) -> None:
    # 30 MB are refused by their length alone; what is just below the limit is read to its end.
    sizes = (30 * MB, MAX_BODY - 100_000) if tally.full else (3 * MB,)
    client = Client(address)
    forms = [(f"{words} of {size:,}", form) for size in sizes for words, form in worst_forms(size).items()]
    for words, (path, body, headers) in forms:
        late, errors = True, list[str]()
        for _ in range(ROUNDS):
            with Crowd(address) as crowd:
                until = time.monotonic() + (3.0 if tally.full else 0.6)
                while time.monotonic() < until:
                    answer = client.send("POST", path, headers=headers, body=body)
                    tally.count(answer.status in (200, 400, 413), (words, answer.body[:300]))
            errors += crowd.errors
            late = is_late(crowd, words)
            if not late:
                break
        tally.count(not late and not errors, f"{words}: p99 {crowd.p99:.0f} ms of {len(crowd.times)}, {errors[:3]}")


def test_sixty_thousand_parts(tally: Tally, address: str) -> None:
    path, body, headers = worst_forms(60_000 * 54)["parts"]
    with crowd_is_served(tally, address, "60,000 parts"):
        for _ in range(3):
            assert Client(address).send("POST", path, headers=headers, body=body).status == 400


def test_endless_heads(tally: Tally, address: str) -> None:
    """A target and headers without end are refused before they are kept."""
    parts = urlsplit(address)
    for begin in (
        b"GET /v1/customers?a=",
        b"GET /v1/customers HTTP/1.1\r\nX: ",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20,
    ):
        with (
            crowd_is_served(tally, address, f"endless head after {begin[:30]!r}"),
            socket.create_connection((str(parts.hostname), parts.port)) as endless,
            suppress(OSError),
        ):
            endless.sendall(begin)
            for _ in range(30):
                endless.sendall(b"A: b\r\n" * 20_000 if b"A:" in begin else b"a" * MB)
                time.sleep(0.01)
            tally.count(False, "30 MB of headers were taken")


def test_trickling_connections(tally: Tally, address: str) -> None:
    """Connections that send a byte of their headers, or of their body, now and then."""
    parts = urlsplit(address)
    number = 1000 if tally.full else 300
    begin = b"POST /v1/customers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000\r\n"
    with ExitStack() as stack:
        slow = []
        for each in range(number):
            trickling = stack.enter_context(socket.create_connection((str(parts.hostname), parts.port)))
            trickling.sendall(begin if each % 2 else begin + b"\r\nname=")
            slow.append(trickling)
        with crowd_is_served(tally, address, f"{number} trickling connections"):
            for _ in range(4 if tally.full else 2):
                for trickling in slow:
                    trickling.sendall(b"a")
                time.sleep(0.4)


def locked(path: Path, seconds: float) -> Callable[[], None]:
    """Takes the lock of a file in another connection; returns a function that waits until it is released."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(seconds, connection.rollback)
    timer.start()
    return timer.join


def test_a_lock_of_another_process(tally: Tally, tmp_path: Path) -> None:
    """Readers are served at once; writers, and new keys, wait until the lock is released, and then succeed."""
    seconds = 20.0 if tally.full else 2.0
    path = tmp_path / "sandbox.db"
    with running("--db", str(path)) as address:
        writer = Client(address)
        writer.connection.timeout = 60
        writer.post("/v1/customers")
        answers: list[int] = []

        def write(client: Client) -> None:
            answers.append(client.send("POST", "/v1/customers", {"name": "waits"}).status)

        with crowd_is_served(tally, address, f"a lock for {seconds:g} s", writes=False):
            wait = locked(path, seconds)
            began = time.monotonic()
            clients = [writer, *(Client(address) for _ in range(12))]
            for client in clients:
                client.connection.timeout = 60
            threads = [threading.Thread(target=write, args=(client,)) for client in clients]
            for thread in threads:
                thread.start()
            wait()
            for thread in threads:
                thread.join()
        tally.count(answers == [200] * len(clients), f"writers during the lock: {answers}")
        tally.count(time.monotonic() - began < seconds + 5, f"{time.monotonic() - began:.1f} s")
