"""The position of every value in a JSON text."""

from __future__ import annotations

import json

from stripe_shell.patterns import pattern

JsonPath = tuple[str | int, ...]

_BLANK = pattern(r"[ \t\r\n]*")
_SCALAR = pattern(r"[^\s,\]}]+")
_STRING = pattern(r'"(?:[^"\\]|\\.)*"')


def json_places(text: str) -> dict[JsonPath, tuple[int, int]]:
    """Returns the range of every value in a JSON text by its path. Raises ValueError for invalid JSON."""
    places: dict[JsonPath, tuple[int, int]] = {}
    _read_value(text, _skip(text, 0), (), places)
    return places


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _read_value(text: str, start: int, path: JsonPath, places: dict[JsonPath, tuple[int, int]]) -> int:
    """Records the value at `start` and all nested ones in `places`; returns its end. Mutates `places`."""
    char = text[start : start + 1]
    if char == "{":
        end = _members(text, start, path, places)
    elif char == "[":
        end = _elements(text, start, path, places)
    elif char == '"':
        end = _string_end(text, start)
    else:
        match = _SCALAR.match(text, start)
        if match is None:
            raise ValueError(f"no JSON value at {start}")
        end = match.end()
    places[path] = (start, end)
    return end


def _string_end(text: str, start: int) -> int:
    match = _STRING.match(text, start)
    if match is None:
        raise ValueError(f"the text at {start} never closes")
    return match.end()


def _members(text: str, start: int, path: JsonPath, places: dict[JsonPath, tuple[int, int]]) -> int:
    position = _skip(text, start + 1)
    while text[position : position + 1] == '"':
        end = _string_end(text, position)
        key = json.loads(text[position:end])
        position = _skip(text, _skip(text, end) + 1)
        position = _skip(text, _read_value(text, position, (*path, key), places))
        if text[position : position + 1] != ",":
            break
        position = _skip(text, position + 1)
    return position + 1


def _elements(text: str, start: int, path: JsonPath, places: dict[JsonPath, tuple[int, int]]) -> int:
    position = _skip(text, start + 1)
    index = 0
    while text[position : position + 1] not in {"]", ""}:
        position = _skip(text, _read_value(text, position, (*path, index), places))
        if text[position : position + 1] != ",":
            break
        position = _skip(text, position + 1)
        index += 1
    return position + 1
