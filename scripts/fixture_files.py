"""Fixture files of Stripe's command-line tool: the requests that the tool sends for one, and those of its conversion.

`Tool` reproduces the tool's behaviour including its faults: it drops numbers and null in arrays, the text around a
reference, and null anywhere. It was written from the tool's behaviour, not from its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from stripe_shell.batch.runner import ScriptRun, run_source
from stripe_shell.convert.fixture_file import read_fixtures
from stripe_shell.convert.from_fixtures import script_of_fixtures
from stripe_shell.convert.plan import ConversionPlan, plan_of
from stripe_shell.convert.to_fixtures import fixtures_of
from stripe_shell.diagnostics import Diagnostic, SourceText, Span, format_diagnostics
from stripe_shell.engine.links import Link
from stripe_shell.engine.load import load_program
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.format import format_script
from stripe_shell.records import replace
from stripe_shell.render.files import open_rows
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response, decode_form, parse_json

NOW = 1_780_315_200

Json = dict[str, Any]

_START = re.compile(rb'\{\s*"_meta"')
_QUERY = re.compile(r"\$\{([^|}]+):([^|}]+)\|?([^/\n]+)?\}")


# --- inside the tool ------------------------------------------------------------------------------------------


def carve(binary: bytes) -> Iterator[SourceText]:
    """Yields every fixture file in the binary: the JSON documents that begin with `_meta`."""
    decoder = json.JSONDecoder()
    end = 0
    for number, match in enumerate(_START.finditer(binary)):
        if match.start() < end:
            continue
        text = binary[match.start() : match.start() + 200_000].decode("utf-8", "replace")
        _, length = decoder.raw_decode(text)
        end = match.start() + len(text[:length].encode())
        yield SourceText(f"fixtures-{number:03}.json", text[:length])


# --- one server for both --------------------------------------------------------------------------------------


@dataclass
class Recorder:
    """A sandbox that records its requests and is deterministic.

    `fixtures` are the expected requests in order. If the sandbox refuses one unexpectedly, or its response lacks a
    value that a later request refers to, a made-up response replaces it, so that every request is reached.
    """

    fixtures: Sequence[Json]
    requests: list[Request] = field(default_factory=list)
    helped: int = 0
    sandbox: Sandbox = field(init=False)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(Store.open(None), load_table(), FixedClock(NOW), RandomIds(7))

    def send(self, request: Request) -> Response:
        """Sends and records the request, as a transport."""
        fixture = self.fixtures[len(self.requests)] if len(self.requests) < len(self.fixtures) else {}
        self.requests.append(request)
        answer = self.sandbox.send(_at_version(request, fixture))
        body = answer.json() if answer.body else {}
        allowed = fixture.get("expected_error_type")
        if not answer.ok and body.get("error", {}).get("type") == allowed and not self._wanted(fixture):
            return answer
        if answer.ok and all(_at(body, path) for path in self._wanted(fixture)):
            return answer
        self.helped += 1
        number = len(self.requests)
        made: Any = {"id": f"made_{number}", "object": "made"}
        for path in self._wanted(fixture):
            _put(made, path, f"made_{number}_{path}")
        return Response(200, {"Request-Id": f"req_{number}"}, json.dumps(_lists(made)).encode())

    def _wanted(self, fixture: Json) -> list[str]:
        """Returns the paths that other requests refer to in this one's response."""
        text = json.dumps(self.fixtures)
        return [query for name, query, _ in _QUERY.findall(text) if name == fixture.get("name")]


def _at_version(request: Request, fixture: Json) -> Request:
    """Removes the API version from a request unless the file sets one: the tool sends none, the shell always does."""
    if "Stripe-Version" in (fixture.get("headers") or {}):
        return request
    headers = {name: value for name, value in request.headers.items() if name != "Stripe-Version"}
    return replace(request, headers=headers)


def _at(body: Any, path: str) -> str:
    """Returns the value at a path such as `data.0.id` as text, empty if there is none."""
    for step in path.split("."):
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        else:
            return ""
    if body is None:
        return ""
    return body if isinstance(body, str) else json.dumps(body)


def _put(tree: Json, path: str, value: str) -> None:
    *above, last = path.split(".")
    for step in above:
        tree = tree.setdefault(step, {})
    tree[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(item) for key, item in value.items()}
    return list(inner.values()) if list(inner) == [str(n) for n in range(len(inner))] and inner else inner


# --- what the tool does ---------------------------------------------------------------------------------------


@dataclass
class Tool:
    """Runs a fixture file as the tool does. `environment` replaces its `.env`."""

    transport: Any
    environment: Mapping[str, str] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def run(self, fixtures: Sequence[Json]) -> None:
        """Sends all requests in order. Raises ValueError for an unexpected response."""
        for fixture in fixtures:
            answer = self.transport.send(self.request(fixture))
            body = answer.json()
            if not answer.ok and body["error"]["type"] != fixture.get("expected_error_type"):
                raise ValueError(f"{fixture['name']}: {body['error'].get('message')}")
            self.answers[fixture["name"]] = body

    def request(self, fixture: Json) -> Request:
        """Returns a fixture as the request that is sent."""
        method, path = fixture["method"].upper(), self._path(fixture["path"])
        headers = {name: self._text(value) for name, value in (fixture.get("headers") or {}).items()}
        host = "meter-events" if "meter-events" in fixture.get("api_base", "") else "api"
        params = fixture.get("params")
        if path.startswith("/v2/") and method == "POST":
            body = json.dumps(self._json(params)).encode() if params is not None else b""
            return Request(method, path, body=body, headers={**headers, "Content-Type": "application/json"}, host=host)
        pairs = list(self._map(params or {}, "", -1))
        text = "&".join(f"{quote(key, safe='[]')}={quote(value, safe='')}" for key, value in pairs)
        query, body = (text, b"") if method != "POST" else ("", text.encode())
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return Request(method, path, query=query, body=body, headers=headers, host=host)

    def _path(self, path: str) -> str:
        return _QUERY.sub(lambda match: self._text(match[0]), path)

    def _text(self, text: str) -> str:
        """Returns a text with the one reference that the tool resolves."""
        if text == "${generate-uuid}":
            return "00000000-0000-4000-8000-000000000000"
        if text == "${time-now-RFC3339}":
            return "2026-06-01T12:00:00Z"
        match = _QUERY.search(text)
        if match is None:
            return text
        name, query, default = match.groups()
        if name == ".env":
            value = self.environment.get(query)
            return text.replace(match[0], value) if value else (default or text)
        if name not in self.answers:
            raise ValueError(f"undeclared {name}")
        return _at(self.answers[name], query) or default or text

    def _map(self, params: Json, parent: str, index: int) -> Iterator[tuple[str, str]]:
        for key, value in params.items():
            name = f"{parent}[{index}][{key}]" if parent and index >= 0 else f"{parent}[{key}]" if parent else key
            if isinstance(value, dict):
                yield from self._map(value, name, index)
            elif isinstance(value, list):
                yield from self._list(value, name)
            elif isinstance(value, bool):
                yield name, str(value).lower()
            elif isinstance(value, str):
                yield name, self._text(value).strip()
            elif value is not None:
                yield name, _go_float(float(value))

    def _list(self, values: list[Any], parent: str) -> Iterator[tuple[str, str]]:
        index = -1
        for value in values:
            if isinstance(value, str):
                yield f"{parent}[]", self._text(value).strip()
            elif isinstance(value, dict):
                index += 1
                yield from self._map(value, parent, index)
            elif isinstance(value, list):
                yield from self._list(value, parent)

    def _json(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._json(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._json(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value


def _go_float(number: float) -> str:
    """Returns a number as Go formats a float without an exponent."""
    text = f"{number:.17g}" if number != int(number) else str(int(number))
    return repr(number) if "." in text else text


# --- the conversion -------------------------------------------------------------------------------------------


class OneLink:
    """Resolves every connection name to one transport."""

    def __init__(self, transport: Any) -> None:
        self.link = Link("sandbox", transport, "sandbox")

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        """As `engine.links.Links`."""
        return self.link

    def placeholder(self, name: str | None) -> bool:
        """As `engine.links.Links`."""
        return name is not None and name.startswith("your-")


@dataclass
class Comparison:
    """The requests of one file by the tool and by its conversion, as method, path and parameters."""

    source: SourceText
    script: str
    tool: list[Any]
    ours: list[Any]
    diagnostics: list[Diagnostic]
    helped: int

    @property
    def different(self) -> int:
        """Returns how many requests differ, or exist on one side only."""
        pairs = sum(left != right for left, right in zip(self.tool, self.ours, strict=False))
        return pairs + abs(len(self.tool) - len(self.ours))


def compare(source: SourceText, environment: Mapping[str, str] | None = None) -> Comparison:
    """Runs the file as the tool does, and converted, each against its own sandbox."""
    file, problems = read_fixtures(source)
    assert file is not None, problems
    converted = script_of_fixtures(file, load_table(), "your-stripe-connection")
    assert converted.script is not None, converted.diagnostics
    script = format_script(converted.script)
    fixtures = json.loads(source.text)["fixtures"]
    first, second = Recorder(fixtures), Recorder(fixtures)
    Tool(first, environment or {}).run(fixtures)
    run = run_script(script, second, environment or {})
    found = [*problems, *converted.diagnostics, *run.diagnostics, *(d for o in run.outcomes for d in o.diagnostics)]
    versions = ["Stripe-Version" in (fixture.get("headers") or {}) for fixture in fixtures] + [True] * 1000
    sent = [
        [normalised(request, version=version) for request, version in zip(recorder.requests, versions, strict=False)]
        for recorder in (first, second)
    ]
    return Comparison(source, script, sent[0], sent[1], found, first.helped)


def compare_back(comparison: Comparison) -> Comparison:
    """Converts the script back into a fixture file, runs that as the tool does, and compares the requests."""
    fixtures = json.loads(comparison.source.text)["fixtures"]
    recorder = Recorder(fixtures)
    back = json.loads(fixtures_of(plan_of_script(comparison.script)).text)
    # Responses are matched by the order of the requests; the conversion chooses its own names.
    Tool(recorder).run(back["fixtures"])
    sent = [
        normalised(request, version="Stripe-Version" in (fixture.get("headers") or {}))
        for request, fixture in zip(recorder.requests, fixtures, strict=False)
    ]
    return Comparison(comparison.source, json.dumps(back, indent=2), comparison.tool, sent, [], recorder.helped)


def plan_of_script(script: str) -> ConversionPlan:
    """Returns the plan of a converted script."""
    engine = Engine(load_table(), OneLink(None), open_rows, live=True)
    program = load_program(SourceText("<converted>", script))
    plan = plan_of(engine, program.items, Scope(now=NOW, seed="seed"))
    assert plan.sound, format_diagnostics(plan.diagnostics)
    return plan


def run_script(script: str, transport: Any, environment: Mapping[str, str]) -> ScriptRun:
    """Runs a converted script."""
    engine = Engine(load_table(), OneLink(transport), open_rows)
    scope = Scope(now=NOW, seed="seed", environment=environment)
    return run_source(engine, SourceText("<converted>", script), scope, run_id="run")


def normalised(request: Request, *, version: bool = True) -> Any:
    """Returns method, host, path, version and parameters, with values that vary per run replaced."""
    if request.headers.get("Content-Type") == "application/json":
        params = parse_json(request.body or b"{}")
    else:
        params = decode_form(request.query or request.body.decode())
    wanted = request.headers.get("Stripe-Version") if version else None
    return request.method, request.host, request.path, wanted, _drawn(params)


def _drawn(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _drawn(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_drawn(inner) for inner in value]
    if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", value):
        return "<uuid>"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return "<time>"
    return value
