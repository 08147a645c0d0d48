"""What Enter does at a place in a text: it runs what is complete, else it opens a line or goes to the next one."""

from __future__ import annotations

from typing import Literal

from stripe_shell.lang.lines import read_lines

#: `run`: submit the text. `split`: begin a new line at the cursor. `append`: begin one behind the line of the cursor.
#: `down`: go to the next line.
EnterAction = Literal["run", "split", "append", "down"]


def enter_action(text: str, offset: int) -> EnterAction:
    """What Enter does with the cursor at `offset`. Above the last line of a block it never runs anything."""
    from stripe_shell.lang.cursor import is_complete

    alone = text.strip()
    if "\n" not in alone and is_complete(alone):
        return "run"
    end = text.find("\n", offset)
    if end >= 0:
        return _above_the_last(text, offset, end)
    return "run" if is_complete(text) else _on_the_last(text, offset)


def _on_the_last(text: str, offset: int) -> EnterAction:
    """Of a text that is not complete: a new line, and no word is cut for it."""
    at_edge = not text[text.rfind("\n", 0, offset) + 1 : offset].strip() or not text[offset:].strip()
    return "split" if at_edge or _inside_lines(text, offset) else "append"


def _above_the_last(text: str, offset: int, end: int) -> EnterAction:
    """At the end of a line a new one begins, unless an empty one follows already."""
    if _inside_lines(text, offset):
        return "split"
    at_end = text[text.rfind("\n", 0, offset) + 1 : offset].strip() and not text[offset:end].strip()
    return "split" if at_end and text[end + 1 :].partition("\n")[0].strip() else "down"


def _inside_lines(text: str, offset: int) -> bool:
    """Whether the cursor is inside a value of several lines, where a new line is a part of the value."""
    for line in read_lines(text):
        if offset <= line.end or line.open:
            return line.value < offset and (line.open or "\n" in text[line.value : line.end])
    return False
