"""Regular expressions that are compiled on first use.

Start-up imports modules with some fifty patterns and uses a handful; compiling all of them would take an eighth of the
run time of `stripe-shell check`.
"""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


def pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Returns an equivalent of `re.compile(source, flags)`, equally fast from its second use on.

    A bad `source` raises `re.error` on first use.
    """
    return cast("re.Pattern[str]", _Pattern(source, flags))


class _Pattern:
    """A lazy pattern, which takes the methods of the compiled pattern as attributes on first use."""

    __slots__ = ("_flags", "_source", *_METHODS)

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self._source, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
