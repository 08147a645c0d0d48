"""Completion of values: ids, allowed values, booleans, currencies, times, paths to expand, references."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.records import replace
from stripe_shell.spec.currencies import is_currency
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.shapes import shape_at
from stripe_shell.suggest.currencies import currency_words
from stripe_shell.suggest.fields import param_path, split_key
from stripe_shell.suggest.ids import URL, noun_of, suggest_ids
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.responses import expandable_paths
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources, operation_of

_TEXT = Shape("string")

_COMING = {
    "now": "this moment",
    "now+1h": "in an hour",
    "now+1d": "tomorrow",
    "now+7d": "in a week",
    "now+14d": "in two weeks",
    "now+1mo": "in a month",
    "now+1y": "in a year",
}
_GONE = {
    "now-1h": "an hour ago",
    "now-1d": "yesterday",
    "now-7d": "a week ago",
    "now-1mo": "a month ago",
    "now-1y": "a year ago",
    "now": "this moment",
}
_RANGE = frozenset({"gt", "gte", "lt", "lte"})


def suggest_values(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests values of the current parameter."""
    operation = operation_of(context, sources.table)
    if operation is None or context.key is None:
        return []
    path = param_path(operation, split_key(context.key))
    shape = _TEXT if path[:1] == (URL,) else shape_at(operation.params, path)
    if shape is None:
        return []
    if shape.kind == "array" and shape.items is not None:
        context, shape = _last_of_list(context), shape.items
    noun = noun_of(sources, operation, path, shape)
    if noun is not None:
        return [*_captures(context, sources, noun), *suggest_ids(sources, noun, context.prefix, context.start)]
    return closest_first(context.prefix, list(_plain_values(context, sources, operation, path, shape)), _display)


def _display(suggestion: Suggestion) -> str:
    return suggestion.display


def _last_of_list(context: CursorContext) -> CursorContext:
    """Returns the context of the last element: `expand: a, b` completes the `b` alone."""
    typed = context.prefix.rpartition(",")[2].lstrip()
    return replace(context, start=context.start + len(context.prefix) - len(typed), prefix=typed)


def _captures(context: CursorContext, sources: SuggestionSources, noun: str) -> Iterator[Suggestion]:
    """Suggests `${customer.id}` for each saved response of that kind."""
    word = noun.rpartition(".")[2]
    for name, body in sources.names.items():
        if not isinstance(body, dict) or str(body.get("object", "")).rpartition(".")[2] != word:
            continue
        text = f"${{{name}.id}}"
        if isinstance(body.get("id"), str) and text.startswith(context.prefix):
            yield Suggestion(text, context.start, text, body["id"], "reference")


def _plain_values(
    context: CursorContext, sources: SuggestionSources, operation: Operation, path: tuple[str, ...], shape: Shape
) -> Iterator[Suggestion]:
    if path == ("expand",) or path[:1] == ("expand",):
        for expanded in expandable_paths(sources.table, operation, context.prefix):
            yield Suggestion(expanded.text, context.start, expanded.text, expanded.meta, "path")
    words: dict[str, str] = {}
    for text, meta in _listed_values(shape, path):
        words.setdefault(text, meta)
    for text, meta in words.items():
        yield Suggestion(text, context.start, text, meta, "value")


def _listed_values(shape: Shape, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yields the values that the shape lists, each with its meaning."""
    for variant in (shape, *shape.variants):
        yield from ((value, "enum") for value in variant.enum)
        if variant.kind == "boolean":
            yield from (("true", "boolean"), ("false", "boolean"))
        elif variant.kind == "time":
            yield from (_GONE if path[-1] in _RANGE else _COMING).items()
        elif is_currency(path[-1], variant):
            yield from currency_words().items()
    if path == ("limit",):
        yield from (("all", "every page"), ("10", "as Stripe does unasked"), ("100", "the largest page"))
