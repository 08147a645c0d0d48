"""The completion menu of the buffer: opens it, enters it, takes an item and closes it."""

from __future__ import annotations

from typing import Any

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import CompleteEvent, Completion, get_common_complete_suffix
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.utils import is_dumb_terminal

from stripe_shell.repl.nearby import block_around


class WordCompletion(Completion):
    """A completion that also replaces the `rest` characters of the word after the cursor."""

    def __init__(self, text: str, *, rest: int = 0, **options: Any) -> None:
        super().__init__(text, **options)
        self.rest = rest


class Menu(CompletionState):
    """An open menu; once it is entered, Up and Down move in it.

    A chosen item replaces the whole word at the cursor.
    """

    entered = False

    def new_text_and_position(self) -> tuple[str, int]:
        """Returns the text with the chosen item, and the cursor position after it."""
        text, position = super().new_text_and_position()
        return text[:position] + text[position + _rest(self.current_completion) :], position


@Condition
def menu_open() -> bool:
    """Whether the menu of the current buffer is open."""
    return get_app().current_buffer.complete_state is not None


@Condition
def menu_entered() -> bool:
    """Whether Up and Down move in the menu of the current buffer."""
    state = get_app().current_buffer.complete_state
    return state is not None and (state.complete_index is not None or getattr(state, "entered", False))


def offer(buffer: Buffer) -> None:
    """Opens the menu at the cursor, or closes it, before the next frame is drawn.

    The library's own way opens it in a task of its own: a frame without a menu may come between, and it blinks.
    """
    found = _found(buffer, requested=False) if opens_by_itself(buffer.document) else []
    if len(found) == 1 and not _rest(found[0]) and buffer.document.text_before_cursor.endswith(found[0].text):
        found = []  # it has been written out already
    buffer.complete_state = Menu(buffer.document, found) if found else None


def opens_by_itself(document: Document) -> bool:
    """Whether the menu opens without a key: on a non-blank line, outside of JSON and heredocs."""
    if not document.current_line_before_cursor.strip():
        return False
    from stripe_shell.lang.inside import inside_value

    text, cursor = block_around(document.text, document.cursor_position)
    return not inside_value(text[:cursor])


def enter_menu(buffer: Buffer, *, select: bool) -> None:
    """Enters the menu, and opens it if need be; `select` highlights the next item of one that is open.

    What all items begin with is written out; a single one is taken.
    """
    if is_dumb_terminal():
        return  # it shows neither the menu nor what would be written
    state = buffer.complete_state
    if isinstance(state, Menu) and (select or state.entered):
        state.entered = True
        buffer.complete_next()
    elif isinstance(state, Menu):
        state.entered = True
    else:
        _open_entered(buffer)


def take(buffer: Buffer) -> None:
    """Keeps the highlighted item as written, and offers at once what may follow it."""
    buffer.complete_state = None
    if buffer.document.char_before_cursor in {" ", ".", "["}:
        offer(buffer)


def _open_entered(buffer: Buffer) -> None:
    found = _found(buffer, requested=True)
    if len(found) == 1:
        buffer.delete(_rest(found[0]))
        buffer.apply_completion(found[0])
        take(buffer)
        return
    common = get_common_complete_suffix(buffer.document, found)
    if common and not _rest(found[0]):
        buffer.insert_text(common, fire_event=False)
        found = [completion.new_completion_from_position(len(common)) for completion in found]
    if found:
        menu = Menu(buffer.document, found)
        menu.entered = True
        buffer.complete_state = menu


def _rest(completion: Completion | None) -> int:
    return completion.rest if isinstance(completion, WordCompletion) else 0


def _found(buffer: Buffer, *, requested: bool) -> list[Completion]:
    event = CompleteEvent(text_inserted=not requested, completion_requested=requested)
    return list(buffer.completer.get_completions(buffer.document, event))
