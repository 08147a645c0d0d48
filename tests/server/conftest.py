"""Real servers on the loopback interface, and a client that speaks HTTP to them."""

from __future__ import annotations

import http.client
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from stripe_shell.wire import encode_form

ROOT = Path(__file__).parents[2]

Json = dict[str, Any]

_numbers = itertools.count()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Json:
        """The body."""
        found: Json = json.loads(self.body)
        return found

    @property
    def error(self) -> Json:
        """The `error` of a refusal."""
        error: Json = self.json()["error"]
        return error


class Client:
    """One keep-alive connection with a key of its own."""

    def __init__(self, address: str, key: str | None = None) -> None:
        parts = urlsplit(address)
        self.address = address
        self.key = key or f"sk_test_{next(_numbers)}client"
        self.connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=20)

    def send(
        self, method: str, path: str, params: Any = None, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send form parameters (or a body as it is), answer what came back."""
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        text = encode_form(params) if params else ""
        if method != "POST" and text:
            path = f"{path}?{text}"
        elif text:
            body = text.encode()
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        self.connection.request(method, path, body or None, sent)
        response = self.connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

    def post(self, path: str, params: Any = None, **options: Any) -> Json:
        """The body of a successful POST."""
        answer = self.send("POST", path, params, **options)
        assert answer.status == 200, answer.body.decode()
        return answer.json()

    def get(self, path: str, params: Any = None, **options: Any) -> Json:
        """The body of a successful GET."""
        answer = self.send("GET", path, params, **options)
        assert answer.status == 200, answer.body.decode()
        return answer.json()


@contextmanager
def running(*options: str) -> Iterator[str]:
    """The address of a server that runs with these options; it is ended by SIGTERM, and must end well."""
    command = [sys.executable, "-m", "stripe_shell", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise AssertionError(process.communicate(timeout=10)[1])
        yield address
    finally:
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert process.returncode == 0, said
    assert "Traceback" not in said, said


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """A server that several tests share; each uses a key, and so an account, of its own."""
    pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")
    with running("--memory") as found:
        yield found


@pytest.fixture
def client(address: str) -> Client:
    """A client of the shared server with an account of its own."""
    return Client(address)


@pytest.fixture
def connect(address: str) -> Callable[..., Client]:
    """Further clients of the shared server."""
    return lambda key=None: Client(address, key)
