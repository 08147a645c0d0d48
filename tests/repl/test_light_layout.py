"""What the prompt never shows is not in its layout; what it shows still is."""

from __future__ import annotations

from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import DummyInput
from prompt_toolkit.layout import walk
from prompt_toolkit.layout.containers import VSplit
from prompt_toolkit.layout.menus import CompletionsMenu, MultiColumnCompletionsMenu
from prompt_toolkit.output import DummyOutput

from stripe_shell.repl.light_layout import lighten


def test_the_layout_is_light() -> None:
    with create_app_session(input=DummyInput(), output=DummyOutput()):
        reader: PromptSession[str] = PromptSession(multiline=True)
        before = len(list(walk(reader.layout.container)))
        lighten(reader)
        parts = list(walk(reader.layout.container))
        assert len(parts) < before / 2
        assert sum(isinstance(part, CompletionsMenu) for part in parts) == 1
        assert not any(isinstance(part, MultiColumnCompletionsMenu | VSplit) for part in parts)
        assert reader.default_buffer in [
            getattr(window.content, "buffer", None) for window in reader.layout.find_all_windows()
        ]
        lighten(reader)
        assert list(walk(reader.layout.container)) == parts
