"""The key bindings of the prompt, the same in emacs mode and in vi mode; `key_table` describes them."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import (
    Condition,
    completion_is_selected,
    has_focus,
    has_selection,
    is_searching,
    vi_mode,
    vi_navigation_mode,
)
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.bindings.search import accept_search
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys

from stripe_shell.repl.menu import enter_menu, menu_entered, menu_open, take

_WRITING = has_focus(DEFAULT_BUFFER)
_INSERTING = _WRITING & ~vi_navigation_mode

#: Shows help on the word at an offset of a text: `f1` above the prompt, `f3` in the panel.
ShowHelp = Callable[[str, int], None]

#: Edits a text in the user's editor and returns it.
EditText = Callable[[str], str]


@Condition
def _is_last_key() -> bool:
    """Whether this key arrived alone: Escape is then the key itself, not the prefix of Alt with another key."""
    return not get_app().key_processor.input_queue


def key_bindings(
    edit: EditText,
    end_search: Callable[[], None],
    show_help: ShowHelp = lambda _text, _offset: None,
    toggle_panel: Callable[[], None] = lambda: None,
) -> KeyBindings:
    """Returns the key bindings of the prompt.

    `edit` opens an editor, `end_search` restores the text of before, `show_help` and `toggle_panel` explain the word at
    the cursor.
    """
    keys = KeyBindings()
    _bind_enter(keys, edit)
    _bind_menu(keys)
    _bind_arrows(keys)
    _bind_search(keys, end_search)
    _bind_help(keys, show_help, toggle_panel)

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        """Inserts pasted text with normalized line ends; opens no menu and runs nothing."""
        text = event.data.replace("\r\n", "\n").replace("\r", "\n")
        event.current_buffer.insert_text(text, fire_event=False)

    return keys


def _bind_enter(keys: KeyBindings, edit: EditText) -> None:
    @keys.add("enter", filter=_WRITING & completion_is_selected)
    def _accept(event: KeyPressEvent) -> None:
        """Takes the highlighted completion without running anything."""
        take(event.current_buffer)

    @keys.add("enter", filter=_WRITING & ~completion_is_selected)
    def _enter(event: KeyPressEvent) -> None:
        """Runs complete text; otherwise moves to the next line or inserts one."""
        buffer = event.current_buffer
        above, _, line = buffer.text.rpartition("\n")
        if line.strip() == "@edit" and above.strip() and buffer.document.is_cursor_at_the_end_of_line:
            buffer.document = Document(above, len(above))
            _open_editor(event, edit)
        else:
            _press_enter(buffer)

    @keys.add("escape", "enter", filter=_WRITING)
    def _insert_line(event: KeyPressEvent) -> None:
        """Inserts a line end at the cursor."""
        event.current_buffer.newline(copy_margin=False)

    @keys.add("c-x", "c-e", filter=_WRITING)
    def _edit(event: KeyPressEvent) -> None:
        """Opens the text in an editor."""
        _open_editor(event, edit)


def _bind_help(keys: KeyBindings, show_help: ShowHelp, toggle_panel: Callable[[], None]) -> None:
    @keys.add("f1", filter=_WRITING)
    def _explain(event: KeyPressEvent) -> None:
        """Shows help on the word at the cursor above the prompt."""
        buffer = event.current_buffer
        text, offset = buffer.text, buffer.cursor_position

        async def above_the_prompt() -> None:
            await run_in_terminal(lambda: show_help(text, offset))

        event.app.create_background_task(above_the_prompt())

    @keys.add("f3", filter=_WRITING)
    def _panel(event: KeyPressEvent) -> None:
        """Opens or closes the panel on the field at the cursor."""
        toggle_panel()


def _press_enter(buffer: Buffer) -> None:
    from stripe_shell.repl.enter import enter_action

    action = enter_action(buffer.text, buffer.cursor_position)
    if action == "run":
        buffer.validate_and_handle()
    elif action == "down":
        buffer.complete_state = None
        buffer.cursor_down()
        if buffer.document.on_last_line:
            buffer.cursor_position = len(buffer.text)
    else:
        if action == "append":
            buffer.cursor_position += buffer.document.get_end_of_line_position()
        buffer.newline(copy_margin=False)


def _open_editor(event: KeyPressEvent, edit: EditText) -> None:
    """Opens the text of the buffer in the editor, with the keys typed until then, and takes over the result."""
    buffer = event.current_buffer

    def work() -> None:
        changed = edit(buffer.text).rstrip("\n")
        buffer.document = Document(changed, len(changed))

    async def above_the_prompt() -> None:
        await run_in_terminal(work)

    event.app.create_background_task(above_the_prompt())


def _bind_menu(keys: KeyBindings) -> None:
    @keys.add("tab", filter=_INSERTING)
    @keys.add("c-n", filter=_INSERTING & menu_open)
    def _next(event: KeyPressEvent) -> None:
        """Enters the menu, or moves to its next item."""
        enter_menu(event.current_buffer, select=True)

    @keys.add("c-@", filter=_INSERTING)
    def _enter(event: KeyPressEvent) -> None:
        """Opens and enters the menu."""
        enter_menu(event.current_buffer, select=False)

    @keys.add("escape", filter=_WRITING & (menu_open | vi_mode) & _is_last_key, eager=True)
    def _leave(event: KeyPressEvent) -> None:
        """Closes the menu and restores the text; in vi mode also leaves insert mode."""
        buffer, state = event.current_buffer, event.app.vi_state
        buffer.cancel_completion()
        if not vi_mode():
            return
        if state.input_mode in {InputMode.INSERT, InputMode.REPLACE}:
            buffer.cursor_position += buffer.document.get_cursor_left_position()
        state.input_mode = InputMode.NAVIGATION
        buffer.exit_selection()


def _bind_arrows(keys: KeyBindings) -> None:
    @keys.add("up", filter=_WRITING & ~has_selection)
    @keys.add("c-p", filter=_INSERTING & ~has_selection)
    def _up(event: KeyPressEvent) -> None:
        """Moves up in the menu if it was entered, else in the text, else in the history."""
        buffer = event.current_buffer
        if menu_entered():
            buffer.complete_previous(event.arg)
        elif buffer.document.on_first_line:
            _recall(buffer, buffer.history_backward)
        else:
            buffer.cursor_up(event.arg)

    @keys.add("down", filter=_WRITING & ~has_selection)
    @keys.add("c-n", filter=_INSERTING & ~menu_open & ~has_selection)
    def _down(event: KeyPressEvent) -> None:
        """Moves down in the menu if it was entered, else in the text, else in the history."""
        buffer = event.current_buffer
        if menu_entered():
            buffer.complete_next(event.arg)
        elif buffer.document.on_last_line:
            _recall(buffer, buffer.history_forward)
        else:
            buffer.cursor_down(event.arg)


def _bind_search(keys: KeyBindings, end_search: Callable[[], None]) -> None:
    @keys.add("escape", filter=is_searching & _is_last_key, eager=True)
    @keys.add("c-c", filter=is_searching)
    @keys.add("c-g", filter=is_searching)
    def _drop(_: KeyPressEvent) -> None:
        """Ends the search and restores the text."""
        end_search()

    @keys.add("escape", filter=is_searching & ~_is_last_key, eager=True)
    def _take(event: KeyPressEvent) -> None:
        """Takes what was found, for Alt and a key, which then means what it means in the text."""
        accept_search.call(event)
        event.key_processor.feed(KeyPress(Keys.Escape), first=True)

    @keys.add("c-@", filter=is_searching)
    def _stay(_: KeyPressEvent) -> None:
        """Does nothing; the library would begin a selection, which drops the letters typed after it."""


def _recall(buffer: Buffer, move: Callable[[], None]) -> None:
    """Moves in the history to the next entry that differs from the text, with the cursor at its end."""
    buffer.complete_state = None
    index, text = -1, buffer.text
    while buffer.working_index != index and buffer.text == text:
        index = buffer.working_index
        move()
    if buffer.text != text:
        buffer.cursor_position = len(buffer.text)
