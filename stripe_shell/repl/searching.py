"""Ctrl-R: case counts once a capital letter is typed, and a search that finds nothing says so."""

from __future__ import annotations

from prompt_toolkit import PromptSession
from prompt_toolkit.search import SearchState


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
