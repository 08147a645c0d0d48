"""Conversion of written values: the shape of the parameter decides the type."""

from __future__ import annotations

import re
from typing import Any

from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.spec.model import Shape
from stripe_shell.wire import ExactFloat, parse_json

_INTEGER = pattern(r"[+-]?[0-9]+(_[0-9]+)*")
_RELATIVE = pattern(r"now(?:([+-])([0-9]{1,12})(mo|[smhdwy]))?")
#: The longest number that is parsed: Python rejects much longer ones, and no field of Stripe's takes one.
_LONGEST_NUMBER = 100
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_ISO = pattern(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.IGNORECASE)


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


def is_relative_time(text: str) -> bool:
    """Whether the text is `now`, `now+14d` or the like."""
    return _RELATIVE.fullmatch(text) is not None


@record
class BadTime:
    """The reason why a text is not a point in time, and what to write instead."""

    reason: str


def coerce(text: str, shape: Shape | None, *, now: int, as_json: bool = False, quoted: bool = False) -> Any:
    """Converts `text` to the type of `shape`; `now` in epoch seconds.

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
            return _time_or_text(text, now)
        case "array":
            return _coerce_array(text, shape, now=now, as_json=as_json, quoted=quoted)
        case "object" | "map":
            return conform(parse_json(text), shape, now=now) if as_json else text
        case "union":
            return _coerce_union(text, shape, now=now, as_json=as_json, quoted=quoted)
        case "any":
            return parse_json(text) if as_json else text
        case "string" if shape.form == "date-time":
            return _date_time(text, now)
        case _:
            return text


def conform(value: Any, shape: Shape | None, *, now: int) -> Any:
    """Returns JSON data with every text leaf converted by `coerce` to the shape at its place."""
    if shape is None:
        return value
    if isinstance(value, Deferred):
        return value
    if isinstance(value, str):
        return coerce(value, shape, now=now, quoted=True) if shape.kind != "array" else value
    if isinstance(value, list):
        items = _array_shape(shape)
        return [conform(item, items, now=now) for item in value]
    if isinstance(value, dict):
        return {key: conform(item, _member(shape, key), now=now) for key, item in value.items()}
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


def parse_time(text: str, now: int) -> int | BadTime:
    """Parses epoch seconds, `now`, `now+14d`, `now-1h` (`s m h d w mo y`) or ISO 8601 with a zone to epoch seconds."""
    number = _whole_number(text)
    if number is not None:
        return number
    if match := _RELATIVE.fullmatch(text):
        return _relative(match, now)
    if _ISO.fullmatch(text):
        return _parse_iso(text)
    return BadTime("write epoch seconds, `now+14d`, or a date such as `2026-01-31T00:00:00Z`")


def _time_or_text(text: str, now: int) -> int | str:
    moment = parse_time(text, now)
    return text if isinstance(moment, BadTime) else moment


def _date_time(text: str, now: int) -> str:
    """Formats `now+14d` as RFC 3339, as API v2 writes times; returns other text unchanged."""
    match = _RELATIVE.fullmatch(text)
    moment = _relative(match, now) if match else None
    if not isinstance(moment, int):
        return text
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _relative(match: re.Match[str], now: int) -> int | BadTime:
    sign, count, unit = match.groups()
    if count is None:
        return now
    amount = int(count) if sign == "+" else -int(count)
    if unit in _SECONDS:
        return now + amount * _SECONDS[unit]
    try:
        return add_months(now, amount * (12 if unit == "y" else 1))
    except (ValueError, OverflowError):
        return BadTime("years have four digits, and this one is far away")


def add_months(moment: int, months: int) -> int:
    """Returns the same day and time `months` later (UTC), or that month's last day if it has no such day."""
    import calendar
    from datetime import UTC, datetime

    start = datetime.fromtimestamp(moment, UTC)
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month0 + 1)[1])
    return int(start.replace(year=year, month=month0 + 1, day=day).timestamp())


def _parse_iso(text: str) -> int | BadTime:
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return BadTime("there is no such date or time of day")
    if moment.tzinfo is None:
        zone = "T00:00:00Z" if len(text) == len("2026-01-31") else "Z"
        return BadTime(f"a date needs its time zone: write `{text}{zone}` for UTC")
    return int(moment.timestamp())


def _coerce_array(text: str, shape: Shape, *, now: int, as_json: bool, quoted: bool) -> Any:
    if as_json:
        value = parse_json(text)
        return conform(value if isinstance(value, list) else [value], shape, now=now)
    if shape.items is not None and shape.items.kind in {"object", "map"}:
        return text
    if not quoted and text.startswith("[") and text.endswith("]"):
        return text  # a list of another language, such as `[card, link]`: the check says how to write it
    words = [text] if quoted else [word.strip() for word in text.split(",")]
    return [coerce(word, shape.items, now=now, quoted=True) for word in words]


def _coerce_union(text: str, shape: Shape, *, now: int, as_json: bool, quoted: bool) -> Any:
    """Converts the text to the first variant that fits: an enum's literal, then the narrow types, text last."""
    if any(text in variant.enum for variant in shape.variants):
        return text
    for variant in sorted(shape.variants, key=lambda v: v.kind in {"string", "array"}):
        value = coerce(text, variant, now=now, as_json=as_json, quoted=quoted)
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
