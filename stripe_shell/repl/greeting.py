"""Greets the user: what the sandbox has in it, and three things to try."""

from __future__ import annotations

import os
from collections.abc import Mapping

from stripe_shell.connections import Connection

_SANDBOX_HINT = "Try: create customer email=ann@x.co name=Ann · list customers · @help"
_HINT = "Try: get balance · list customers · @help"

#: How many kinds of objects are counted out.
_SHOWN = 4


class Greeting:
    """The greeting of a session. `contents` counts the objects of a sandbox in a file, once `count` has run."""

    def __init__(self, connection: Connection) -> None:
        in_file = connection.kind == "sandbox" and not connection.base_url and connection.origin != ":memory:"
        self._path = connection.origin if in_file and os.path.exists(connection.origin) else ""  # noqa: PTH110 (pathlib is imported later)
        self.contents = "It has: …" if self._path else ""
        if connection.kind == "sandbox" and not connection.base_url and not self._path:
            self.contents = "It has nothing in it yet."
        self._over = False
        self.hint = f"{_SANDBOX_HINT if connection.kind == 'sandbox' else _HINT} · Ctrl-D leaves"

    def count(self) -> None:
        """Counts the objects; reads the file, which may take a while."""
        if self._path and self.contents:
            from stripe_shell.sandbox.storage.contents import count_objects

            words = contents_words(count_objects(self._path))
            self.contents = "" if self._over else words

    def end(self) -> None:
        """Leaves the contents out from the second prompt on."""
        self._over, self.contents = True, ""


def contents_words(counts: Mapping[str, int]) -> str:
    """Returns `It has: 12 customers, 3 prices and 2 more kinds.`; events are not counted."""
    kinds = sorted((kind for kind in counts if kind != "event"), key=lambda kind: -counts[kind])
    if not kinds:
        return "It has nothing in it yet."
    shown = [f"{counts[kind]:,} {kind}{'' if counts[kind] == 1 else 's'}" for kind in kinds[:_SHOWN]]
    more = len(kinds) - len(shown)
    return f"It has: {', '.join(shown)}{f' and {more} more kinds' if more > 1 else ' and one more kind' * more}."
