"""Detects incomplete text that ends inside JSON or a heredoc, where no completion is offered."""

from __future__ import annotations

from stripe_shell.lang.lines import STRING_PATTERN
from stripe_shell.patterns import pattern

_OPENERS = ("{", "[", '"""', "'''")
#: Where a value of several lines may begin, and the quoted values in which such a beginning is text.
_OPENER = pattern(rf"""(?:^|(?<=[=:\s]))(?:("{{3}}|'{{3}}|[{{\[])|{STRING_PATTERN}|'[^'\n]*')""")
_BRACKET = pattern(rf"{STRING_PATTERN}|(?P<opens>[{{\[])|(?P<closes>[}}\]])")


def inside_value(before: str) -> bool:
    """Whether the text ends inside JSON, or inside a heredoc. A text that begins with a bracket is JSON throughout."""
    if before.lstrip().startswith(("{", "[")):
        return True
    position = 0
    while any(before.find(opener, position) >= 0 for opener in _OPENERS):
        match = _OPENER.search(before, position)
        if match is None:
            return False
        end = _value_end(before, match[1], match.start()) if match[1] else match.end()
        if end is None:
            return True
        position = end
    return False


def _value_end(text: str, opener: str, start: int) -> int | None:
    """Returns the end of the value that begins at `start`; None if it is still open."""
    if opener in {"{", "["}:
        return _bracket_end(text, start)
    close = text.find(opener, start + len(opener))
    return close + len(opener) if close >= 0 else None


def _bracket_end(text: str, start: int) -> int | None:
    depth = 0
    for match in _BRACKET.finditer(text, start):
        depth += {"opens": 1, "closes": -1}.get(match.lastgroup or "", 0)
        if depth == 0:
            return match.end()
    return None
