"""Updates a page from actual responses: values that differ, and complete responses where the page shows none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stripe_shell.diagnostics import Span
from stripe_shell.engine.assertions.compare import MISSING
from stripe_shell.records import field, record
from stripe_shell.replay.page import DocumentPage
from stripe_shell.replay.runner import ExampleResult
from stripe_shell.replay.symbols import prefix_of, symbols_in
from stripe_shell.spec.model import Shape
from stripe_shell.spec.shapes import response_field
from stripe_shell.spec.table import Table

#: Matches ids as Stripe generates them.
_ID = re.compile(r"\b[a-z]+(?:_[a-z]+)*_[A-Za-z0-9]{8,}\b")
_SECRETS = frozenset({"client_secret", "secret", "authentication_token"})
_FIRST_NUMBER = 1_234_567_890


@record
class PageChange:
    """An edit of the page: replaces the text of `span` with `text`; `what` describes it in one line."""

    span: Span
    text: str
    what: str


@record
class Symbols:
    """Maps ids to the symbols of a page, and assigns new symbols to unknown ids."""

    names: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def learn(self, bindings: Mapping[str, str]) -> None:
        """Adds the ids that symbols are bound to."""
        for symbol, identifier in bindings.items():
            self.names.setdefault(identifier, symbol)

    def written(self, data: Any) -> Any:
        """Returns JSON data with every id replaced by its symbol; assigns new symbols."""
        if isinstance(data, dict):
            return {key: self.written(value) for key, value in data.items()}
        if isinstance(data, list):
            return [self.written(value) for value in data]
        return _ID.sub(lambda match: self._symbol(match[0]), data) if isinstance(data, str) else data

    def _symbol(self, identifier: str) -> str:
        if identifier not in self.names and any(char.isdigit() or char.isupper() for char in identifier):
            number = _FIRST_NUMBER
            while (symbol := f"{prefix_of(identifier)}_{number}") in self.taken:
                number += 1
            self.taken.add(symbol)
            self.names[identifier] = symbol
        return self.names.get(identifier, identifier)


def page_symbols(page: DocumentPage) -> Symbols:
    """Returns the symbols that occur in a page."""
    return Symbols({}, set(symbols_in(page.source.text)))


def changed_leaves(result: ExampleResult, symbols: Symbols) -> list[PageChange] | None:
    """Returns the changes that correct a documented response; None if the actual one lacks documented values."""
    symbols.learn(result.bindings)
    changes: list[PageChange] = []
    for difference in result.differences:
        span = result.example.places.get(difference.path)
        if difference.actual is MISSING or span is None:
            return None
        text = json.dumps(symbols.written(difference.actual), ensure_ascii=False)
        changes.append(PageChange(span, text, f"{_path_text(difference.path)}: {span.text} → {text}"))
    return changes or None


def new_answer(result: ExampleResult, other: ExampleResult | None, table: Table, symbols: Symbols) -> PageChange | None:
    """Returns the response to insert for an example without one; None if there is nothing to insert.

    Omits times, and everything that differs from the same example of another replay, `other`, since values that change
    with every run cannot be compared.
    """
    outcome, block = result.outcome, result.example.block
    if result.verdict != "passed" or outcome is None or outcome.call is None or block.response is not None:
        return None
    symbols.learn(result.bindings)
    body = symbols.written(outcome.body)
    if other is not None and other.outcome is not None:
        names = Symbols({identifier: symbol for symbol, identifier in other.bindings.items()}, set())
        body = _common(body, _as_same(names.written(other.outcome.body), body))
    shown = _without_times(body, outcome.call.operation.response, table)
    at = Span(block.span.source, block.span.end, block.span.end)
    return PageChange(at, _section(shown, block.span), f"{result.example.name}: an answer of {len(shown)} members")


def apply_changes(text: str, changes: Sequence[PageChange]) -> str:
    """Returns the page with the changes applied; everything else is unchanged."""
    for change in sorted(changes, key=lambda item: item.span.start, reverse=True):
        text = text[: change.span.start] + change.text + text[change.span.end :]
    return text


def _section(body: Any, block: Span) -> str:
    """Returns `Response:` and the JSON, indented like the block, with the line ends of the page."""
    source = block.source.text
    line = source.rfind("\n", 0, block.start) + 1
    indent = source[line : block.start]
    indent = indent if not indent.strip() else ""
    newline = "\r\n" if "\r\n" in source else "\n"
    lines = ["Response:", *json.dumps(body, ensure_ascii=False, indent=2).splitlines()]
    return "".join(f"{newline}{indent}{text}" for text in lines)


def _as_same(other: Any, body: Any) -> Any:
    """Returns the other response with its new symbols replaced by those of this one, in order of occurrence."""
    found = dict(zip(_symbols_by_place(other), _symbols_by_place(body), strict=False))
    text = json.dumps(other)
    for left, right in found.items():
        text = text.replace(f'"{left}"', f'"{right}"') if prefix_of(left) == prefix_of(right) else text
    return json.loads(text)


def _symbols_by_place(data: Any) -> Iterator[str]:
    seen: set[str] = set()
    for symbol in symbols_in(data):
        if symbol not in seen:
            seen.add(symbol)
            yield symbol


def _common(left: Any, right: Any) -> Any:
    """Returns the values that two responses have in common; MISSING if there are none."""
    if isinstance(left, dict) and isinstance(right, dict):
        members = {key: _common(left[key], right[key]) for key in left if key in right}
        return {key: value for key, value in members.items() if value is not MISSING}
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        items = [_common(one, two) for one, two in zip(left, right, strict=True)]
        return [item for item in items if item is not MISSING]
    return left if left == right and type(left) is type(right) else MISSING


def _without_times(data: Any, shape: Shape, table: Table) -> Any:
    """Returns the response without times, as typed by the table, and without secrets."""
    if isinstance(data, dict):
        kept = {}
        for key, value in data.items():
            inner = response_field(table, shape, (key,))
            if key not in _SECRETS and (inner is None or inner.kind != "time"):
                kept[key] = _without_times(value, inner or Shape("any"), table)
        return kept
    if isinstance(data, list):
        inner = response_field(table, shape, ("0",)) or Shape("any")
        return [_without_times(value, inner, table) for value in data]
    return data


def _path_text(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
