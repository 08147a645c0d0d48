"""The part of a long text that matters at the cursor, so that a pasted script does not slow every key down."""

from __future__ import annotations

#: Texts up to this many characters are read whole with every key.
LONG = 8_000


def block_around(text: str, offset: int) -> tuple[str, int]:
    """The text and the offset in it; of a long text only the block at the offset, as far as blank lines tell blocks."""
    if len(text) <= LONG:
        return text, offset
    start = text.rfind("\n\n/", 0, offset) + 2
    start = start if start > 1 else 0
    end = text.find("\n\n", offset)
    return text[start : end if end >= 0 else len(text)], offset - start
