"""Inspects response bodies for renderers: rows of a list, members by dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def rows_of(body: Any) -> list[Any] | None:
    """Returns the rows of a list (v1 or v2), of search results or of a bare array; None for a single object."""
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping) or not isinstance(body.get("data"), list):
        return None
    is_list = body.get("object") in ("list", "search_result") or "next_page_url" in body
    return list(body["data"]) if is_list else None


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

    Also finds a key that itself contains dots or brackets (`metadata.order.id`).
    """
    if "[" in path and isinstance(row, Mapping):
        head, _, name = path.partition(".")
        if isinstance(inner := row.get(head), Mapping) and name in inner:
            return inner[name]
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
