"""The effect of Enter at a position: it runs complete text, else it inserts a line or moves to the next one."""

from __future__ import annotations

from typing import Literal

from stripe_shell.lang.lines import read_lines
from stripe_shell.repl.paste import foreign_form, looks_finished

#: `run`: submit the text. `split`: begin a new line at the cursor. `append`: begin one behind the line of the cursor.
#: `down`: go to the next line.
EnterAction = Literal["run", "split", "append", "down"]


def enter_action(text: str, offset: int) -> EnterAction:
    """Returns the effect of Enter with the cursor at `offset`; above the last line of a block, never `run`."""
    from stripe_shell.lang.cursor import is_complete

    if foreign_form(text):
        return "run" if looks_finished(text) else "append"
    alone = text.strip()
    if "\n" not in alone and is_complete(alone):
        return "run"
    end = text.find("\n", offset)
    if end >= 0:
        return _above_the_last(text, offset, end)
    return "run" if is_complete(text) else _on_the_last(text, offset)


def _on_the_last(text: str, offset: int) -> EnterAction:
    """Returns the effect on incomplete text: a new line, at the cursor only if that splits no word."""
    at_edge = not text[text.rfind("\n", 0, offset) + 1 : offset].strip() or not text[offset:].strip()
    return "split" if at_edge or _inside_lines(text, offset) else "append"


def _above_the_last(text: str, offset: int, end: int) -> EnterAction:
    """Returns the effect above the last line: a new line at a line's end, unless an empty line follows."""
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
