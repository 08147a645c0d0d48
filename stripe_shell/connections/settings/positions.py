"""Finds settings in the text of the settings file, and masks that text so that it shows no possible keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stripe_shell.connections.settings.schema import PROFILES, JwtTable, OAuthTable
from stripe_shell.diagnostics import SourceText, Span
from stripe_shell.patterns import pattern
from stripe_shell.records import fields, record
from stripe_shell.secrets import MASK, mask

_TABLE = pattern(r"[ \t]*\[[ \t]*([^\[\]\r\n]+?)[ \t]*\][ \t]*(?:#.*)?")
_KEY = pattern(r"""[ \t]*((?:[\w-]+|"[^"]*"|'[^']*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"]*"|'[^']*'))*)[ \t]*=""")
_PART = pattern(r"""[\w-]+|"[^"]*"|'[^']*'""")

#: Settings whose values may contain a secret; so may unknown settings.
_DELICATE = frozenset({"key", "token", "client_secret", "headers", "claims"})
_HARMLESS = {
    member.name for model in (*PROFILES.values(), OAuthTable, JwtTable) for member in fields(model)
} - _DELICATE | {"spec", "default"}
_NAMED_SOURCE = pattern(r"""[ \t]*["'](?:env|file|keyring|stdin):[^"'\s]*["'][ \t]*(?:#.*)?""")


@record
class SettingsLine:
    """A line of the file: the table that it opens or belongs to, the key that it sets (or empty), and its span."""

    table: tuple[str, ...]
    key: tuple[str, ...]
    start: int
    end: int

    @property
    def place(self) -> tuple[str, ...]:
        """Returns the path of the setting or table on this line."""
        return (*self.table, *self.key)


def read_lines(text: str) -> Iterator[SettingsLine]:
    """Yields every line that opens a table or sets a key; skips the content of multi-line strings."""
    table: tuple[str, ...] = ()
    offset = 0
    quotes = ""
    for line in text.splitlines(keepends=True):
        if not quotes:
            head, key = _TABLE.fullmatch(line.rstrip("\r\n")), _KEY.match(line)
            if head:
                table = _key_parts(head[1])
                yield SettingsLine(table, (), offset + head.start(1) - 1, offset + head.end(1) + 1)
            elif key:
                yield SettingsLine(table, _key_parts(key[1]), offset + key.start(1), offset + key.end(1))
        quotes = _open_quotes(line, quotes)
        offset += len(line)


def find_place(source: SourceText, place: tuple[str, ...], line: int | None = None) -> Span | None:
    """Returns the span of a setting or of its nearest enclosing table; with `line`, the span of that line."""
    if line is not None:
        starts = [0, *(match.end() for match in re.finditer("\n", source.text))]
        start = starts[min(line, len(starts)) - 1]
        return Span(source, start, start + len(source.line(line)))
    best: SettingsLine | None = None
    for found in read_lines(source.text):
        nearer = best is None or len(found.place) > len(best.place)
        if found.place and found.place == place[: len(found.place)] and nearer:
            best = found
    return Span(source, best.start, best.end) if best else None


def public_text(text: str) -> str:
    """Returns the text with all values removed that could be secret, line by line."""
    return "".join(_public_line(line) for line in text.splitlines(keepends=True))


def _public_line(line: str) -> str:
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    key = _KEY.match(body)
    if key and _key_parts(key[1])[-1] in _HARMLESS:
        return mask(body) + end
    if key and not _NAMED_SOURCE.fullmatch(body[key.end() :]):
        return f"{body[: key.end()]} {MASK}{end}"
    if key or not body.strip() or _TABLE.fullmatch(body) or body.lstrip().startswith("#"):
        return mask(body) + end
    return MASK + end


def _key_parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(name))


def _open_quotes(line: str, quotes: str) -> str:
    """Returns the quotes of the multi-line string that is still open after this line, or empty."""
    for found in re.findall(r'"""|\'\'\'', line):
        if not quotes:
            quotes = found
        elif quotes == found:
            quotes = ""
    return quotes
