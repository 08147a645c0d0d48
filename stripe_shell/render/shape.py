"""What renderers need to know of a body: whether it is a list, its rows, its members by dotted path, safe text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# What a terminal may obey, what reorders a line to the eye, and halves of characters that no encoding can write.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")
_UNSAFE_IN_JSON = re.compile(_UNSAFE.pattern.replace(r"\x00-\x1f", ""))
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def rows_of(body: Any) -> list[Any] | None:
    """The rows of a list of either API version, of search results and of a bare array; None for a single object."""
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        return None
    is_list = body.get("object") in ("list", "search_result") or "next_page_url" in body
    return list(body["data"]) if is_list else None


def visible(text: str) -> str:
    """`text` on one line with control characters spelled out (`\\u001b`), so that a terminal cannot obey them."""
    return _UNSAFE.sub(lambda match: _SHORT.get(match[0]) or _escape(match), text)


def visible_json(text: str) -> str:
    """JSON text with the same characters escaped inside its strings; it still means the same. Line ends stay."""
    return _UNSAFE_IN_JSON.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def flatten(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The members of nested objects as `(dotted name, value)`; lists and empty objects are values."""
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from flatten(inner, f"{name}.")
        else:
            yield name, inner


def pick(row: Any, path: str) -> Any:
    """The member of `row` at a dotted path (`items.data[0].price.id`), None where there is none.

    A key that has dots itself (`metadata.order.id`) is found as well.
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
