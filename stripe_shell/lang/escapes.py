"""JSON escapes in quoted values."""

from __future__ import annotations

import re

from stripe_shell.lang.reading import Reading
from stripe_shell.patterns import pattern

_ESCAPE = pattern(
    r'\\(?:(["\\/])|([bfnrt])|u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})'
    r"|u(?![dD][89a-fA-F])([0-9a-fA-F]{4})|)",
)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unescape(reading: Reading, start: int, end: int) -> str:
    """Decodes the JSON escapes of `[start, end)`; records a bad one and leaves it as written."""

    def replace(match: re.Match[str]) -> str:
        char, control, high, low, code = match.groups()
        if char:
            return char
        if control:
            return _CONTROL[control]
        if high:
            return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
        if code:
            return chr(int(code, 16))
        _bad_escape(reading, start + match.start(), end)
        return match.group()

    return _ESCAPE.sub(replace, reading.text[start:end])


def _bad_escape(reading: Reading, at: int, end: int) -> None:
    message = f"`{reading.text[at : at + 2]}` is not an escape"
    if reading.text.startswith("\\u", at):
        message = "`\\u` needs four hexadecimal digits, and surrogates come in pairs"
    label = "a backslash is written `\\\\`"
    reading.problem("E107", message, reading.span(at, min(at + 2, end)), label)
