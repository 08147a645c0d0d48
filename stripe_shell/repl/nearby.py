"""Cuts a long text to the block at the cursor, so that a pasted script does not slow down every key press."""

from __future__ import annotations

#: The most characters of a text that is parsed whole on every key press.
LONG = 8_000


def block_around(text: str, offset: int) -> tuple[str, int]:
    """Returns the text and the offset in it; for a long text, only the block at the offset, between blank lines."""
    if len(text) <= LONG:
        return text, offset
    start = text.rfind("\n\n/", 0, offset) + 2
    start = start if start > 1 else 0
    end = text.find("\n\n", offset)
    return text[start : end if end >= 0 else len(text)], offset - start
