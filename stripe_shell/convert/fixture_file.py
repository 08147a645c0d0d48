"""The fixture files of Stripe's command-line tool: JSON with requests that refer to one another by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.diagnostics import Diagnostic, SourceText, Span, closest
from stripe_shell.escaping import visible
from stripe_shell.lang.places import JsonPath, json_places
from stripe_shell.lang.values import json_error
from stripe_shell.records import field, record
from stripe_shell.wire import parse_json

#: The newest template version that the tool supports.
TEMPLATE_VERSION = 0

METHODS = ("get", "post", "delete")

_FILE_KEYS = ("_meta", "fixtures", "env")
_KEYS = (
    "name", "path", "method", "params", "expected_error_type", "headers", "api_base", "idempotency_key", "context",
)  # fmt: skip
#: `${name:path.to.field|default}`; in the tool, a default extends to the last brace of the text.
REFERENCE = re.compile(r"\$\{([^|}:]+):([^|}]+)(?:\|([^}]*))?\}|\$\{(generate-uuid|time-now-RFC3339)\}")


@record
class Fixture:
    """One request of a fixture file. `place` is its path in the JSON; `spans` are keyed by the paths below that."""

    name: str
    method: str
    path: str
    params: Mapping[str, Any]
    place: JsonPath
    expected_error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    api_base: str | None = None
    idempotency_key: str | None = None


@record
class FixtureFile:
    """The requests in order, the variables that the tool then writes to `.env`, and the span of every value."""

    source: SourceText
    fixtures: tuple[Fixture, ...]
    env: Mapping[str, str]
    places: Mapping[JsonPath, tuple[int, int]]

    def span(self, *path: str | int) -> Span:
        """Returns the span of the value at the path, or of the nearest one above it."""
        known = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in self.places)
        return Span(self.source, *self.places[known])


def looks_like_fixtures(text: str) -> bool:
    """Whether the text looks like a fixture file: JSON, not a script."""
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def read_fixtures(source: SourceText) -> tuple[FixtureFile | None, list[Diagnostic]]:
    """Parses a fixture file; returns the file (None if it is invalid) and all problems."""
    text = source.text
    try:
        data, places = parse_json(text), json_places(text)
    except ValueError as error:
        where, why = json_error(text) or (0, str(error))
        at = min(where, max(len(text) - 1, 0))
        comment = text[at:].lstrip().startswith(("//", "/*", "#"))
        label = "JSON has no comments: remove this one" if comment else ""
        return None, [Diagnostic("E601", f"not JSON: {why}", Span(source, at, at + 1), label=label)]
    whole = FixtureFile(source, (), {}, places)
    if not isinstance(data, dict) or not isinstance(data.get("fixtures"), list):
        label = 'a fixture file is `{"_meta": {…}, "fixtures": [{…}, …]}`'
        return None, [Diagnostic("E601", "not a fixture file", Span(source, *places[()]), label=label)]
    problems = list(_file_problems(data, whole))
    fixtures = [
        fixture for index, entry in enumerate(data["fixtures"]) if (fixture := _fixture(entry, index, whole, problems))
    ]
    env = data.get("env") or {}
    env = {key: value for key, value in env.items() if isinstance(value, str)} if isinstance(env, dict) else {}
    return FixtureFile(source, tuple(fixtures), env, places), problems


def _file_problems(data: Mapping[str, Any], file: FixtureFile) -> Iterator[Diagnostic]:
    for key in data:
        if key not in _FILE_KEYS:
            yield lost(f"`{key}` is not known to the tool", file.span(key))
    meta = data.get("_meta")
    version = meta.get("template_version", 0) if isinstance(meta, dict) else 0
    if version == TEMPLATE_VERSION and not isinstance(version, bool):
        return
    place = file.span("_meta", "template_version")
    if isinstance(version, str) and version == str(TEMPLATE_VERSION):
        label = f"write {TEMPLATE_VERSION} without quotes"
        yield Diagnostic("E601", "template_version is a text", place, label=label)
    else:
        message = f"template version {visible(str(version))} is not known"
        yield Diagnostic("E601", message, place, label=f"known is {TEMPLATE_VERSION}")


def _fixture(entry: Any, index: int, file: FixtureFile, problems: list[Diagnostic]) -> Fixture | None:
    place: JsonPath = ("fixtures", index)
    found = list(_entry_problems(entry, place, file))
    problems += found
    if any(problem.severity == "error" for problem in found):
        return None
    return Fixture(
        name=entry["name"],
        method=entry["method"].lower(),
        path=entry["path"],
        params=entry.get("params") or {},
        place=place,
        expected_error=entry.get("expected_error_type") or None,
        headers=entry.get("headers") or {},
        api_base=entry.get("api_base") or None,
        idempotency_key=entry.get("idempotency_key") or None,
    )


def _entry_problems(entry: Any, place: JsonPath, file: FixtureFile) -> Iterator[Diagnostic]:
    if not isinstance(entry, dict):
        yield Diagnostic("E601", "not a request", file.span(*place), label="a request is an object")
        return
    for key in ("name", "path", "method"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            yield Diagnostic("E601", f"a request without `{key}`", file.span(*place, key), label=f'add `"{key}": "…"`')
    for key in ("expected_error_type", "api_base", "idempotency_key"):
        if not isinstance(entry.get(key) or "", str):
            yield Diagnostic("E601", f"`{key}` is text", file.span(*place, key))
    for key in ("params", "headers"):
        if not isinstance(entry.get(key) or {}, dict):
            yield Diagnostic("E601", f"`{key}` is an object", file.span(*place, key))
    if isinstance(entry.get("headers"), dict):
        for key, value in entry["headers"].items():
            if not isinstance(value, str):
                yield Diagnostic("E601", f"the header `{key}` is text", file.span(*place, "headers", key))
    method = entry.get("method")
    if isinstance(method, str) and method.lower() not in METHODS:
        close = closest(method.lower(), METHODS)
        label = f"did you mean `{close}`?" if close else f"one of: {', '.join(METHODS)}"
        yield Diagnostic("E601", f"unknown method `{method}`", file.span(*place, "method"), label=label)
    for key in entry:
        if key not in _KEYS or (key == "context" and entry[key]):
            yield lost(f"`{key}` has no counterpart", file.span(*place, key))


def lost(message: str, span: Span | None, label: str = "") -> Diagnostic:
    """Returns a warning W601 for something that the conversion leaves out."""
    return Diagnostic("W601", message, span, severity="warning", label=label or "it is left out")
