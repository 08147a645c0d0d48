"""The prompt in this process: keys go in when the screen is in a certain state, never when time has passed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from prompt_toolkit.application import create_app_session
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import fragment_list_to_text, to_formatted_text
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.search import SearchState

from stripe_shell.records import record
from stripe_shell.repl.prompt import Prompt
from tests.repl.fakes import Answer, echo, session

CTRL_A, CTRL_C, CTRL_D, CTRL_W, TAB, ENTER = "\x01", "\x03", "\x04", "\x17", "\t", "\r"
DOWN, UP, RIGHT, META_ENTER = "\x1b[B", "\x1b[A", "\x1b[C", "\x1b\r"

_PATIENCE = 20.0


@record(frozen=False)
class Moment:
    """A frame that has been drawn: the buffer as it shows it, and the how many-th prompt it is (1, 2, …).

    `shown` is the text that the search previews, or the buffer's; `toolbar` the text of the toolbar.
    """

    buffer: Buffer
    prompt: int = 0
    searching: bool = False
    shown: str = ""
    toolbar: str = ""


#: What must hold before the keys are sent.
Step = tuple[Callable[[Moment], bool], str]


def always(_: Moment) -> bool:
    return True


def text_is(text: str) -> Callable[[Moment], bool]:
    return lambda moment: moment.buffer.text == text


def prompt_is(number: int) -> Callable[[Moment], bool]:
    """The prompt is the how many-th one, and empty."""
    return lambda moment: moment.prompt == number and not moment.buffer.text


def offered(name: str) -> Callable[[Moment], bool]:
    """The menu shows the name."""
    return lambda moment: name in menu(moment.buffer)


def chosen(name: str) -> Callable[[Moment], bool]:
    """The name is highlighted in the menu."""

    def holds(moment: Moment) -> bool:
        state = moment.buffer.complete_state
        return (
            state is not None
            and state.current_completion is not None
            and state.current_completion.display_text.removesuffix("*") == name
        )

    return holds


def suggested(text: str) -> Callable[[Moment], bool]:
    return lambda moment: moment.buffer.suggestion is not None and moment.buffer.suggestion.text == text


def menu(buffer: Buffer) -> list[str]:
    state = buffer.complete_state
    return [completion.display_text.removesuffix("*") for completion in state.completions] if state else []


def paste(text: str) -> str:
    return f"\x1b[200~{text}\x1b[201~"


class Driver:
    """A prompt whose keys come from a list of steps. `frames` are the menus of every frame that was drawn."""

    def __init__(
        self,
        home: Path,
        steps: Sequence[Step],
        answer: Answer = echo,
        default: str = "sandbox",
        confirmation: str = "",
        *,
        mode: EditingMode = EditingMode.EMACS,
    ) -> None:
        environment = {"HOME": str(home), "EDITOR": str(home / "editor")}
        state, self.transport, self.console = session(answer, default=default, live=True, environment=environment)
        self.frames: list[list[str]] = []
        self.texts: list[str] = []
        self._steps = list(steps)
        self._unread = False
        self._prompts: list[object] = []
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            self.prompt = Prompt(state, lambda: 1_700_000_000.0)
            self.prompt.reader.app.editing_mode = mode
            self._drive(pipe)
            self._confirm(pipe, confirmation)
            self.code = self.prompt.run()
        self.session = state

    def _drive(self, pipe: PipeInput) -> None:
        app = self.prompt.reader.app
        moment = Moment(self.prompt.reader.default_buffer)

        def drawn(_: object) -> None:
            if app.future is not None and app.future not in self._prompts:
                self._prompts.append(app.future)
                self._give_up_later(app.future)
            moment.prompt = len(self._prompts)
            self._look(moment)
            self.frames.append(menu(moment.buffer))
            self.texts.append(moment.buffer.text)
            if not self._unread and self._steps and self._steps[0][0](moment):
                self._unread = True
                pipe.send_text(self._steps.pop(0)[1])

        app.after_render += drawn
        app.key_processor.before_key_press += self._note_read

    def _note_read(self, _: object) -> None:
        """A frame that is drawn before the keys of a step are read says nothing of the next step."""
        self._unread = False

    def _confirm(self, pipe: PipeInput, keys: str) -> None:
        """Send the keys whenever what was typed before a question has been discarded."""
        typed = self.prompt.typed_ahead
        discard = typed.discard

        def discard_and_type() -> None:
            discard()
            pipe.send_text(keys)

        typed.discard = discard_and_type  # type: ignore[method-assign]

    def _look(self, moment: Moment) -> None:
        reader = self.prompt.reader
        control = reader.layout.search_target_buffer_control
        moment.searching, moment.shown = control is not None, moment.buffer.text
        if control is not None:
            state = control.search_state
            wanted = SearchState(reader.search_buffer.text, state.direction, state.ignore_case)
            moment.shown = moment.buffer.document_for_search(wanted).text
        bar = reader.bottom_toolbar
        moment.toolbar = fragment_list_to_text(to_formatted_text(bar)) if bar is not None else ""

    def _give_up_later(self, future: object) -> None:
        """A step whose condition never holds must fail, not hang."""
        app = self.prompt.reader.app
        assert app.loop is not None

        def give_up() -> None:
            if app.future is future:
                app.exit(exception=AssertionError(f"stuck at {self.texts[-1:]} with menu {self.frames[-1:]}"))

        app.loop.call_later(_PATIENCE, give_up)


def drive(
    home: Path,
    *steps: Step | str,
    answer: Answer = echo,
    default: str = "sandbox",
    confirmation: str = "",
    mode: EditingMode = EditingMode.EMACS,
) -> Driver:
    """Run a prompt with these steps; a text alone is sent at once. It ends by Ctrl-D unless it has ended before.

    `confirmation` are the keys that answer every question before a live write.
    """
    made = [(always, step) if isinstance(step, str) else step for step in steps]
    return Driver(home, [*made, (text_is(""), CTRL_D)], answer, default, confirmation, mode=mode)
