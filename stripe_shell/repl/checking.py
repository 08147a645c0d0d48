"""Checks the text at the prompt after a pause: underlines wrong names and values, and has words for the toolbar."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments

from stripe_shell.errors import ShellError

if TYPE_CHECKING:
    from stripe_shell.diagnostics import Diagnostic
    from stripe_shell.repl.session import ReplSession

#: The pause without a key after which the text is checked, in seconds.
PAUSE = 0.5

#: The most characters of a text that is checked, so that a key never waits long for a check to end.
LONGEST = 2_000

#: The codes of a wrong call, which the word being written may still put right.
_OF_THE_CALL = frozenset({"E201", "E205", "E206", "E207"})

#: The codes of wrong names and values. What is missing, unclosed or undefined may come yet.
_WRONG = _OF_THE_CALL | {"E110", "E203", "E204", "E210"}


def wrong_words(session: ReplSession, text: str, offset: int) -> list[Diagnostic]:
    """Returns the errors of names and values that are written out, in order of place; `offset` is the cursor's.

    Sends nothing and includes no file. Returns an empty list for a text that the shell expands first.
    """
    from stripe_shell.repl.paste import foreign_form
    from stripe_shell.repl.row_words import names_row
    from stripe_shell.repl.short_ways import short_way
    from stripe_shell.repl.trailing import split_trailing

    if not text.strip() or len(text) > LONGEST or foreign_form(text):
        return []
    try:
        head, behind = split_trailing(text)
        checked = head if behind and text.startswith(head) else text
        if names_row(checked) or short_way(checked, session.engine.table) is not None:
            return []
    except ShellError:
        return []  # Enter says what is wrong with it
    from stripe_shell.lang.cursor import cursor_context

    within_call = cursor_context(text, offset).kind in {"action", "entity"}
    codes = _WRONG - _OF_THE_CALL if within_call else _WRONG
    return [each for each in _errors(session, checked) if each.code in codes and _is_written_out(each, offset)]


def _errors(session: ReplSession, text: str) -> list[Diagnostic]:
    from stripe_shell.diagnostics import SourceText, sort_diagnostics
    from stripe_shell.lang.ast import Directive
    from stripe_shell.lang.commands import COMMANDS
    from stripe_shell.lang.parser import parse

    script, problems = parse(SourceText("<prompt>", text), prompt=True)
    apart = {*COMMANDS, "include"}
    items = [item for item in script.items if not (isinstance(item, Directive) and item.name in apart)]
    found = sort_diagnostics([*problems, *session.engine.check(items, session.scope)])
    return [each for each in found if each.severity == "error"]


def _is_written_out(diagnostic: Diagnostic, offset: int) -> bool:
    """Whether the diagnostic has its place in the text, and the cursor is outside of its word."""
    span = diagnostic.span
    return span is not None and span.source.name == "<prompt>" and not span.start <= offset <= span.end


class PauseCheck(Processor):
    """Checks a buffer after each pause, and underlines what is wrong until the text changes.

    `check` returns the diagnostics of a text with the cursor at an offset; it runs in the application's event loop.
    """

    def __init__(self, check: Callable[[str, int], list[Diagnostic]], pause: float = PAUSE) -> None:
        self._check = check
        self._pause = pause
        self._timer: TimerHandle | None = None
        self._checked = ""
        self._found: Sequence[Diagnostic] = ()

    def attach(self, application: Application[Any], buffer: Buffer) -> None:
        """Begins to watch the keys of the application."""

        def checked() -> None:
            if application.is_running:
                self.check(buffer)
                application.invalidate()

        def begin(_: object) -> None:
            self.stop()
            if application.loop is not None and application.is_running:
                self._timer = application.loop.call_later(self._pause, checked)

        application.key_processor.before_key_press += lambda _: self.stop()
        application.key_processor.after_key_press += begin

    def stop(self) -> None:
        """Ends the pause before its check."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def check(self, buffer: Buffer) -> None:
        """Checks the text of the buffer now."""
        self._checked, self._found = buffer.text, self._check(buffer.text, buffer.cursor_position)

    def words(self, text: str) -> str:
        """Returns the first problem of the text in a few words; empty if the text has none or was changed."""
        if text != self._checked or not self._found:
            return ""
        from stripe_shell.render.fold import short_words

        return short_words(self._found[0])

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Underlines the places of the problems in a line."""
        document = transformation_input.document
        if not self._found or document.text != self._checked:
            return Transformation(transformation_input.fragments)
        fragments = explode_text_fragments(transformation_input.fragments)
        first = document.translate_row_col_to_index(transformation_input.lineno, 0)
        length = len(document.lines[transformation_input.lineno])
        for each in self._found:
            if each.span is None:
                continue
            for column in range(max(0, each.span.start - first), min(length, each.span.end - first)):
                at = transformation_input.source_to_display(column)
                style, char, *_ = fragments[at]
                fragments[at] = (f"{style} class:wrong", char)
        return Transformation(fragments)
