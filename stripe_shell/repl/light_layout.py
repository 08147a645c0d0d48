"""Leaves out of the layout what the prompt never shows: every key asks each part of it for its height several times."""

from __future__ import annotations

from typing import Any

from prompt_toolkit.layout.containers import ConditionalContainer, FloatContainer, HSplit
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.shortcuts.prompt import PromptSession

#: The text above the input, the input, and a line for searches, which a prompt of several lines has elsewhere.
_MAIN_PARTS = 3


def lighten(reader: PromptSession[Any]) -> None:
    """Takes the frame, the menu of several columns, the right prompt and the search line of one-line prompts out.

    Does nothing if the layout is not as expected, as another release of prompt_toolkit may build it.
    """
    root = reader.layout.container
    framed = root.children[0] if isinstance(root, HSplit) and root.children else None
    main = framed.alternative_content if isinstance(framed, ConditionalContainer) else None
    if not isinstance(root, HSplit) or not isinstance(main, FloatContainer) or not isinstance(main.content, HSplit):
        return
    root.children[0] = main
    main.floats = [each for each in main.floats if isinstance(each.content, CompletionsMenu)]
    if len(main.content.children) == _MAIN_PARTS:
        del main.content.children[-1]
