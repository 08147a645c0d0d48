"""The prompt: reads blocks and commands with prompt_toolkit and hands them to the engine, one after the other."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from prompt_toolkit.application import Application
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples, fragment_list_to_text
from prompt_toolkit.shortcuts.prompt import PromptSession
from prompt_toolkit.utils import get_cwidth

from stripe_shell.diagnostics import Diagnostic, SourceText
from stripe_shell.errors import ShellError
from stripe_shell.escaping import error_text
from stripe_shell.render.typed_line import TypedLine
from stripe_shell.repl.checking import PauseCheck, wrong_words
from stripe_shell.repl.choosing import ChoosingWithTab, WordChoices
from stripe_shell.repl.completer import BlockCompleter
from stripe_shell.repl.destination import introduce
from stripe_shell.repl.greeting import Greeting
from stripe_shell.repl.history import HistoryFile, HistoryPlace, PromptHistory, SuggestFromHistory, history_path
from stripe_shell.repl.interrupts import Interrupts
from stripe_shell.repl.keys import key_bindings
from stripe_shell.repl.late import LateAnswers
from stripe_shell.repl.light_layout import lighten
from stripe_shell.repl.menu import offer
from stripe_shell.repl.nearby import LONG
from stripe_shell.repl.searching import SearchOrigin, failed_search, ignores_case
from stripe_shell.repl.session import ReplEnvironment, ReplSession
from stripe_shell.repl.style import STYLE, style_of
from stripe_shell.repl.toolbar import continuation, prompt_text, toolbar
from stripe_shell.repl.typed_ahead import TypedAhead

#: How long the rest of a key may take to come after its Escape, in seconds; a key takes less than 10 ms over a network.
_ESCAPE_SECONDS = 0.05

#: How long the thread that loads the rest goes on once a key has come, a tenth of Python's usual interval.
_SWITCH_SECONDS = 0.0005

#: The rows that an open menu is given, and the least rows of a window that shows the toolbar.
_MENU_ROWS, _ROWS_WITH_TOOLBAR = 8, 4


class Prompt:
    """The prompt on a terminal, for one session."""

    def __init__(self, session: ReplSession, clock: Callable[[], float]) -> None:
        self._session = session
        self._late = LateAnswers()
        self._greeting = Greeting(session.connection)
        path = history_path(session.scope.environment)
        self._history = PromptHistory(HistoryFile(path), self._history_place, self._redacted, self._hidden)
        self._loaded = False
        self._search_origin = SearchOrigin()
        self._panel = False
        self._choosing = ChoosingWithTab()
        self._pause_check = PauseCheck(self._wrong_words)
        self.reader = self._new_reader()
        lighten(self.reader)
        self.typed_ahead = TypedAhead(self.reader.app.input)
        self.interrupts = Interrupts(self._end)
        session.environment = ReplEnvironment(
            seed=os.urandom(16).hex(),
            clock=clock,
            confirm=self._ask,
            late=self._late.add,
            recall=self._history.get_strings,
            keep_keys=self.typed_ahead.kept,
            lend_terminal=self.typed_ahead.visible,
        )
        self.reader.default_buffer.on_text_insert += offer
        self.reader.app.ttimeoutlen = _ESCAPE_SECONDS
        self.reader.app.before_render += self._fit
        self._search_origin.attach(self.reader)
        self._pause_check.attach(self.reader.app, self.reader.default_buffer)
        self._late.attach(self.reader.app)

    def run(self) -> int:
        """Reads and runs input until the user leaves; returns 0, or 128 and the number of the signal that ended it."""
        with self.interrupts.handled():
            self._greet()
            with self.typed_ahead.hidden():
                self._read_and_run()
            with suppress(OSError):  # The window is closed.
                self._report_unanswered()
        return 128 + self.interrupts.ending if self.interrupts.ending else 0

    def _end(self) -> None:
        self._session.leaving = True

    def _read_and_run(self) -> None:
        while not self.interrupts.ending:
            self._late.report_all()
            draft = self._draft()
            try:
                text = self.interrupts.reading(
                    self.reader,
                    default=draft,
                    pre_run=self._load_the_rest,
                    refresh_interval=float(bool(self._session.live_left(self._session.connection))),
                )
            except KeyboardInterrupt:
                continue
            except EOFError:
                break
            finally:
                self._greeting.end()
            if not self._run(text):
                break
            self._keep_typed()
            if not self._session.passed:
                self._history.mark_failed()

    def _run(self, text: str) -> bool:
        """Runs a text; returns False if the session is to end. Shows every failure."""
        from stripe_shell.repl.running import run_text

        session = self._session
        session.passed = False
        indent = get_cwidth(fragment_list_to_text(self._label()).rpartition("\n")[2])
        session.console.typed_line = TypedLine(text, indent)
        try:
            return self.interrupts.running(lambda: run_text(session, SourceText("<prompt>", text)))
        except ShellError as error:
            session.console.message(error_text(error))
        except KeyboardInterrupt:
            session.console.message("interrupted")
        except Exception as error:  # noqa: BLE001 (a mistake of the shell's own must not cost the person the session)
            session.console.message(f"internal error, please report it: {type(error).__name__}: {error_text(error)}")
        return True

    def _draft(self) -> Document:
        """Takes the text that the next prompt begins with."""
        session = self._session
        draft, place, choices = session.draft, session.draft_place, session.draft_choices
        corrected = draft if session.draft_corrected else ""
        session.draft, session.draft_place, session.draft_choices, session.draft_corrected = "", None, None, False
        self._choosing.begin(WordChoices(draft, *choices) if choices else None, corrected)
        return Document(draft, len(draft) if place is None else place)

    def _keep_typed(self) -> None:
        """Puts what was typed during a wait that was shown into the next prompt. Enter did not send it."""
        if self._session.waited:
            self._session.waited = False
            self._session.draft += self.typed_ahead.take()

    def _greet(self) -> None:
        introduce(self._session, self._session.connection)
        self._session.console.message(self._greeting.hint)

    def _report_unanswered(self) -> None:
        for asked in self._session.unanswered.values():
            self._session.console.message(f"no answer yet to {asked}: whether it took effect is unknown")

    # --- what prompt_toolkit asks for -------------------------------------------------------------------

    def _new_reader(self) -> PromptSession[str]:
        session = self._session
        keys = key_bindings(self._edited, self._search_origin.restore, self._explain, self._toggle_panel)
        self._choosing.bind(keys)
        output = None
        if session.console.ascii:
            from stripe_shell.repl.stand_in_output import stand_in_output

            output = stand_in_output()
        return PromptSession(
            self._label,
            multiline=True,
            prompt_continuation=self._continuation,
            bottom_toolbar=self._toolbar,
            completer=BlockCompleter(session),
            complete_while_typing=False,
            enable_history_search=True,
            search_ignore_case=Condition(lambda: ignores_case(self.reader)),
            auto_suggest=SuggestFromHistory(self._history, self._history_place),
            history=self._history,
            key_bindings=keys,
            input_processors=[self._pause_check],
            style=style_of(session.settings.theme, session.settings.colors),
            vi_mode=session.settings.keys == "vi",
            include_default_pygments_style=False,
            enable_suspend=True,
            output=output,
        )

    def _toolbar(self) -> StyleAndTextTuples:
        if wanted := failed_search(self.reader):
            return [("class:bottom-toolbar.missing", f"nothing found for `{wanted}`")]
        buffer = self.reader.default_buffer
        wrong = self._pause_check.words(buffer.text)
        parts = toolbar(self._session, buffer.text, buffer.cursor_position, self._columns, wrong)
        pasted = self._pasted_lines(buffer.text) or self._panel_lines(buffer.text, buffer.cursor_position)
        return [("class:pasted", "".join(f"{line}\n" for line in pasted)), *parts] if pasted else parts

    def _wrong_words(self, text: str, offset: int) -> list[Diagnostic]:
        """Checks the text, once the modules that read it are imported."""
        return wrong_words(self._session, text, offset) if self._loaded else []

    @property
    def _columns(self) -> int:
        return self.reader.app.output.get_size().columns

    @property
    def _rows(self) -> int:
        return self.reader.app.output.get_size().rows

    def _label(self) -> StyleAndTextTuples:
        """Returns the prompt; above the first one stands what the sandbox has in it."""
        text = prompt_text(self._session, self.reader.default_buffer.text, self._columns)
        contents = self._greeting.contents if self._rows >= _ROWS_WITH_TOOLBAR else ""
        return [("", f"{contents}\n"), *text] if contents else text

    def _continuation(self, width: int, line: int, wrapped: int) -> StyleAndTextTuples:
        text = "" if wrapped else self.reader.default_buffer.text
        return continuation(self._session, width, text, line, self._columns)

    def _explain(self, text: str, offset: int) -> None:
        """Shows help on the word at the offset."""
        from stripe_shell.repl.word_help import help_at

        self._session.console.result(help_at(self._session, text, offset))

    def _toggle_panel(self) -> None:
        self._panel = not self._panel

    def _panel_lines(self, text: str, offset: int) -> list[str]:
        """Returns what the panel says of the field at the offset, empty while it is closed."""
        if not self._panel:
            return []
        from stripe_shell.repl.word_help import field_lines

        return list(field_lines(self._session, text, offset)) or ["no field here · F3 closes"]

    def _pasted_lines(self, text: str) -> list[str]:
        """Returns the block that Enter makes of a pasted call, as far as the window has room for it."""
        if not text or not self._loaded:
            return []  # the modules that read it are not imported yet
        from stripe_shell.repl.paste import preview_lines

        room = self.reader.app.output.get_size().rows - text.count("\n") - _ROWS_WITH_TOOLBAR
        lines = list(preview_lines(self._session, text))
        return lines if len(lines) <= room else lines[-1:]

    def _fit(self, application: Application[str]) -> None:
        """Leaves the menu no more rows than the window has, and a window of a few rows to the text alone."""
        rows = application.output.get_size().rows
        self.reader.reserve_space_for_menu = max(0, min(_MENU_ROWS, rows - 2))
        self.reader.bottom_toolbar = self._toolbar if rows >= _ROWS_WITH_TOOLBAR else None

    def _load_the_rest(self) -> None:
        """Imports the modules that the first prompt does not need, in a thread, once it is shown."""
        if not self._loaded:
            self.reader.app.after_render += self._start_loading

    def _start_loading(self, _application: object) -> None:
        self.reader.app.after_render -= self._start_loading
        gc.freeze()
        gc.enable()
        Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        """Imports the rest. Meanwhile a key that is pressed waits less than usual for the thread to make room."""
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            self._import_the_rest()
        finally:
            sys.setswitchinterval(usual)

    def _import_the_rest(self) -> None:
        from prompt_toolkit.lexers import PygmentsLexer, RegexSync

        import stripe_shell.repl.running
        import stripe_shell.suggest.menu  # noqa: F401 (both for the first key, and the first Enter)
        from stripe_shell.lang.highlight import StripeLexer
        from stripe_shell.repl.commands import commands

        commands()
        self._greeting.count()

        short = Condition(lambda: len(self.reader.default_buffer.text) <= LONG)
        self.reader.lexer = PygmentsLexer(StripeLexer, sync_from_start=short, syntax_sync=RegexSync(r"^\s*/\w"))
        self._loaded = True
        with suppress(RuntimeError):  # The prompt has ended meanwhile.
            self.reader.app.invalidate()
        from stripe_shell.repl.warming import warm_up

        warm_up(self._session.connection)

    def _ask(self, question: str) -> str:
        """Returns the typed line; an empty one for Ctrl-C and Ctrl-D."""
        self.typed_ahead.discard()
        from stripe_shell.render.fold import fold

        shown = f"{fold(question.rstrip(), self._columns)} "
        asker: PromptSession[str] = PromptSession(shown, style=STYLE)
        try:
            answer = self.interrupts.reading(asker)
            return "" if self.interrupts.take_missed() else answer
        except (EOFError, KeyboardInterrupt):
            return ""

    def _edited(self, text: str) -> str:
        """Returns the text as edited in the user's editor; unchanged if that fails."""
        from stripe_shell.repl.editor import edit_text
        from stripe_shell.secrets import public_environment

        session = self._session
        try:
            return edit_text(text, public_environment(session.scope.environment, session.console.secrets))
        except ShellError as error:
            session.console.message(error_text(error))
            return text

    def _history_place(self, name: str | None) -> HistoryPlace | None:
        connection = self._session.connection_of(name)
        return (connection.name, connection.mode) if connection is not None else None

    def _redacted(self, text: str) -> str:
        from stripe_shell.repl.redact import redact

        return redact(text, self._session.console.secrets)

    def _hidden(self, text: str) -> str:
        from stripe_shell.repl.redact import hide_secrets

        return hide_secrets(text, self._session.console.secrets)
