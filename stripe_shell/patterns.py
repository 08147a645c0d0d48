"""Regular expressions that are compiled when they are first used.

A start passes through modules with some fifty patterns and uses a handful: compiling all of them would be an eighth of
the time that `stripe-shell check` takes.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile(source, flags)` gives, and as fast from its second use on. A bad `source` raises `re.error` at
    the first use."""
    return cast("re.Pattern[str]", _Pattern(source, flags))


class _Pattern:
    """Takes over the methods of the compiled pattern once it is there."""

    __slots__ = ("_flags", "_source", *_METHODS)

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._source, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
