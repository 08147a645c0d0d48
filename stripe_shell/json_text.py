"""JSON data as text: members in their order, numbers as they were spelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any


def json_text(value: Any) -> str:
    """Returns `value` as JSON on one line, which `wire.parse_json` turns into the same value again."""
    return "".join(json_pieces(value, None))


def json_pieces(value: Any, line: str | None) -> Iterator[str]:
    """Yields the text in pieces; `line` is a line end with the indentation of `value`, None for a single line."""
    inner = None if line is None else f"{line}  "
    if isinstance(value, Mapping) and value:
        for index, (key, item) in enumerate(value.items()):
            yield ("{" if index == 0 else ", " if inner is None else ",") + (inner or "")
            yield f"{dumps(str(key), ensure_ascii=False)}: "
            yield from json_pieces(item, inner)
        yield f"{line or ''}}}"
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield ("[" if index == 0 else ", " if inner is None else ",") + (inner or "")
            yield from json_pieces(item, inner)
        yield f"{line or ''}]"
    else:
        yield scalar_text(value)


def scalar_text(value: Any) -> str:
    """Returns a scalar as JSON text. Numbers keep their spelling."""
    if isinstance(value, str):
        return dumps(value, ensure_ascii=False)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, list | tuple) else str(value)
