"""The keys that mean something of their own here: Enter, Tab's choice, and pasted text."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import completion_is_selected, has_focus
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from stripe_shell.repl.completer import offer


def key_bindings(is_complete: Callable[[str], bool]) -> KeyBindings:
    """`is_complete` says whether a text may be submitted as it stands."""
    keys = KeyBindings()
    writing = has_focus(DEFAULT_BUFFER)

    @keys.add("enter", filter=writing & completion_is_selected)
    def _accept(event: KeyPressEvent) -> None:
        """Take the highlighted completion, and never run anything; what may follow it is offered at once."""
        buffer = event.current_buffer
        buffer.complete_state = None
        if buffer.document.char_before_cursor in {" ", ".", "["}:
            offer(buffer)

    @keys.add("enter", filter=writing & ~completion_is_selected)
    def _enter(event: KeyPressEvent) -> None:
        """Submit what is complete; otherwise go on with the next line."""
        buffer = event.current_buffer
        if buffer.document.text_after_cursor.strip():
            _new_line(buffer)
        elif is_complete(buffer.text):
            buffer.validate_and_handle()
        else:
            _new_line(buffer)

    @keys.add("escape", "enter", filter=writing)
    def _submit(event: KeyPressEvent) -> None:
        """Submit whatever stands there."""
        event.current_buffer.validate_and_handle()

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        """Insert pasted text as it is, line ends aside; nothing is offered for it, and nothing is run."""
        text = event.data.replace("\r\n", "\n").replace("\r", "\n")
        event.current_buffer.insert_text(text, fire_event=False)

    return keys


def _new_line(buffer: Buffer) -> None:
    buffer.newline(copy_margin=False)
