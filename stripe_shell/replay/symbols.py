"""Documented ids (`cus_1234567890`) as symbols: each stands for one object throughout a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.engine.assertions.compare import MISSING, Difference, equals, match_rows
from stripe_shell.lang.ast import Block, Text
from stripe_shell.lang.visit import nodes_in, rewrite
from stripe_shell.records import record, replace

_SYMBOL = re.compile(r"\b[a-z]+(?:_[a-z]+)*_\d{10}\b")

#: Maps symbols to the ids that they stand for.
Bindings = Mapping[str, str]


def is_symbol(value: Any) -> bool:
    """Whether a value is a documented id: a prefix and ten digits."""
    return isinstance(value, str) and _SYMBOL.fullmatch(value) is not None


def prefix_of(identifier: str) -> str:
    """Returns `cus` of `cus_1234567890`."""
    return identifier.rpartition("_")[0]


def symbols_in(data: Any) -> Iterator[str]:
    """Yields every symbol in JSON data, in order, once per occurrence."""
    if isinstance(data, dict):
        for value in data.values():
            yield from symbols_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from symbols_in(value)
    elif isinstance(data, str):
        yield from _SYMBOL.findall(data)


def symbols_of_block(block: Block) -> Iterator[str]:
    """Yields every symbol in the parameters of a block."""
    for text in nodes_in(block.params, Text):
        yield from _SYMBOL.findall(text.text)


def substitute(data: Any, bindings: Bindings) -> Any:
    """Returns JSON data with bound symbols replaced by their ids."""
    if isinstance(data, dict):
        return {key: substitute(value, bindings) for key, value in data.items()}
    if isinstance(data, list):
        return [substitute(value, bindings) for value in data]
    return _replace(data, bindings) if isinstance(data, str) else data


def substitute_block(block: Block, bindings: Bindings) -> Block:
    """Returns the block with bound symbols replaced in its parameters and its assertions."""
    items = rewrite(block.items, Text, lambda text: replace(text, text=_replace(text.text, bindings)))
    return replace(block, items=items)


def _replace(text: str, bindings: Bindings) -> str:
    return _SYMBOL.sub(lambda match: bindings.get(match[0], match[0]), text)


@record
class Comparison:
    """The differences between a response and the documented one, and the symbols bound by the comparison."""

    differences: tuple[Difference, ...]
    bindings: Bindings


def compare(expected: Any, actual: Any, bindings: Bindings, path: tuple[str | int, ...] = ()) -> Comparison:
    """Checks that the response contains what is documented: keys exist, scalars are equal, rows match distinct rows.

    An unbound symbol is bound to the id at its place, if the prefixes are equal and no other symbol has that id.
    """
    if isinstance(expected, dict):
        return _compare_members(expected, actual, bindings, path)
    if isinstance(expected, list):
        return _compare_rows(expected, actual, bindings, path)
    if is_symbol(expected):
        return _compare_symbol(expected, actual, bindings, path)
    wanted = _replace(expected, bindings) if isinstance(expected, str) else expected
    same = equals(actual, wanted) if actual is not MISSING else False
    return Comparison(() if same else (Difference(path, expected, actual),), bindings)


def _compare_symbol(symbol: str, actual: Any, bindings: Bindings, path: tuple[str | int, ...]) -> Comparison:
    if symbol in bindings:
        same = bindings[symbol] == actual
        return Comparison(() if same else (Difference(path, symbol, actual),), bindings)
    fits = isinstance(actual, str) and actual.startswith(f"{prefix_of(symbol)}_") and actual not in bindings.values()
    if not fits:
        return Comparison((Difference(path, symbol, actual),), bindings)
    return Comparison((), {**bindings, symbol: actual})


def _compare_members(
    expected: dict[str, Any], actual: Any, bindings: Bindings, path: tuple[str | int, ...]
) -> Comparison:
    if not isinstance(actual, dict):
        return Comparison((Difference(path, expected, actual),), bindings)
    found: list[Difference] = []
    for key, value in expected.items():
        inner = compare(value, actual.get(key, MISSING), bindings, (*path, key))
        found += inner.differences
        bindings = inner.bindings
    return Comparison(tuple(found), bindings)


def _compare_rows(expected: list[Any], actual: Any, bindings: Bindings, path: tuple[str | int, ...]) -> Comparison:
    if not isinstance(actual, list):
        return Comparison((Difference(path, expected, actual),), bindings)
    fits = [[not compare(row, other, bindings).differences for other in actual] for row in expected]
    pairs = match_rows(fits)
    free = [other for place, other in enumerate(actual) if place not in pairs]
    found: list[Difference] = []
    for index, (row, pair) in enumerate(zip(expected, pairs, strict=True)):
        other = actual[pair] if pair is not None else _nearest(row, free, bindings)
        inner = compare(row, other, bindings, (*path, index))
        found += inner.differences
        bindings = inner.bindings if pair is not None else bindings
    return Comparison(tuple(found), bindings)


def _nearest(row: Any, candidates: list[Any], bindings: Bindings) -> Any:
    """Returns the row that differs least from the documented one."""
    known = [other for other in candidates if _same_object(row, other, bindings)]
    return min(known or candidates, key=lambda other: len(compare(row, other, bindings).differences), default=MISSING)


def _same_object(row: Any, other: Any, bindings: Bindings) -> bool:
    identifier = row.get("id") if isinstance(row, dict) else None
    return isinstance(other, dict) and bindings.get(str(identifier)) == other.get("id")
