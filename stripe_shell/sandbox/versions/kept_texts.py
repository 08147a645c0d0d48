"""The texts of objects in an older version, kept as long as they depend on nothing but the object."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.objects.context import Context

#: So many texts are kept for a version: some megabytes.
_MOST = 2048


class KeptTexts:
    """The texts of objects in an older version, by their texts in the current one; the oldest make room."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def get(self, text: str) -> str | None:
        """Returns the text in the older version, None if it is not kept."""
        return self._texts.get(text)

    def keep(self, text: str, older: str) -> None:
        """Keeps a text."""
        while len(self._texts) >= _MOST:
            self._texts.pop(next(iter(self._texts)), None)
        self._texts[text] = older


class WatchedContext:
    """A context that knows whether anything of it was read."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.was_read = False

    def __getattr__(self, name: str) -> Any:
        self.was_read = True
        return getattr(self._ctx, name)
