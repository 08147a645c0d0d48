"""Conversion of written values: the shape of the parameter decides the type."""

from __future__ import annotations

import re
from typing import Any

from stripe_shell.engine.times import BadTime, RunClock, format_rfc3339, is_shifted, parse_time
from stripe_shell.patterns import pattern
from stripe_shell.spec.model import Shape
from stripe_shell.wire import ExactFloat, parse_json

_INTEGER = pattern(r"[+-]?[0-9]+(_[0-9]+)*")
#: The longest number that is parsed: Python rejects much longer ones, and no field of Stripe's takes one.
_LONGEST_NUMBER = 100


_URL = pattern(r"https?://", re.IGNORECASE)
_BETWEEN_URLS = pattern(r",\s*(?=https?://)", re.IGNORECASE)


class Deferred(str):
    """The text of a value that depends on a later response, used in its place until then."""

    __slots__ = ()


def is_deferred(value: Any) -> bool:
    """Whether any part of the value depends on a later response."""
    if isinstance(value, dict):
        return any(map(is_deferred, value.values()))
    if isinstance(value, list | tuple):
        return any(map(is_deferred, value))
    return isinstance(value, Deferred)


def coerce(text: str, shape: Shape | None, *, clock: RunClock, as_json: bool = False, quoted: bool = False) -> Any:
    """Converts `text` to the type of `shape`; `clock` tells the time of the run and the time zone.

    Text that does not fit is returned unchanged for the validator to report. `as_json`: the text is valid JSON.
    `quoted`: it was written in quotes, so a comma separates no elements. Empty text stays empty, which unsets a field.
    Without a `shape` (a parameter outside the table) text stays text and JSON becomes data.
    """
    if text == "":
        return ""
    if shape is None:
        return parse_json(text) if as_json else text
    match shape.kind:
        case "integer":
            number = _whole_number(text)
            return text if number is None else number
        case "number":
            return ExactFloat(text) if is_number(text) else text
        case "boolean":
            return {"true": True, "false": False}.get(text, text)
        case "time":
            return _time_or_text(text, clock)
        case "array":
            return _coerce_array(text, shape, clock=clock, as_json=as_json, quoted=quoted)
        case "object" | "map":
            return conform(parse_json(text), shape, clock=clock) if as_json else text
        case "union":
            return _coerce_union(text, shape, clock=clock, as_json=as_json, quoted=quoted)
        case "any":
            return parse_json(text) if as_json else text
        case "string" if shape.form == "date-time":
            return _date_time(text, clock)
        case _:
            return text


def conform(value: Any, shape: Shape | None, *, clock: RunClock) -> Any:
    """Returns JSON data with every text leaf converted by `coerce` to the shape at its place."""
    if shape is None:
        return value
    if isinstance(value, Deferred):
        return value
    if isinstance(value, str):
        return coerce(value, shape, clock=clock, quoted=True) if shape.kind != "array" else value
    if isinstance(value, list):
        items = _array_shape(shape)
        return [conform(item, items, clock=clock) for item in value]
    if isinstance(value, dict):
        return {key: conform(item, _member(shape, key), clock=clock) for key, item in value.items()}
    return value


def is_number(text: str) -> bool:
    """Whether the text is a JSON number (not `nan`, not `1_000`, no leading zeros)."""
    return re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) is not None


def read_literal(text: str) -> Any:
    """Reads `true`, `false`, `null` and JSON numbers as values; returns other text unchanged."""
    return parse_json(text) if text in {"true", "false", "null"} or is_number(text) else text


def _whole_number(text: str) -> int | None:
    """Reads a whole number, such as `2_000` as 2000; None for other text."""
    readable = len(text) <= _LONGEST_NUMBER and _INTEGER.fullmatch(text)
    return int(text.replace("_", "")) if readable else None


def _time_or_text(text: str, clock: RunClock) -> int | str:
    moment = parse_time(text, clock)
    return text if isinstance(moment, BadTime) else moment


def _date_time(text: str, clock: RunClock) -> str:
    """Formats `now+14d` and shifted times as RFC 3339, as API v2 writes times; returns other text unchanged."""
    moment = parse_time(text, clock) if text == "now" or is_shifted(text) else text
    try:
        return format_rfc3339(moment) if isinstance(moment, int) else text
    except (ValueError, OverflowError, OSError):
        return text


def _coerce_array(text: str, shape: Shape, *, clock: RunClock, as_json: bool, quoted: bool) -> Any:
    if as_json:
        value = parse_json(text)
        return conform(value if isinstance(value, list) else [value], shape, clock=clock)
    if shape.items is not None and shape.items.kind in {"object", "map"}:
        return text
    if not quoted and text.startswith("[") and text.endswith("]"):
        return text  # a list of another language, such as `[card, link]`: the check says how to write it
    words = [text] if quoted else elements(text)
    return [coerce(word, shape.items, clock=clock, quoted=True) for word in words]


def elements(text: str) -> list[str]:
    """Returns the elements of a list that is written with commas.

    A comma inside a URL, one that no other URL follows, belongs to it: picture services write `/w_200,h_100/a.jpg`.
    """
    if _URL.match(text):
        return [word.strip() for word in _BETWEEN_URLS.split(text)]
    return [word.strip() for word in text.split(",")]


def _coerce_union(text: str, shape: Shape, *, clock: RunClock, as_json: bool, quoted: bool) -> Any:
    """Converts the text to the first variant that fits: an enum's literal, then the narrow types, text last."""
    if any(text in variant.enum for variant in shape.variants):
        return text
    for variant in sorted(shape.variants, key=lambda v: v.kind in {"string", "array"}):
        value = coerce(text, variant, clock=clock, as_json=as_json, quoted=quoted)
        if not isinstance(value, str):
            return value
    return text


def _array_shape(shape: Shape) -> Shape | None:
    if shape.kind == "union":
        return next((variant.items for variant in shape.variants if variant.kind == "array"), None)
    return shape.items if shape.kind == "array" else None


def _member(shape: Shape, key: str) -> Shape | None:
    if shape.kind == "union":
        found = (_member(variant, key) for variant in shape.variants)
        return next((member for member in found if member is not None), None)
    if shape.kind == "map":
        return shape.items
    return shape.fields[key].shape if key in shape.fields else None
