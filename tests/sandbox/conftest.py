"""A client for the embedded sandbox: encoded requests in, parsed answers out, time in one's own hands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.spec.table import Table, load_table
from stripe_shell.wire import Request, Response, encode_form
from tests.conftest import ANSWERS, OPERATIONS

from .conformity import Conformity, watching

#: 1 June 2026, 12:00 UTC.
NOW = 1_780_315_200

Json = dict[str, Any]


@dataclass
class Client:
    """Sends to a sandbox; a mistake of the sandbox itself is raised here with its traceback."""

    sandbox: Sandbox
    clock: FixedClock
    mistakes: list[Exception] = field(default_factory=list)

    def send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        account: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The raw answer to a form-encoded request; API v2 gets JSON."""
        sent = dict(headers or {})
        json_body = path.startswith("/v2/") and method == "POST"
        text = json.dumps(params or {}) if json_body else encode_form(params or {})
        if json_body:
            sent.setdefault("Content-Type", "application/json")
        query, body = (text, b"") if method != "POST" else ("", text.encode())
        response = self.sandbox.send(
            Request(method, path, query=query, body=body, headers=sent, idempotency_key=key), account=account
        )
        if self.mistakes:
            raise self.mistakes.pop()
        return response

    def post(self, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> Json:
        """The body of a successful POST."""
        return self._body("POST", path, params, **options)

    def get(self, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> Json:
        """The body of a successful GET."""
        return self._body("GET", path, params, **options)

    def delete(self, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> Json:
        """The body of a successful DELETE."""
        return self._body("DELETE", path, params, **options)

    def refused(self, method: str, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> Json:
        """The `error` of a request that must fail, with its `status`."""
        response = self.send(method, path, params, **options)
        body = response.json()
        assert response.status >= 400, f"{method} {path} should fail: {body}"
        return {"status": response.status, **body["error"]}

    def events(self, **params: Any) -> list[Json]:
        """All events, oldest first."""
        found: list[Json] = []
        while True:
            last = {"starting_after": found[-1]["id"]} if found else {}
            page = self.get("/v1/events", {"limit": 100, **params, **last})
            found += page["data"]
            if not page["has_more"]:
                return found[::-1]

    def event_types(self) -> list[str]:
        """The types of all events, oldest first."""
        return [event["type"] for event in self.events()]

    def _body(self, method: str, path: str, params: Mapping[str, Any] | None, **options: Any) -> Json:
        response = self.send(method, path, params, **options)
        body: Json = response.json()
        assert response.status == 200, f"{method} {path}: {response.status} {body}"
        return body


def open_client(path: Path | None = None, seed: int = 7) -> Client:
    """A client of a new sandbox in a file, or in memory; the clock stands at NOW."""
    clock = FixedClock(NOW)
    mistakes: list[Exception] = []
    sandbox = Sandbox(Store.open(path), load_table(), clock, RandomIds(seed), on_error=mistakes.append)
    return Client(sandbox, clock, mistakes)


@pytest.fixture
def stripe() -> Iterator[Client]:
    """A client of an empty sandbox in memory."""
    client = open_client()
    yield client
    client.sandbox.store.close()


@pytest.fixture
def filed(tmp_path: Path) -> Iterator[Client]:
    """A client of an empty sandbox in a file."""
    client = open_client(tmp_path / "sandbox.db")
    yield client
    client.sandbox.store.close()


@pytest.fixture(scope="session")
def table() -> Table:
    """The table of the package."""
    return load_table()


@pytest.fixture(scope="session")
def conformity(request: pytest.FixtureRequest) -> Iterator[Conformity]:
    """Compares all answers of all sandboxes in this process with the description; counted at the end of the run."""
    found = Conformity(load_table())
    with watching(found):
        yield found
    request.config.stash[ANSWERS] += found.answers
    request.config.stash[OPERATIONS] |= found.operations


@pytest.fixture(autouse=True)
def answers_conform(conformity: Conformity) -> Iterator[None]:
    """Every answer that a test gets has the shape that the description promises."""
    conformity.told()
    yield
    assert conformity.told() == []
