"""Tab after an error: accepts the corrected line, or replaces the wrong word by the next of several suggestions."""

from __future__ import annotations

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus, vi_navigation_mode
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from stripe_shell.records import record


@record
class WordChoices:
    """The words that may replace what stands from `start` to `end` of a text."""

    text: str
    start: int
    end: int
    words: tuple[str, ...]

    def document(self, number: int) -> Document:
        """Returns the text with the word of that number, and the cursor behind it."""
        word = self.words[number]
        return Document(f"{self.text[: self.start]}{word}{self.text[self.end :]}", self.start + len(word))


class ChoosingWithTab:
    """The choices of the present prompt, or its corrected line. They end as soon as the text is changed otherwise."""

    def __init__(self) -> None:
        self._choices: WordChoices | None = None
        self._number = -1
        self._corrected = ""

    def begin(self, choices: WordChoices | None, corrected: str = "") -> None:
        """Begins a prompt with these choices, or without any; `corrected` is the text if it has been put right."""
        self._choices, self._number, self._corrected = choices, -1, corrected

    def applies(self, buffer: Buffer) -> bool:
        """Whether the buffer has the text with the wrong word, or with the choice of before."""
        if self._choices is None:
            return bool(self._corrected) and buffer.text == self._corrected
        expected = self._choices.text if self._number < 0 else self._choices.document(self._number).text
        return buffer.text == expected

    def bind(self, keys: KeyBindings) -> None:
        """Binds Tab for as long as the choices apply."""
        applies = Condition(lambda: self.applies(get_app().current_buffer))

        @keys.add("tab", filter=has_focus(DEFAULT_BUFFER) & ~vi_navigation_mode & applies)
        def _next(event: KeyPressEvent) -> None:
            """Replaces the wrong word by the next suggestion, or goes to the end of the corrected line."""
            if self._choices is None:
                event.current_buffer.cursor_position, self._corrected = len(self._corrected), ""
            else:
                self._number = (self._number + 1) % len(self._choices.words)
                event.current_buffer.document = self._choices.document(self._number)
