"""Calls outside the table, written as method and path: `action: post`, `entity: /v1/things/${thing.id}`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Literal

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.scope import plain_text
from stripe_shell.lang.ast import Param, Text, Value
from stripe_shell.lang.visit import nodes_in
from stripe_shell.patterns import pattern
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table

HttpMethod = Literal["GET", "POST", "DELETE"]

METHODS: dict[str, HttpMethod] = {"get": "GET", "post": "POST", "delete": "DELETE"}

#: Literal text in a path: characters that a URL segment may contain, and percent-encoded bytes.
_WRITTEN = pattern(r"(?:[A-Za-z0-9/._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*")
_ROOTS = ("/v1/", "/v2/")

ANYTHING = Shape("any")


def names_path(value: Value) -> bool:
    """Whether the value of `entity` is a path instead of a name."""
    return plain_text(value).startswith("/")


def path_operation(action: Param | None, entity: Param, table: Table, problems: list[Diagnostic]) -> Operation | None:
    """Returns the operation for a method and path. Mutates `problems`: adds the errors found.

    Its placeholders `p0`, `p1`, … are the references of the path in order; it accepts any parameters and any response.
    """
    method = _http_method(action, entity, problems)
    mistakes = list(_path_mistakes(entity.value))
    problems += mistakes
    if method is None or mistakes:
        return None
    written = plain_text(entity.value)
    known = _known_operation(method, entity.value, table)
    label = f"`{known.name}` is the same, and checked" if known else "the table does not know it"
    message = f"`{method} {written}` is written as a path: nothing about it is checked"
    problems.append(Diagnostic("W206", message, entity.value.span, severity="warning", label=label))
    return Operation(
        entity=written,
        action=method.lower(),
        id="",
        method=method,
        path=_template(entity.value),
        path_params=tuple(f"p{index}" for index in range(len(entity.value.references))),
        params=ANYTHING,
        response=ANYTHING,
        host=known.host if known else "api",
        encoding="json" if written.startswith("/v2/") and method == "POST" else "form",
    )


def _http_method(action: Param | None, entity: Param, problems: list[Diagnostic]) -> HttpMethod | None:
    label = "with a path, `action` is `get`, `post` or `delete`"
    if action is None:
        problems.append(Diagnostic("E202", "missing parameter `action`", entity.span, label=label))
        return None
    word = (action.value.literal or "").strip()
    method = METHODS.get(word.lower())
    if method is None:
        problems.append(Diagnostic("E205", f"`{word}` is not a method", action.value.span, label=label))
    return method


def _path_mistakes(value: Value) -> Iterator[Diagnostic]:
    """Yields E206 if the path is not one of the API, or if its segments are not written out in full."""
    texts = list(nodes_in(value, Text))
    if not texts[0].text.startswith(_ROOTS):
        yield Diagnostic("E206", "not a path of the API", value.span, label="it begins with `/v1/` or `/v2/`")
    elif "?" in "".join(part.text for part in texts):
        yield Diagnostic(
            "E206", "a path without its parameters", value.span, label="write each on a line: `key: value`"
        )
    elif any(_WRITTEN.fullmatch(part.text) is None for part in texts):
        yield Diagnostic("E206", "not a path", value.span, label="percent-encode what a URL cannot hold")
    elif any(step in {".", "..", ""} for step in _segments(value)):
        yield Diagnostic("E206", "a path with an empty segment, or one of dots", value.span, label="write it out")


def _segments(value: Value) -> list[str]:
    """Returns the segments between the slashes, each reference replaced by a letter."""
    text = value.spelled(lambda _: "x")
    return text.replace("%2e", ".").replace("%2E", ".").removeprefix("/").split("/")


def _template(value: Value) -> str:
    """Returns the path with a placeholder for each reference."""
    numbers = itertools.count()
    return value.spelled(lambda _: f"{{p{next(numbers)}}}")


def _known_operation(method: str, value: Value, table: Table) -> Operation | None:
    """Returns the operation of the table that has this method and path, or None."""
    found = table.match(method, "/" + "/".join(_segments(value)))
    return found[0] if found else None
