"""Ctrl-R: case counts once a capital letter is typed, and a search that finds nothing says so."""

from __future__ import annotations

from prompt_toolkit.search import SearchState, stop_search
from prompt_toolkit.shortcuts.prompt import PromptSession


def ignores_case(reader: PromptSession[str]) -> bool:
    """Whether the search that is being typed ignores case."""
    wanted = reader.search_buffer.text
    return wanted == wanted.lower()


def failed_search(reader: PromptSession[str]) -> str:
    """Returns what is being searched for, if it is nowhere in the text and in history; else an empty text."""
    control, wanted = reader.layout.search_target_buffer_control, reader.search_buffer.text
    if control is None or not wanted:
        return ""
    state = SearchState(wanted, control.search_state.direction, control.search_state.ignore_case)
    shown = reader.default_buffer.document_for_search(state).text
    found = wanted.lower() in shown.lower() if ignores_case(reader) else wanted in shown
    return "" if found else wanted


class SearchOrigin:
    """Remembers the text and the place at which a search begins, and goes back there.

    The text is counted from the end: history that is loaded meanwhile stands before it.
    """

    def __init__(self) -> None:
        self._reader: PromptSession[str] | None = None
        self._place = (0, 0)

    def attach(self, reader: PromptSession[str]) -> None:
        """Watches the keys of this reader from now on."""
        self._reader = reader
        reader.app.key_processor.before_key_press += self._remember

    def restore(self) -> None:
        """Ends the search; the text is the one of before the search."""
        stop_search()
        if self._reader is not None:
            buffer = self._reader.default_buffer
            from_end, cursor = self._place
            buffer.working_index, buffer.cursor_position = len(buffer._working_lines) - from_end, cursor

    def _remember(self, _: object) -> None:
        if self._reader is not None and not self._reader.layout.is_searching:
            buffer = self._reader.default_buffer
            self._place = (len(buffer._working_lines) - buffer.working_index, buffer.cursor_position)
