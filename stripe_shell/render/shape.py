"""Inspects response bodies for renderers: rows of a list, members by dotted path; and escapes unsafe characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Control characters, bidirectional controls that reorder a line, and lone surrogates, which cannot be encoded.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
_UNSAFE_IN_JSON = re.compile(_UNSAFE.pattern.replace(r"\x00-\x1f", ""))
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def rows_of(body: Any) -> list[Any] | None:
    """Returns the rows of a list (v1 or v2), of search results or of a bare array; None for a single object."""
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        return None
    is_list = body.get("object") in ("list", "search_result") or "next_page_url" in body
    return list(body["data"]) if is_list else None


def visible(text: str) -> str:
    """Returns `text` on one line with control characters escaped (`\\u001b`), so that it cannot control a terminal."""
    return _UNSAFE.sub(lambda match: _SHORT.get(match[0]) or _escape(match), text)


def visible_json(text: str) -> str:
    """Returns equivalent JSON text with the same characters escaped in its strings. Line ends are kept."""
    return _UNSAFE_IN_JSON.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def flatten(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the members of nested objects as `(dotted name, value)`; lists and empty objects count as values."""
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from flatten(inner, f"{name}.")
        else:
            yield name, inner


def pick(row: Any, path: str) -> Any:
    """Returns the member of `row` at a dotted path (`items.data[0].price.id`), None if there is none.

    Also finds a key that itself contains dots (`metadata.order.id`).
    """
    rest = path.replace("[", ".").replace("]", "")
    while rest:
        if isinstance(row, Mapping):
            if rest in row:
                return row[rest]
            head, _, rest = rest.partition(".")
            row = row.get(head)
        elif isinstance(row, list):
            head, _, rest = rest.partition(".")
            row = row[int(head)] if head.isdecimal() and int(head) < len(row) else None
        else:
            return None
    return row
