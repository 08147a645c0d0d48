"""Renders a response as YAML: block style, two spaces; text is quoted wherever it could be read as another type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any

from stripe_shell.escaping import visible_json
from stripe_shell.json_text import scalar_text

# Plain text under YAML 1.1 and 1.2: begins with a letter, has no special meaning, does not end with a space.
_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_.,/@+()-]|:(?=[A-Za-z0-9/])| (?=[A-Za-z0-9(]))*")
#: The most characters of a key in front of a colon (YAML 1.2, 7.4.2).
_LONGEST_KEY = 1000
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_BREAKS = re.compile(r"[\x85\xa0]")
_NUMBER = re.compile(r"(-?\d+)(\.\d+)?(?:[eE]([+-]?)(\d+))?")


def render(body: Any, *, width: int | None, color: bool) -> str:
    """Returns `body` as one YAML document. Never coloured."""
    if isinstance(body, Mapping | list | tuple) and body:
        return "".join(f"{line}\n" for line in _yaml_lines(body))
    return f"{_scalar(body)}\n"


def _yaml_lines(value: Any) -> Iterator[str]:
    """Yields the lines of a non-empty object or list, not yet indented."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            text = _quoted_text(str(key))
            if len(text) <= _LONGEST_KEY:
                yield from _entry_lines(f"{text}:", item)
            else:
                yield f"? {text}"
                yield from _entry_lines(":", item)
    else:
        for item in value:
            yield from _item_lines(item)


def _entry_lines(head: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        yield head
        yield from (f"  {line}" for line in _yaml_lines(value))
    else:
        yield f"{head} {_scalar(value)}"


def _item_lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        for index, line in enumerate(_yaml_lines(value)):
            yield f"  {line}" if index else f"- {line}"
    else:
        yield f"- {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _quoted_text(value)
    if isinstance(value, float):
        return _yaml_number(str(value))
    return scalar_text(value)


def _quoted_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _BREAKS.sub(lambda match: f"\\u{ord(match[0]):04x}", visible_json(dumps(text, ensure_ascii=False)))


def _yaml_number(text: str) -> str:
    """Returns a number with a fraction or exponent in the spelling that YAML 1.1 also reads as a number: `1.0e+5`."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    whole, fraction, sign, exponent = match.groups()
    return f"{whole}{fraction or '.0'}" + (f"e{sign or '+'}{exponent}" if exponent else "")
