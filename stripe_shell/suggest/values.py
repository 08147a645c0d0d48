"""Completion of values: ids, allowed values, booleans, currencies, times, paths to expand, references."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.records import replace
from stripe_shell.spec.currencies import is_currency
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.shapes import shape_at
from stripe_shell.suggest.choice import choose_paths
from stripe_shell.suggest.countries import country_names, is_country
from stripe_shell.suggest.currencies import currency_words
from stripe_shell.suggest.fields import param_path, split_key
from stripe_shell.suggest.ids import URL, noun_of, suggest_ids
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.responses import expandable_paths
from stripe_shell.suggest.searching import suggest_query
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources, operation_of
from stripe_shell.suggest.test_values import is_test, values_for

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
#: A list of so many two-letter values is one of countries.
_MANY = 200

#: Texts that Stripe's description leaves open, and which parameter lists them: by entity (any where empty) and name.
_EVENTS = ("create", "webhook_endpoint", "enabled_events", "0")
_LISTED_ELSEWHERE = {
    ("", "payment_method_types"): ("create", "payment_method", "type"),
    ("", "event_types"): _EVENTS,
    ("", "enabled_events"): _EVENTS,
    ("event", "type"): _EVENTS,
    ("event", "types"): _EVENTS,
}
_PAST = frozenset({"gt", "gte", "lt", "lte", "created"})


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
    if path == ("query",) and operation.action == "search":
        return suggest_query(context, sources, operation)
    noun = noun_of(sources, operation, path, shape)
    found: list[Suggestion] = []
    if noun is not None:
        found = [*_captures(context, sources, noun), *suggest_ids(sources, noun, context.prefix, context.start)]
    words = _words(sources, operation, path, shape)
    words |= values_for(noun, path) if is_test(sources.place) else {}
    values = [Suggestion(text, context.start, text, meta, "value") for text, meta in words.items()]
    if path[:1] == ("expand",):
        found += choose_paths(context, expandable_paths(sources.table, operation, context.prefix))
    return [*found, *closest_first(context.prefix, values, _display, note=_note)]


def _display(suggestion: Suggestion) -> str:
    return suggestion.display


def _note(suggestion: Suggestion) -> str:
    return suggestion.meta


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


def _words(sources: SuggestionSources, operation: Operation, path: tuple[str, ...], shape: Shape) -> dict[str, str]:
    """Returns the values of a parameter, each once, with their meanings."""
    words: dict[str, str] = {}
    for text, meta in _listed_values(sources, operation, shape, path):
        words.setdefault(text, meta)
    return words


def _listed_values(
    sources: SuggestionSources, operation: Operation, shape: Shape, path: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Yields the values that the shape lists, each with its meaning."""
    name = next((segment for segment in reversed(path) if not segment.isdecimal()), "")
    for variant in (shape, *shape.variants):
        yield from _values_of_shape(sources, variant, path)
        if variant.kind != "string" or variant.enum:
            continue
        if is_currency(name, variant):
            yield from currency_words().items()
        elif is_country(name):
            yield from country_names().items()
        elif source := _LISTED_ELSEWHERE.get((operation.entity, name)) or _LISTED_ELSEWHERE.get(("", name)):
            values = _values_at(sources, *source)
            yield from ((value, "") for value in values if value != "*" or operation.writes)
    if path == ("limit",):
        yield from (("all", "every page"), ("10", "as Stripe does unasked"), ("100", "the largest page"))


def _values_of_shape(sources: SuggestionSources, shape: Shape, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    countries = country_names() if len(shape.enum) > _MANY else {}
    newest_first = reversed(shape.enum) if path[-1] == "api_version" else shape.enum
    yield from ((value, countries.get(value, "")) for value in newest_first)
    if shape.kind == "boolean":
        yield from (("true", ""), ("false", ""))
    elif shape.kind == "time" or shape.form == "date-time":
        words = _GONE if path[-1] in _PAST else _COMING
        yield from ((text, sources.date_of(text) or meaning) for text, meaning in words.items())


def _values_at(sources: SuggestionSources, action: str, entity: str, *path: str) -> tuple[str, ...]:
    """Returns the allowed values of another parameter."""
    operation = sources.table.operation(action, entity)
    shape = shape_at(operation.params, path) if operation else None
    return shape.enum if shape else ()
